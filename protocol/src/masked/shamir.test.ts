/** Shamir's shares: the published values of PROTOCOL, vector 4; any t give the secret, fewer are compatible with every secret. */
import { expect } from 'chai';
import fc from 'fast-check';

import { toHex } from '../encoding/digest.js';
import { codeOf } from '../testing/refusal.js';
import { combineShares, splitSecret } from './shamir.js';

const bytes = (from: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => from + at);
const string = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

describe('shamir', () => {
  it('gives the values of PROTOCOL, vector 4', () => {
    const [one, two, three] = splitSecret(bytes(0), [1, 2, 3], [bytes(0xa0)]).map(toHex);
    expect(one).to.equal('a0'.repeat(32));
    expect(two?.slice(0, 16)).to.equal('5b585d5e57545152');
    expect(three?.slice(0, 16)).to.equal('fbf9fffdf3f1f7f5');
  });

  it('gives the secret from any t shares', () => {
    const dealt = fc.integer({ min: 2, max: 9 }).chain((n) => fc.record({ secret: string(5), order: fc.shuffledSubarray(Array.from({ length: 255 }, (_, at) => at + 1), { minLength: n, maxLength: n }), coefficients: fc.array(string(5), { maxLength: n - 1 }) }));
    fc.assert(fc.property(dealt, ({ secret, order, coefficients }) => {
      const shares = splitSecret(secret, order, coefficients).map((share, at) => ({ x: order[at] as number, bytes: share }));
      const threshold = coefficients.length + 1;
      expect(toHex(combineShares(shares.toReversed().slice(0, threshold), threshold))).to.equal(toHex(secret));
      expect(codeOf(() => combineShares(shares.slice(0, threshold - 1), threshold))).to.equal('TOO_FEW_SHARES');
    }));
  });

  it('says nothing with t − 1 shares: each secret has coefficients that give the same ones', () => {
    // t = 2: the line through (0, secret) and the share; its slope is the coefficient.
    const [share] = splitSecret(Uint8Array.of(7), [5], []) as [Uint8Array];
    const slopes = Array.from({ length: 256 }, (_, secret) => Array.from({ length: 256 }, (_, slope) => slope).filter((slope) => splitSecret(Uint8Array.of(secret), [5, 6], [Uint8Array.of(slope)])[0]?.[0] === share[0]));
    expect(slopes.every((found) => found.length === 1)).to.equal(true);
    expect(new Set(slopes.flat()).size).to.equal(256);
  });

  it('refuses places and lengths that cannot be', () => {
    for (const places of [[0, 1], [1, 256], [1, 1], [1.5, 2]]) expect(codeOf(() => splitSecret(bytes(0), places, [bytes(1)]))).to.equal('BAD_FIELD');
    expect(codeOf(() => splitSecret(bytes(0), [1], [bytes(1)]))).to.equal('BAD_FIELD');
    expect(codeOf(() => splitSecret(bytes(0), [1, 2], [bytes(1).subarray(1)]))).to.equal('BAD_FIELD');
    expect(codeOf(() => combineShares([{ x: 1, bytes: bytes(0) }, { x: 1, bytes: bytes(0) }], 2))).to.equal('BAD_FIELD');
    expect(codeOf(() => combineShares([{ x: 1, bytes: bytes(0) }, { x: 2, bytes: bytes(0).subarray(1) }], 2))).to.equal('BAD_FIELD');
  });
});
