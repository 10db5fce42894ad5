/** The lines that benchmarks print. */
import { expect } from 'chai';
import { against, figure, jsonLine, markdownTable, textLine } from './figure.js';

describe('figures of a benchmark', () => {
  const line = figure('ledger.submit.throughput.bft', 'tx/s', [95, 100, 105], 'put.equalBytes', [100, 100, 100]);

  it('compares each run with its own baseline', () => {
    expect(figure('x', 's', [10, 40], 'y', [10, 20]).ratio).to.equal(1.5);
    expect(line).to.deep.equal({ name: 'ledger.submit.throughput.bft', value: 100, unit: 'tx/s', baseline: 'put.equalBytes', baselineValue: 100, ratio: 1, runs: 3, spread: 0.1 });
  });

  it('compares with a goal where there is no baseline', () => {
    const { baseline, baselineValue, ratio } = against('network.up.seconds', 's', [2, 3, 1], 4);
    expect({ baseline, baselineValue, ratio }).to.deep.equal({ baseline: 'goal', baselineValue: 4, ratio: 0.5 });
  });

  it('prints JSON in the agreed order of fields', () => {
    expect(jsonLine(line)).to.equal('{"name":"ledger.submit.throughput.bft","value":100,"unit":"tx/s","baseline":"put.equalBytes","baselineValue":100,"ratio":1,"runs":3,"spread":0.1}');
  });

  it('prints lines for people and a table for the documentation', () => {
    expect(textLine(line)).to.match(/^ledger\.submit\.throughput\.bft +100 tx\/s +1 of put\.equalBytes \(100\) +3 runs, spread 10 %$/);
    expect(markdownTable([line]).split('\n').at(-1)).to.equal('| `ledger.submit.throughput.bft` | 100 tx/s | put.equalBytes: 100 | 1 | 3 | 10 % |');
  });
});
