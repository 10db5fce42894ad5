// Keys that come expanded, as published tests have them and we never keep them, for OpenSSL: PKCS#8 with an expandedKey (RFC 9881, RFC 9935).
import { createPrivateKey, type KeyObject } from 'node:crypto';

import { concat, fromHex } from '../../encoding/digest.js';

/** Last arcs of the algorithms under 2.16.840.1.101.3.4. */
const arcs = { mldsa65: [3, 18], mldsa87: [3, 19], mlkem768: [4, 2], mlkem1024: [4, 3] } as const;

function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const head = length < 128 ? [length] : length < 65_536 ? [0x82, length >> 8, length & 255] : undefined;
  if (head === undefined) throw new RangeError('too long for a key');
  return concat(Uint8Array.of(tag, ...head), content);
}

/** OpenSSL's form of an expanded private key. @throws Error for one that it refuses. */
export function expandedKey(suite: keyof typeof arcs, key: Uint8Array): KeyObject {
  const algorithm = der(0x30, der(0x06, concat(fromHex('608648016503'), Uint8Array.of(4, ...arcs[suite]))));
  return createPrivateKey({ key: Buffer.from(der(0x30, concat(fromHex('020100'), algorithm, der(0x04, der(0x04, key))))), format: 'der', type: 'pkcs8' });
}
