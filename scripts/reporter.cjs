// Mocha's spec report, closed by one plain line with the counts.
const { reporters, Runner } = require('mocha');

module.exports = class Report extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      process.stdout.write(`\n${this.stats.passes} passed, ${this.stats.failures} failed\n`);
    });
  }
};
