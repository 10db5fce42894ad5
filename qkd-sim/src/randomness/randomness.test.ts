/** Health tests against published cutoffs and failing sources, and the mixture of two sources. */
import { expect } from 'chai';
import { QkdError } from '../error.js';
import { type FillRandom, randomBytesOf, seededRandom } from '../random.js';
import { AdaptiveProportion, RepetitionCount, WINDOW, proportionCutoff, repetitionCutoff } from './health-tests.js';
import { mixedRandom } from './mixed-random.js';
import { CLAIMED_ENTROPY, QuantumSource, sourceFaults } from './quantum-source.js';
import { START_UP_SAMPLES, TestedSource } from './tested-source.js';

const seeded = (seed: number): FillRandom => seededRandom(new Uint8Array(32).fill(seed));
const zeros: FillRandom = (bytes) => { bytes.fill(0); };

/** A source behind tests, and what it said. */
const tested = (seed: number): { raw: QuantumSource; source: TestedSource; said: string[] } => {
  const raw = new QuantumSource(seeded(seed));
  const said: string[] = [];
  return { raw, said, source: new TestedSource(raw, (reason) => said.push(reason)) };
};

describe('randomness', () => {
  it('cuts off repetitions where SP 800-90B does', () => {
    expect([1, 0.5, 0.1, 2, 8].map((entropy) => repetitionCutoff(entropy, 20))).deep.equal([21, 41, 201, 11, 4]);
    expect(repetitionCutoff(1)).equal(41);
  });

  it('cuts off proportions where SP 800-90B does', () => {
    expect([1, 0.9, 0.7, 0.5, 0.1].map((entropy) => proportionCutoff(entropy, 20))).deep.equal([589, 625, 705, 793, 991]);
  });

  it('fails at the cutoff of a test and not one sample before', () => {
    const repetition = new RepetitionCount(1);
    const run = [0, ...new Array<number>(41).fill(1)].map((sample) => repetition.passes(sample));
    expect(run.indexOf(false)).equal(41);
    const proportion = new AdaptiveProportion(1);
    const { cutoff } = proportion;
    const window = Array.from({ length: WINDOW }, (_, index) => (index < cutoff - 1 || index === 1000 ? 1 : 0));
    expect(window.map((sample) => proportion.passes(sample)).indexOf(false)).equal(1000);
    // The next window begins afresh.
    expect(window.slice(0, cutoff - 1).every((sample) => proportion.passes(sample))).equal(true);
  });

  it('passes a source with the entropy that is claimed', () => {
    // n = 10^6 samples; 46 equal ones in a row have a probability of 0.512^46, a false alarm in 10^7 runs.
    const { source, said } = tested(1);
    const samples = source.samples(1_000_000);
    expect(said).deep.equal([]);
    // Five standard deviations: a false alarm in 10^6.
    expect(samples.reduce((sum, sample) => sum + sample, 0)).within(511_719 - 2500, 511_719 + 2500);
    expect(CLAIMED_ENTROPY).below(-Math.log2(131 / 256));
  });

  for (const [fault, samples] of [['stuck', 46], ['biased', 20 * WINDOW]] as const) {
    it(`latches when the source is ${fault}`, () => {
      const { raw, source, said } = tested(2);
      raw.fault = fault;
      // A window of a biased source that begins with 1, four of five, has 819 ± 13 of them: one in 10^14 draws of 20 windows has none.
      expect(() => source.samples(samples)).throw(QkdError, 'the random source failed its').property('code', 'RANDOMNESS');
      raw.fault = 'none';
      expect(() => source.samples(1)).throw(QkdError, 'the random source failed');
      expect(said).deep.equal([source.failure]);
    });
  }

  it('finds in its start-up test a source that never worked', () => {
    const raw = new QuantumSource(zeros);
    let asked = 0;
    const said: string[] = [];
    const source = new TestedSource(Object.assign(raw, { samples: (count: number) => { asked += count; return new Uint8Array(count); } }), (reason) => said.push(reason));
    expect([asked, said]).deep.equal([START_UP_SAMPLES, ['the random source failed its repetition count test']]);
    expect(() => source.samples(1)).throw(QkdError);
    expect(sourceFaults).deep.equal(['none', 'stuck', 'biased']);
  });

  it('mixes both sources: a change of either changes everything', () => {
    const draw = (system: FillRandom, seed: number): Buffer => Buffer.from(randomBytesOf(mixedRandom(system, tested(seed).source), 200_000));
    const one = draw(seeded(3), 4);
    expect(one.equals(draw(seeded(3), 4))).equal(true);
    for (const other of [draw(zeros, 4), draw(seeded(5), 4), draw(seeded(3), 6)]) {
      const ones = other.reduce((sum, byte, index) => sum + ((byte ^ one[index]!).toString(2).match(/1/g)?.length ?? 0), 0);
      // n = 1.6 · 10^6 bits, six standard deviations of 632: a false alarm in 10^8.
      expect(ones).within(800_000 - 3800, 800_000 + 3800);
    }
  });

  it('takes a new key for each 64 KiB', () => {
    const bytes = Buffer.from(randomBytesOf(mixedRandom(zeros, tested(7).source), 131_072));
    expect(bytes.subarray(0, 65_536).equals(bytes.subarray(65_536))).equal(false);
  });

  it('gives nothing when the source has failed, however good the system is', () => {
    const { raw, source } = tested(8);
    const random = mixedRandom(seeded(9), source);
    raw.fault = 'stuck';
    const bytes = new Uint8Array(32);
    expect(() => { random(bytes); }).throw(QkdError);
    expect(bytes).deep.equal(new Uint8Array(32));
  });
});
