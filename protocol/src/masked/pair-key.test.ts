/** Pair keys: the published values of PROTOCOL, vector 4, and what the ratchet keeps from a thief. */
import { expect } from 'chai';
import fc from 'fast-check';

import { toHex, type Digest } from '../encoding/digest.js';
import { pairCommitment } from './commitment.js';
import { nextPairKey, pairCheck, pairSeed, type PairRound } from './pair-key.js';
import { codeOf } from '../testing/refusal.js';

const study = `sha256:${'1'.repeat(64)}` as Digest;
const at = (round: number): PairRound => ({ study, epoch: 1, round, lower: 'HospitalA', higher: 'HospitalB' });
const k5 = Uint8Array.from({ length: 64 }, (_, byte) => byte);
/** K of a later round than `from`. */
const ratcheted = (key: Uint8Array, from: number, to: number): Uint8Array => {
  let last = key;
  for (let round = from; round < to; round += 1) last = nextPairKey(last, round);
  return last;
};

describe('pair keys', () => {
  it('give the values of PROTOCOL, vector 4', () => {
    expect(toHex(pairCheck(k5))).to.equal('f4c17872fd4bac1709cc9365294cca1f');
    const seed = pairSeed(ratcheted(k5, 5, 7), at(7));
    expect(toHex(seed)).to.equal('a7439e5c9622cb866be6d956d0c05cc1f4e174dc10ad0c1f55de8fd85baf4316');
    expect(toHex(pairCommitment(seed, at(7)))).to.equal('77fd6abcf645bafb51c554f8356848cbea6b1ab1035e14e40a511b9d735ade27');
  });

  it('differ from round to round, and in every field of the seed', () => {
    const key = ratcheted(k5, 5, 7);
    const seeds = [at(7), at(6), { ...at(7), epoch: 2 }, { ...at(7), lower: 'HospitalAA' }, { ...at(7), higher: 'HospitalC' }, { ...at(7), study: `sha256:${'2'.repeat(64)}` as Digest }].map((one) => toHex(pairSeed(key, one)));
    seeds.push(toHex(pairSeed(nextPairKey(key, 7), at(7))));
    expect(new Set(seeds)).to.have.length(seeds.length);
  });

  it('of a later round give no seed of an earlier one', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 20 }), (key, round, later) => {
      const stolen = ratcheted(key, round, round + later);
      const earlier = toHex(pairSeed(key, at(round)));
      // What a thief can compute from the later key: seeds as of any round, and of any key that follows.
      const guesses = [stolen, nextPairKey(stolen, round), nextPairKey(stolen, round + later)].flatMap((known) => [round, round + later].map((each) => toHex(pairSeed(known, at(each)))));
      expect(guesses).not.to.include(earlier);
      expect(stolen).to.have.length(64).and.not.deep.equal(key);
    }), { numRuns: 40 });
  });

  it('are refused in another length, pairs in another order', () => {
    for (const length of [0, 32, 63, 65]) {
      const short = new Uint8Array(length);
      expect([() => pairCheck(short), () => nextPairKey(short, 1), () => pairSeed(short, at(1))].map(codeOf)).to.deep.equal(['BAD_KEY', 'BAD_KEY', 'BAD_KEY']);
    }
    for (const pair of [{ lower: 'HospitalB', higher: 'HospitalA' }, { lower: 'HospitalA', higher: 'HospitalA' }]) expect(codeOf(() => pairSeed(k5, { ...at(1), ...pair }))).to.equal('BAD_FIELD');
  });
});
