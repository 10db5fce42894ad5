// Mocha's spec report, closed by one plain line for each test that failed, and one with the counts.
const { reporters, Runner } = require('mocha');

module.exports = class Report extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const failed = this.failures.map((test) => `failed: ${test.fullTitle()}: ${String(test.err?.message ?? test.err).split('\n', 1)[0]}\n`);
      process.stdout.write(`\n${failed.join('')}${this.stats.passes} passed, ${this.stats.failures} failed\n`);
    });
  }
};
