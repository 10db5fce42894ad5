/** Names and hashes: the length-framed input of every hash, MAC and derivation, and the digests that name things. */
import { createHash, hash } from 'node:crypto';

/** `sha256:` and 64 lower-case hexadecimal digits; with profile `long-term` `sha512:` and 128. */
export type Digest = `sha256:${string}` | `sha512:${string}`;

/** A hash function that names things: that of a study is fixed by its profile. */
export type HashName = 'sha256' | 'sha512';

/** What `frame` joins: bytes, a text (as UTF-8) or a safe non-negative integer (as u64). */
export type Framed = Uint8Array | string | number;

const utf8 = new TextEncoder();

/** Joins byte strings. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A 32-bit unsigned integer, big-endian. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** A safe non-negative integer as 64 bits, big-endian. */
export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** `frame(a, b, …)` of PROTOCOL, Notation: `u32(length) ‖ bytes` for each item, so that no two lists give the same bytes. */
export function frame(...items: Framed[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const item of items) {
    const bytes = typeof item === 'string' ? utf8.encode(item) : typeof item === 'number' ? u64(item) : item;
    parts.push(u32(bytes.length), bytes);
  }
  return concat(...parts);
}

// A text of one character a byte costs the runtime a third of a buffer.
/** SHA-256 of the bytes (32 bytes). */
export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(Buffer.from(hash('sha256', bytes, 'binary'), 'binary'));

/** SHA-512 of the bytes (64 bytes). */
export const sha512 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha512').update(bytes).digest());

/** Lower-case hexadecimal. */
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

/** Bytes of a lower-case hexadecimal text; the caller has checked its form. */
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** base64url without padding, the form of byte strings beyond 64 bytes. */
export const toBase64Url = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');

/** Bytes of a base64url text; the caller has checked its form. */
export const fromBase64Url = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'));

/** The digest that names these bytes (a blob, a model, a key). */
export const digestOf = (bytes: Uint8Array, algorithm: HashName = 'sha256'): Digest => `${algorithm}:${hash(algorithm, bytes, 'hex')}`;

/** The hash function of a digest. */
export const hashName = (digest: Digest): HashName => (digest.startsWith('sha512:') ? 'sha512' : 'sha256');

/** The bytes behind a digest: 32, or 64 of `sha512:`. */
export const digestBytes = (digest: Digest): Uint8Array => fromHex(digest.slice(digest.indexOf(':') + 1));

/** H of PROTOCOL, Notation: the study's algorithm, which its own digest tells. */
export const hashOf = (study: Digest): ((bytes: Uint8Array) => Uint8Array) => (hashName(study) === 'sha512' ? sha512 : sha256);
