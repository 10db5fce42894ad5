/** SLH-DSA in both back ends; the published vectors are run by `npm run vectors`, because one signature takes seconds. */
import { expect } from 'chai';

import { sha256, toHex } from '../encoding/digest.js';
import { anchorBackend, newAnchorSigner, verifyAnchorSignature, type AnchorBackend, type AnchorSuite } from './slh-dsa.js';
import { anchorSuites } from './suites.js';
import { codeOf } from '../testing/refusal.js';

const backends: readonly AnchorBackend[] = anchorBackend === 'native' ? ['native', 'noble'] : ['noble'];
const message = new TextEncoder().encode('an anchor');
const context = new TextEncoder().encode('another use');

describe('SLH-DSA', function () {
  this.timeout(120_000);

  it('signs what every back end verifies, bound to message, context and key', () => {
    const signer = newAnchorSigner('slhdsa128s', new Uint8Array(48));
    expect(toHex(sha256(signer.publicKey))).to.equal('ec21322952342ff95d555b6d7a71c07b33c56b57a89f39f46090ce5b1930acc4');
    const signature = signer.sign(message);
    const { publicKey } = signer;
    const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, place) => (place === at ? byte ^ 1 : byte));
    expect([publicKey.length, signature.length]).to.deep.equal([anchorSuites.slhdsa128s.publicKey, anchorSuites.slhdsa128s.signature]);
    for (const backend of backends) {
      const good = (key: Uint8Array = publicKey, text: Uint8Array = message, bytes: Uint8Array = signature, bound?: Uint8Array): boolean => verifyAnchorSignature('slhdsa128s', key, text, bytes, bound, backend);
      expect(good(), backend).to.equal(true);
      for (const wrong of [good(flip(publicKey, 20)), good(publicKey, flip(message, 0)), good(publicKey, message, flip(signature, 5000)), good(publicKey, message, signature, context), good(publicKey, message, signature.subarray(1)), good(publicKey.subarray(1))]) expect(wrong, backend).to.equal(false);
      expect(verifyAnchorSignature('slhdsa256s', publicKey, message, signature, undefined, backend)).to.equal(false);
      expect(verifyAnchorSignature('constructor' as AnchorSuite, publicKey, message, signature, undefined, backend)).to.equal(false);
    }
  });

  it('refuses a seed of another length and an unknown suite', () => {
    expect(codeOf(() => newAnchorSigner('slhdsa128s', new Uint8Array(47)))).to.equal('BAD_KEY');
    expect(codeOf(() => newAnchorSigner('slhdsa128f' as AnchorSuite, new Uint8Array(48)))).to.equal('UNKNOWN_SUITE');
  });
});
