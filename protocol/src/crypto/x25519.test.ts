/** X25519 against RFC 7748 and RFC 8037, and what must not be agreed upon. */
import { expect } from 'chai';

import { fromHex, toHex } from '../encoding/digest.js';
import { codeOf } from '../testing/refusal.js';
import { newX25519Keys, x25519Of } from './x25519.js';

describe('X25519', () => {
  it('agrees on the published secrets', () => {
    for (const [secret, other, shared] of [
      ['a046e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449a44', 'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c', 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552'],
      ['77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a', 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f', '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'],
    ] as const) expect(toHex(newX25519Keys(fromHex(secret)).agree(fromHex(other)))).to.equal(shared);
  });

  it('comes from the seed of the ML-KEM keys, for ever the same and not the seed itself', () => {
    const [a, b] = [x25519Of(new Uint8Array(64)), x25519Of(new Uint8Array(64).fill(1))];
    expect(toHex(a.publicKey)).to.equal('f248e8c9765c07cfbd132f8421dda8016eb6623a79da02f22fb97db953b0840a');
    expect(a.agree(b.publicKey)).to.deep.equal(b.agree(a.publicKey));
    expect(a.publicKey).to.not.deep.equal(newX25519Keys(new Uint8Array(32)).publicKey);
  });

  it('refuses other lengths and points of small order', () => {
    const keys = newX25519Keys(new Uint8Array(32).fill(9));
    const one = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 1 : 0));
    for (const other of [new Uint8Array(), new Uint8Array(31), new Uint8Array(33), new Uint8Array(32), one]) expect(codeOf(() => keys.agree(other))).to.equal('BAD_KEY');
    for (const length of [0, 31, 33, 64]) expect(codeOf(() => newX25519Keys(new Uint8Array(length)))).to.equal('BAD_KEY');
  });
});
