/** GHASH against the published test case, and its algebra. */
import { expect } from 'chai';
import fc from 'fast-check';
import { PlainGhash } from './ghash.js';
import { VectorGhash } from './vector-ghash.js';

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');

/** Multiplication as SP 800-38D writes it down, bit by bit. */
const multiply = (x: bigint, y: bigint): bigint => {
  let [z, v] = [0n, y];
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) z ^= v;
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
  }
  return z;
};
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

describe('GHASH', () => {
  it('meets test case 2 of the GCM specification', () => {
    for (const Hash of [PlainGhash, VectorGhash]) {
      const digest = new Hash(hex('66e94bd4ef8a2c3b884cfa59ca342b2e')).update(hex('0388dace60b6a392f328c2b971b2fe78')).digest();
      expect(Buffer.from(digest).toString('hex')).equal('f38cbb1ad69223dcc3457ae5b6b0f885');
    }
  });

  it('is the polynomial of its blocks and of the block of lengths', () => {
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 100 });
    fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), bytes, (key, message) => {
      let state = 0n;
      for (let at = 0; at < message.length; at += 16) {
        const block = new Uint8Array(16);
        block.set(message.subarray(at, at + 16));
        state = multiply(state ^ number(block), number(key));
      }
      state = multiply(state ^ BigInt(message.length * 8), number(key));
      expect(number(new PlainGhash(key).update(message).digest())).equal(state);
    }));
  });

  it('gives in vectors what it gives in plain TypeScript, with several hashes in turn', () => {
    const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(fc.property(fc.array(key, { minLength: 1, maxLength: 3 }), fc.array(fc.tuple(fc.nat(2), fc.nat(70_000)), { maxLength: 6 }), (keys, updates) => {
      const [vector, plain] = [keys.map((own) => new VectorGhash(own)), keys.map((own) => new PlainGhash(own))];
      for (const [index, length] of updates) {
        const message = new Uint8Array(length).map((_, place) => 31 * place + (place >> 7) + length);
        vector[index % keys.length]!.update(message);
        plain[index % keys.length]!.update(message);
      }
      expect(vector.map((hash) => hash.digest())).deep.equal(plain.map((hash) => hash.digest()));
    }), { numRuns: 20 });
  });
});
