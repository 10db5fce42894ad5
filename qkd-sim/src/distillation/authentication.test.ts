/** Tags of the classical channel: what they bind, and that each direction has its own. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ATTEMPT_BYTES, type SentMessage, authenticationTag, sameTag, tagKeys } from './authentication.js';

const secret = Uint8Array.from({ length: ATTEMPT_BYTES }, (_, index) => index + 1);
const { aliceToBob, bobToAlice } = tagKeys(secret);
const messages: SentMessage[] = [{ type: 1, payload: Uint8Array.of(1, 2, 3) }, { type: 2, payload: new Uint8Array() }, { type: 2, payload: new Uint8Array(40) }];

describe('authentication', () => {
  it('changes with every byte, type, length and order', () => {
    const tag = authenticationTag(aliceToBob, messages);
    const others: SentMessage[][] = [
      [],
      messages.slice(0, 2),
      [messages[1]!, messages[0]!, messages[2]!],
      [{ type: 3, payload: Uint8Array.of(1, 2, 3) }, ...messages.slice(1)],
      [{ type: 1, payload: Uint8Array.of(1, 2, 3, 0) }, ...messages.slice(1)],
      [{ type: 1, payload: Uint8Array.of(1, 2, 2) }, ...messages.slice(1)],
    ];
    for (const other of others) expect(sameTag(authenticationTag(aliceToBob, other), tag)).equal(false);
    expect(sameTag(authenticationTag(bobToAlice, messages), tag)).equal(false);
    expect(sameTag(authenticationTag(aliceToBob, messages), tag)).equal(true);
  });

  it('notices any single bit flipped', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (payload, place) => {
      const forged = payload.slice();
      forged[(place >> 3) % payload.length]! ^= 1 << (place & 7);
      expect(sameTag(authenticationTag(aliceToBob, [{ type: 0, payload }]), authenticationTag(aliceToBob, [{ type: 0, payload: forged }]))).equal(false);
    }));
  });

  it('does not throw at tags of another length', () => {
    expect(sameTag(new Uint8Array(16), new Uint8Array(15))).equal(false);
  });
});
