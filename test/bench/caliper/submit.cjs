// Caliper workload: sends signed submissions that were prepared on the same network, each worker its own share, each once.
const { readFileSync } = require('node:fs');
const { resolve } = require('node:path');

class Submit {
  async initializeWorkloadModule(workerIndex, totalWorkers, roundIndex, { contract, file }, sutAdapter) {
    const lines = readFileSync(resolve(file), 'utf8').trim().split('\n');
    this.adapter = sutAdapter;
    this.contract = contract;
    this.waiting = lines.filter((_, index) => index % totalWorkers === workerIndex).map((line) => JSON.parse(line)).values();
  }

  async submitTransaction() {
    const { value, done } = this.waiting.next();
    if (done) throw new Error('no prepared submission is left: lower txNumber or prepare more');
    await this.adapter.sendRequests({
      contractId: this.contract,
      contractFunction: 'Round:submit',
      contractArguments: [value.argument],
      invokerMspId: value.mspId,
      invokerIdentity: 'worker',
      readOnly: false,
    });
  }

  async cleanupWorkloadModule() {
    this.waiting = undefined;
  }
}

module.exports.createWorkloadModule = () => new Submit();
