// Draws from random bytes: which bytes give which integers, and what is drawn again.
import { expect } from 'chai';
import { RandomBits } from './random-bits.js';

/** A source of these words, then of ones. */
function from(...words: number[]): RandomBits {
  let first = true;
  return new RandomBits((length) => {
    const pool = new Uint32Array(length / 4).fill(1);
    if (first) pool.set(words);
    first = false;
    return new Uint8Array(pool.buffer);
  });
}

describe('random bits', () => {
  it('are words in order, from as many pools as it takes', () => {
    const random = from(7, 0xffffffff);
    expect([random.word(), random.word(), random.word()]).to.deep.equal([7, 0xffffffff, 1]);
    const many = Array.from({ length: 2 ** 14 }, () => random.word());
    expect(new Set(many)).to.deep.equal(new Set([1]));
  });

  it('draw below a bound, again where the range of a word is cut off', () => {
    expect([from(0).below(3), from(0xfffffffe).below(3), from(0xffffffff).below(3)]).to.deep.equal([0, 2, 1]); // 2^32 = 3k + 1
    expect([from(0x80000000).below(2 ** 31 + 1), from(0x80000001).below(2 ** 31 + 1)]).to.deep.equal([2 ** 31, 1]);
    expect([from(0xffffffff).below(2 ** 32), from(5).below(1)]).to.deep.equal([0xffffffff, 0]);
  });

  it('draw below a bound beyond a word', () => {
    expect(from(0x89abcdef, 0xffff4567).below(2 ** 48)).to.equal(0x456789abcdef);
    expect(from(4, 1).below(2 ** 32 + 1)).to.equal(3);
    expect(from(0xffffffff, 0xffff).below(2 ** 48 - 1)).to.equal(2 ** 32 + 1); // cut off; then ones
    // The largest quotients, next to whole ones: a division that rounded up would give −1.
    for (const bound of [2 ** 32 + 1, 2 ** 33 - 1, 3 * 2 ** 40 + 1, 2 ** 47 - 1]) {
      const last = Math.floor(2 ** 48 / bound) * bound - 1;
      expect(from(last % 2 ** 32, Math.floor(last / 2 ** 32)).below(bound)).to.equal(bound - 1);
    }
  });

  it('have no bound below one, above 2^48 or that is no integer', () => {
    for (const bound of [0, -1, 1.5, 2 ** 48 + 1, NaN]) expect(() => from().below(bound)).to.throw('bound');
  });

  it('count heads to the first tail, over words', () => {
    expect([from(0x80000000).heads(), from(1).heads(), from(0, 0, 0x20000000).heads()]).to.deep.equal([0, 31, 66]);
  });
});
