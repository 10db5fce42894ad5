/** Signs Fabric messages with the runtime's native ECDSA; the gateway library's own signer is JavaScript and took half of the client's CPU. */
import { createPrivateKey, sign as ecdsa, type KeyObject } from 'node:crypto';
import type { Signer } from '@hyperledger/fabric-gateway';

/** Order of the group of each curve that an identity's key may have (FIPS 186-5): a signature's s must not exceed half of it, because Fabric refuses the other of the two. */
export const orders = {
  prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp384r1: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
} as const;

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const positive = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
}

/** DER of an ECDSA signature (RFC 3279, section 2.2.3) from r ‖ s, with s in the lower half of the group. */
export function lowS(signature: Uint8Array, order: bigint): Uint8Array {
  const half = signature.length / 2;
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const s = number(signature.subarray(half));
  const body = Buffer.concat([derInteger(number(signature.subarray(0, half))), derInteger(s > order / 2n ? order - s : s)]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

/** One INTEGER of a DER sequence as a number, and where the next one begins. */
function readInteger(der: Uint8Array, at: number): { value: bigint; next: number } {
  const next = at + 2 + (der[at + 1] ?? 0);
  return { value: BigInt(`0x${Buffer.from(der.subarray(at + 2, next)).toString('hex')}`), next };
}

/** A good DER signature of any tool, with s in the lower half. @param signature one that the key has been verified to have made. */
export function lowSDer(signature: Uint8Array, publicKey: KeyObject): Uint8Array {
  const curve = publicKey.asymmetricKeyDetails?.namedCurve;
  if (curve !== 'prime256v1' && curve !== 'secp384r1') return signature;
  const bytes = curve === 'prime256v1' ? 32 : 48;
  // Sequences of these curves are shorter than 128 bytes, so that their length is one byte.
  const r = readInteger(signature, 2);
  const s = readInteger(signature, r.next);
  const fixed = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex');
  return lowS(Buffer.concat([fixed(r.value), fixed(s.value)]), orders[curve]);
}

/** A curve of Fabric's identities, by OpenSSL's name. */
export type Curve = keyof typeof orders;

/**
 * A signer over whole messages (to be used with `hash.none`).
 * @param privateKeyPem PKCS#8 PEM of a P-256 or P-384 key.
 * @throws TypeError for another kind of key.
 */
export function nativeSigner(privateKeyPem: string | Buffer): Signer {
  const key = createPrivateKey(privateKeyPem);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve !== 'prime256v1' && curve !== 'secp384r1') throw new TypeError('the private key is neither P-256 nor P-384');
  // SHA-256 whatever the curve: the hash is the channel's, not the key's.
  return (message) => Promise.resolve(lowS(ecdsa('sha256', message, { key, dsaEncoding: 'ieee-p1363' }), orders[curve]));
}
