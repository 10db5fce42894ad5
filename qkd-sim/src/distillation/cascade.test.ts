/** Cascade between two mirrored ends: it corrects, and it discloses no more than published implementations do. */
import { expect } from 'chai';
import { RandomNumbers, seededRandom } from '../random.js';
import { xor } from './authentication.js';
import { type CascadeVariant, cascadeVariants } from './cascade-variant.js';
import { Cascade } from './cascade.js';
import { entropy } from './finite-key.js';

const FRAME = 10_000;

interface Outcome {
  readonly efficiency: number;
  readonly badFrames: number;
  readonly frames: number;
}

/** Reconciles groups of 32 frames with independent errors. */
const reconcile = (variant: CascadeVariant, qber: number, groups: number, seed: number, frameBits = FRAME): Outcome => {
  const random = new RandomNumbers(seededRandom(new Uint8Array(32).fill(seed)));
  const alice = new Int32Array(frameBits * groups).map(() => Math.floor(random.uniform() * 2 ** 32) | 0);
  const bob = alice.slice();
  let errors = 0;
  for (let i = 0; i < bob.length; i++) {
    for (let frame = 0; frame < 32; frame++) {
      if (random.uniform() < qber) {
        bob[i]! ^= 1 << frame;
        errors++;
      }
    }
  }
  const ends = [new Cascade(alice, frameBits, qber, variant, false), new Cascade(bob, frameBits, qber, variant, true)] as const;
  while (!ends[0].done) {
    const differences = xor(ends[1].parities(), ends[0].parities());
    for (const end of ends) end.advance(differences);
  }
  expect(ends[1].done).equal(true);
  expect(ends[1].disclosedBits).equal(ends[0].disclosedBits);
  const left = Array.from({ length: groups }, () => 0);
  bob.forEach((word, i) => { left[Math.floor(i / frameBits)]! |= word ^ alice[i]!; });
  const badFrames = left.reduce((sum, word) => sum + word.toString(2).replaceAll(/[^1]/g, '').length, 0);
  const bits = 32 * frameBits * groups;
  return { efficiency: ends[0].disclosedBits / (bits * entropy(errors / bits)), badFrames, frames: 32 * groups };
};

describe('Cascade', function () {
  this.timeout(60_000);

  // Published f at n = 10^4 over 10,000 frames. Here 192 frames a point: a frame's f has a standard deviation below
  // 0.035, so the mean's is below 0.0026, and the bound of + 0.01 is passed by chance with less than 10⁻⁴ a point even
  // where the true value is the published one.
  const published = [
    [cascadeVariants.original, [[0.01, 1.143], [0.02, 1.159], [0.05, 1.185], [0.1, 1.209]]],
    [cascadeVariants.option3, [[0.01, 1.111], [0.02, 1.1], [0.05, 1.106], [0.1, 1.128]]],
  ] as const;
  for (const [variant, points] of published) {
    for (const [qber, efficiency] of points) {
      it(`${variant.name} at ${100 * qber} % discloses at most ${efficiency} + 0.01 of the Shannon limit`, () => {
        const outcome = reconcile(variant, qber, 6, Math.round(1000 * qber));
        expect(outcome.efficiency).within(1, efficiency + 0.01);
        // Published frame error rates are at most 3·10⁻⁴: two or more in 192 frames happen by chance with 1.6·10⁻³.
        expect(outcome.badFrames).most(1);
      });
    }
  }

  it('leaves equal keys alone and finds a single error', () => {
    for (const errors of [0, 1]) {
      const alice = new Int32Array(1000).fill(0x55aa55aa);
      const bob = alice.slice();
      if (errors === 1) bob[123]! ^= 1 << 31;
      const ends = [new Cascade(alice, 1000, 0.02, cascadeVariants.option3, false), new Cascade(bob, 1000, 0.02, cascadeVariants.option3, true)] as const;
      while (!ends[0].done) {
        const differences = xor(ends[1].parities(), ends[0].parities());
        for (const end of ends) end.advance(differences);
      }
      expect(bob).deep.equal(alice);
      expect([ends[0].corrections, ends[1].corrections]).deep.equal([errors, errors]);
    }
  });

  it('corrects short frames of any length', () => {
    for (const frameBits of [64, 101, 1000]) expect(reconcile(cascadeVariants.option3, 0.03, 1, 5, frameBits).badFrames).most(4);
  });

  it('refuses differences of the wrong length', () => {
    const end = new Cascade(new Int32Array(1000), 1000, 0.02, cascadeVariants.option3, false);
    expect(() => { end.advance(new Uint8Array(3)); }).throw(RangeError);
  });
});
