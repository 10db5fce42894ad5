// The robust table's code on a smaller study: the plain network is the engine's, rules hold where the mean breaks, rows are compared rightly.
import { expect } from 'chai';
import { loadTf, seededRandom, train } from '@epione/fl-worker';
import { labelFlip } from '../attacks/label-flip.js';
import { digitsModel, divide, form, readDigits, startOf } from './digits.js';
import { runCell, type Plan } from './federation.js';
import { attacks, plan, rules } from './plan.js';
import { PlainNetwork } from './plain-network.js';
import { fails, rowsOf, tellRows, type Cell } from './table.js';

const digits = readDigits();
const parts = divide(digits, 'iid', 20, 100, 'test');

describe('robust table', function () {
  this.timeout(120_000);

  it('deals every row once', () => {
    expect([digits.rows, digits.width]).to.deep.equal([1797, 64]);
    for (const dealing of ['iid', 'dirichlet'] as const) {
      const { root, hospitals, test } = divide(digits, dealing, 20, 100, 'test');
      const ids = [root, ...hospitals, test].flatMap((data) => [...data.ids]);
      expect([root.rows, hospitals.length, new Set(ids).size, ids.length]).to.deep.equal([100, 20, 1797, 1797]);
    }
  });

  it('trains as the worker\'s engine does, to the rounding of float32', async () => {
    const settings = { ...plan.settings, localEpochs: 3 };
    const rows = parts.hospitals[0]!;
    const start = startOf('engine');
    const ours = new PlainNetwork(form).train(start, rows, settings, seededRandom('order'));
    const training = { optimizer: 'sgd', learningRate: String(settings.learningRate), localEpochs: 3, batchSize: settings.batchSize } as const;
    const theirs = await train(await loadTf(), { model: digitsModel, training }, Float32Array.from(start), rows, seededRandom('order'));
    expect(Math.max(...ours.map((value, k) => Math.abs(value - theirs[k]!)))).to.be.below(2e-5);
    expect(Math.max(...ours.map((value, k) => Math.abs(value - start[k]!)))).to.be.above(0.05);
  });

  it('shows what the mean does not bear and the median does', () => {
    const short: Plan = { ...plan, rounds: 6 };
    const accuracy = (attack: keyof typeof attacks, rule: keyof typeof rules): number => runCell(parts, attacks[attack], rules[rule], short, 'test').accuracy;
    expect(accuracy('none', 'mean')).to.be.above(0.85);
    expect(accuracy('IPM 10', 'mean')).to.be.below(0.2);
    expect(accuracy('IPM 10', 'median')).to.be.above(0.8);
    const [open, shut] = (['mean', 'multi-krum'] as const).map((rule) => runCell(parts, attacks.backdoor, rules[rule], short, 'test').backdoor);
    expect(open).to.be.above(0.9);
    expect(shut).to.be.below(0.1);
    expect(runCell(parts, labelFlip(10), rules.fltrust, short, 'test')).to.deep.equal(runCell(parts, labelFlip(10), rules.fltrust, short, 'test'));
  });

  it('compares rows by the mean over the rules, and judges accuracies only', () => {
    const cell = (rule: Cell['rule'], seed: number, accuracy: number): Cell => ({ dealing: 'iid', attack: 'backdoor', rule, seed, accuracy, backdoor: 0.5 });
    const [row, success] = rowsOf([cell('mean', 1, 0.96), cell('mean', 2, 0.98), cell('median', 1, 0.92)]);
    expect(row!.places.map(({ ours }) => ours.toFixed(1))).to.deep.equal(['97.0', '92.0']);
    expect(row!.places[0]!.spread).to.be.closeTo(Math.SQRT2, 1e-9);
    expect(row!.deviation).to.be.closeTo((0.2 + 4.6) / 2, 1e-9);
    expect([fails(row!), fails(success!)]).to.deep.equal([true, false]);
    expect(tellRows([row!, success!]).split('\n')[2]).to.equal('| IID, backdoor | 97.0±1.4 (96.8) | 92.0±0.0 (96.6) | 2.4 |');
  });
});
