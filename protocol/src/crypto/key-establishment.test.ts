/** Establishment of a secret with the owner of a record, in every suite. */
import { expect } from 'chai';

import { concat, toBase64Url, toHex } from '../encoding/digest.js';
import { establish, established } from './key-establishment.js';
import { sealingKem } from './key-wrap.js';
import { newKemKeys, type KemSuite } from './ml-kem.js';
import { needsX25519, sealingSuite } from './suites.js';
import { codeOf } from '../testing/refusal.js';

const seed = Uint8Array.from({ length: 64 }, (_, at) => at);
const recordOf = (kemSuite: KemSuite) => {
  const keys = newKemKeys(kemSuite, seed);
  return { keys, record: { kemSuite, encapsulationKey: toBase64Url(keys.encapsulationKey), x25519Key: toHex(keys.x25519.publicKey) } };
};

describe('key establishment', () => {
  for (const suite of sealingSuite.options) {
    it(`${suite} gives both sides one secret and one context`, () => {
      const { keys, record } = recordOf(sealingKem(suite));
      for (const random of [undefined, (length: number) => new Uint8Array(length).fill(7)]) {
        const sent = establish(suite, record, random);
        const received = established(suite, keys, sent.context.ciphertext, sent.context.ephemeral);
        expect(received).to.deep.equal(sent);
        expect(sent.sharedSecret).to.have.length(needsX25519(suite) ? 64 : 32);
      }
      expect(establish(suite, record).sharedSecret).to.not.deep.equal(establish(suite, record).sharedSecret);
    });
  }

  it('refuses a record without the keys of the suite', () => {
    const { record } = recordOf('mlkem768');
    const { kemSuite, encapsulationKey } = record;
    expect(codeOf(() => establish('seal-mlkem768-x25519-qkd', { kemSuite, encapsulationKey }))).to.equal('SUITE_REFUSED');
    expect(codeOf(() => establish('seal-mlkem1024-qkd', record))).to.equal('SUITE_REFUSED');
    expect(codeOf(() => establish('seal-mlkem768-x25519-qkd', { ...record, x25519Key: '00'.repeat(32) }))).to.equal('BAD_KEY');
    expect(codeOf(() => establish('seal-mlkem768', { ...record, encapsulationKey: toBase64Url(new Uint8Array(1184).fill(255)) }))).to.equal('BAD_KEY');
  });

  it('opens in one way or fails in one way', () => {
    const { keys, record } = recordOf('mlkem768');
    const { context } = establish('seal-mlkem768-x25519-qkd', record);
    const bare = { encapsulationKey: keys.encapsulationKey, decapsulate: (ciphertext: Uint8Array) => keys.decapsulate(ciphertext) };
    for (const act of [
      () => established('seal-mlkem768-x25519-qkd', keys, context.ciphertext, undefined),
      () => established('seal-mlkem768-qkd', keys, context.ciphertext, context.ephemeral),
      () => established('seal-mlkem768-x25519-qkd', keys, context.ciphertext, new Uint8Array(32)),
      () => established('seal-mlkem768-x25519-qkd', keys, context.ciphertext, new Uint8Array(31)),
      () => established('seal-mlkem768-x25519-qkd', bare, context.ciphertext, context.ephemeral),
      () => established('seal-mlkem768-x25519-qkd', keys, concat(context.ciphertext, new Uint8Array(1)), context.ephemeral),
    ]) expect(codeOf(act)).to.equal('UNOPENABLE');
  });
});
