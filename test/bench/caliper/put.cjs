// Caliper workload: puts of a given size, each under a key of its own.

class Put {
  async initializeWorkloadModule(workerIndex, totalWorkers, roundIndex, { contract, bytes }, sutAdapter) {
    if (!Number.isInteger(bytes) || bytes < 1) throw new Error('arguments.bytes: a whole number from 1');
    this.adapter = sutAdapter;
    this.request = { contractId: contract, contractFunction: 'Bench:put', contractArguments: ['x'.repeat(bytes)], readOnly: false };
  }

  async submitTransaction() {
    await this.adapter.sendRequests(this.request);
  }

  async cleanupWorkloadModule() {
    this.request = undefined;
  }
}

module.exports.createWorkloadModule = () => new Put();
