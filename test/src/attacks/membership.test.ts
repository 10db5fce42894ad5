// Membership inference on an over-fitted model and on one that was trained privately on the same rows; TPR at 0.1 % FPR.
import { createCipheriv } from 'node:crypto';
import { expect } from 'chai';
import { epsilonAfter, sha256, type BudgetTerms } from '@epione/protocol';
import { areaUnderCurve, loadTf, seededRandom, selectRows, shuffled, trainPrivately } from '@epione/fl-worker';
import { digitsModel, form, readDigits, startOf } from '../robust/digits.js';
import { PlainNetwork } from '../robust/plain-network.js';
import { byLoss, byShadows, truePositives } from './membership.js';

const members = 150;
const network = new PlainNetwork(form);
const random = seededRandom('membership');
const clean = readDigits();
/** A fifth of all labels is wrong, as in data that nobody checked: what only memory can get right. */
const digits = { ...clean, labels: clean.labels.map((label) => (random.below(5) === 0 ? (label + 1 + random.below(9)) % 10 : label)) };
const draw = (seed: string): number[] => shuffled(Array.from({ length: digits.rows }, (_, row) => row), seededRandom('members', seed)).slice(0, members);
const flags = (rows: readonly number[]): boolean[] => {
  const chosen = new Set(rows);
  return Array.from({ length: digits.rows }, (_, row) => chosen.has(row));
};
/** Trained until it knows its rows by heart. */
const overfitted = (rows: readonly number[], seed: string): Float64Array =>
  network.losses(network.train(startOf(seed), selectRows(digits, rows), { learningRate: 0.3, localEpochs: 60, batchSize: 16 }, seededRandom('train', seed)), digits);

const privacy: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '4', epsilon: '2', delta: '0.001', sampling: 'poisson', samplingRate: '0.2', accountant: 'rdp' };
async function privateLosses(rows: readonly number[], seed: string): Promise<Float64Array> {
  const cipher = createCipheriv('aes-256-ctr', sha256(new TextEncoder().encode(seed)), Buffer.alloc(16));
  const recipe = { model: digitsModel, training: { optimizer: 'sgd', learningRate: '0.3', localEpochs: 6, batchSize: 30 } as const, privacy };
  const data = selectRows(digits, rows);
  const { parameters } = await trainPrivately(await loadTf(), recipe, Float32Array.from(startOf(seed)), data, data.ids, 1, (length) => new Uint8Array(cipher.update(Buffer.alloc(length))));
  return network.losses(Float64Array.from(parameters), digits);
}

/** Members 150, others n = 1,647. If scores said nothing, their area would be normal around 0.5 with deviation √((m + n + 1)/(12mn)) = 0.0246. */
const deviation = Math.sqrt((digits.rows + 1) / (12 * members * (digits.rows - members)));

describe('membership inference', function () {
  this.timeout(120_000);

  it('finds members of an over-fitted model, and those of a private one no more than chance would', async () => {
    const [rows, others] = [draw('target'), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']];
    const member = flags(rows);
    const area = (scores: number[]): number => areaUnderCurve(scores, member.map(Number))!;
    const shadowsOf = async (losses: (rows: readonly number[], seed: string) => Float64Array | Promise<Float64Array>): Promise<{ losses: Float64Array; saw: boolean[] }[]> =>
      Promise.all(others.map(async (seed) => ({ losses: await losses(draw(seed), seed), saw: flags(draw(seed)) })));
    const plain = overfitted(rows, 'target');
    const plainShadows = byShadows(plain, await shadowsOf(overfitted));
    const hidden = await privateLosses(rows, 'target');
    const hiddenShadows = byShadows(hidden, await shadowsOf(privateLosses));
    expect(Number(epsilonAfter(privacy, 30))).to.be.below(2);

    // Five deviations: a model that tells nothing passes for one that tells once in 3.5 million draws, and the other way round.
    for (const scores of [byLoss(plain), plainShadows]) expect(area(scores)).to.be.above(0.5 + 5 * deviation);
    for (const scores of [byLoss(hidden), hiddenShadows]) expect(area(scores)).to.be.below(0.5 + 5 * deviation);
    // Of 1,647 others one may be above the threshold. If scores said nothing, 5 of 150 members above it would be met with a probability of about 6 · (150/1797)^5 = 2.4 · 10^-5.
    const [open, shut] = [truePositives(plainShadows, member, 0.001), truePositives(hiddenShadows, member, 0.001)];
    expect(open, `TPR at 0.1 % FPR ${open}, loss alone ${truePositives(byLoss(plain), member, 0.001)}, areas ${area(plainShadows)} and ${area(byLoss(plain))}`).to.be.at.least(5 / members);
    expect(shut, `private ${shut}, areas ${area(hiddenShadows)} and ${area(byLoss(hidden))}`).to.be.below(5 / members);
  });

  it('counts members above the threshold that the share of others sets', () => {
    const scores = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
    const member = scores.map((score) => score >= 6);
    expect(truePositives(scores, member, 0)).to.equal(1);
    expect(truePositives([5, 1, 4, 3], [true, true, false, false], 0)).to.equal(0.5);
    expect(truePositives([3, 1, 4, 2], [true, true, false, false], 0.5)).to.equal(0.5);
  });
});
