/**
 * Tags that no computing power forges: division hashing by an irreducible polynomial of degree 128 and a one-time pad, both from
 * a key that is used once (Wegman and Carter 1981; Krawczyk, CRYPTO '94; decision 0020). The arithmetic is not constant in time,
 * which a key that is used once allows.
 */
import { timingSafeEqual } from 'node:crypto';
import { CodedError } from './error.js';

/** Bytes of a key: half chooses the polynomial, half is the pad. */
export const ONE_TIME_KEY_BYTES = 32;
/** Bytes of a tag. */
export const TAG_BYTES = 16;

const mask = (1n << 128n) - 1n;
/** x^128 + x^7 + x^2 + x + 1 without its first term: the field GF(2^128) of NIST SP 800-38D; bit i stands for x^i. */
const fieldPolynomial = 0x87n;

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytesOf = (value: bigint): Uint8Array => new Uint8Array(Buffer.from(value.toString(16).padStart(2 * TAG_BYTES, '0'), 'hex'));
const hasBit = (value: bigint, bit: number): boolean => ((value >> BigInt(bit)) & 1n) === 1n;

/** v·x modulo a polynomial of degree 128, given without its first term. */
const timesX = (v: bigint, polynomial: bigint): bigint => ((v << 1n) & mask) ^ (hasBit(v, 127) ? polynomial : 0n);

function product(a: bigint, b: bigint): bigint {
  let sum = 0n;
  for (let bit = 127; bit >= 0; bit--) sum = timesX(sum, fieldPolynomial) ^ (hasBit(b, bit) ? a : 0n);
  return sum;
}

/**
 * The minimal polynomial of an element of GF(2^128), found as the first power of it that depends on those before. It is irreducible,
 * and every irreducible polynomial of degree 128 has 128 such elements: uniform elements give uniform polynomials.
 * @param seed 16 bytes, the element.
 * @returns the polynomial with its first term (bit 128); undefined for the 2^64 elements of GF(2^64), whose degree is smaller.
 */
export function irreduciblePolynomial(seed: Uint8Array): bigint | undefined {
  const element = numberOf(seed);
  /** By highest bit: a sum of powers, and which powers they are. */
  const echelon: ({ readonly sum: bigint; readonly powers: bigint } | undefined)[] = [];
  for (let exponent = 0, power = 1n; exponent <= 128; exponent++, power = product(power, element)) {
    let [sum, powers] = [power, 1n << BigInt(exponent)];
    for (let bit = 127; bit >= 0 && sum !== 0n; bit--) {
      if (!hasBit(sum, bit)) continue;
      const row = echelon[bit];
      if (row === undefined) {
        echelon[bit] = { sum, powers };
        break;
      }
      sum ^= row.sum;
      powers ^= row.powers;
    }
    if (sum === 0n) return exponent === 128 ? powers : undefined;
  }
  return undefined;
}

/** The remainder of (1 ‖ message)·x^128 by the polynomial: the leading 1 keeps messages apart that differ in leading zeros. */
function divisionHash(polynomial: bigint, message: Uint8Array): bigint {
  const table = [0n];
  for (let bit = 0, value = polynomial & mask; bit < 8; bit++, value = timesX(value, polynomial & mask)) {
    for (const entry of [...table]) table.push(entry ^ value);
  }
  let hash = polynomial & mask;
  for (const byte of message) hash = ((hash << 8n) & mask) ^ (table[Number(hash >> 120n) ^ byte] ?? 0n);
  return hash;
}

/**
 * The tag of a message under a key that serves for nothing else: a second message under it gives both its halves away.
 * @param key 32 uniform bytes.
 * @returns 16 bytes.
 * @throws CodedError BAD_KEY for another length, and for one key in 2^64 that gives no polynomial of degree 128.
 */
export function oneTimeTag(key: Uint8Array, message: Uint8Array): Uint8Array {
  if (key.length !== ONE_TIME_KEY_BYTES) throw new CodedError('BAD_KEY', `a one-time key has ${ONE_TIME_KEY_BYTES} bytes, not ${key.length}`);
  const polynomial = irreduciblePolynomial(key.subarray(0, 16));
  if (polynomial === undefined) throw new CodedError('BAD_KEY', 'this key gives no polynomial of degree 128: take another');
  return bytesOf(divisionHash(polynomial, message) ^ numberOf(key.subarray(16)));
}

/** Whether a tag is the message's; compared in constant time. @throws CodedError as `oneTimeTag`. */
export const isTagOf = (tag: Uint8Array, key: Uint8Array, message: Uint8Array): boolean => tag.length === TAG_BYTES && timingSafeEqual(tag, oneTimeTag(key, message));

/**
 * The probability, at most, that whoever saw one tag makes another message pass: a difference of (8L + 129) bits has at most
 * (8L + 128)/128 irreducible factors of degree 128, of which there are (2^128 − 2^64)/128.
 * @param messageBytes L, the length of the longer message.
 */
export const forgeryBound = (messageBytes: number): number => (8 * messageBytes + 128) / (2 ** 128 - 2 ** 64);
