/** Shamir's secret sharing over GF(2^8), bytewise (Shamir 1979; PROTOCOL section 8, "Shares"): t of the shares give the secret, fewer say nothing about it. */
import { CodedError } from '../error.js';

/** A share with its place: x from 1 to 255, and as many bytes as the secret has. */
export interface Share {
  readonly x: number;
  readonly bytes: Uint8Array;
}

/** The product in GF(2^8) with polynomial 0x11b (as in AES, FIPS 197 section 4.2). Without tables and branches, so that its time tells nothing of the bytes. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0, power = a; bit < 8; bit += 1) {
    product ^= power & -((b >> bit) & 1);
    power = ((power << 1) ^ (0x11b & -(power >> 7))) & 0xff;
  }
  return product;
}

/** a^254 = 1/a; of zero, zero. */
function inverse(a: number): number {
  let result = 1;
  for (let square = multiply(a, a), step = 0; step < 7; step += 1) {
    result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

function assertPlaces(places: readonly number[]): void {
  if (places.some((x) => !Number.isInteger(x) || x < 1 || x > 255) || new Set(places).size !== places.length) throw new CodedError('BAD_FIELD', 'shares stand at different places from 1 to 255');
}

/**
 * Shares a secret.
 * @param places x of each share, different, 1 to 255.
 * @param coefficients t − 1 random strings as long as the secret, of x, x², …; used for this secret alone.
 * @returns the shares' bytes in the order of `places`.
 * @throws CodedError BAD_FIELD for places or coefficients that are not so, or fewer places than t.
 */
export function splitSecret(secret: Uint8Array, places: readonly number[], coefficients: readonly Uint8Array[]): Uint8Array[] {
  assertPlaces(places);
  if (places.length <= coefficients.length) throw new CodedError('BAD_FIELD', `${places.length} shares cannot need ${coefficients.length + 1} of them`);
  if (coefficients.some((one) => one.length !== secret.length)) throw new CodedError('BAD_FIELD', 'a coefficient is as long as the secret');
  return places.map((x) => secret.map((constant, at) => multiply(coefficients.reduceRight((sum, one) => multiply(sum, x) ^ (one[at] as number), 0), x) ^ constant));
}

/**
 * The secret from t or more shares; wrong shares give a wrong secret, so the caller compares it with its commitment.
 * @param threshold t.
 * @throws CodedError TOO_FEW_SHARES; BAD_FIELD for shares of different lengths or the same place.
 */
export function combineShares(shares: readonly Share[], threshold: number): Uint8Array {
  if (shares.length < threshold) throw new CodedError('TOO_FEW_SHARES', `${shares.length} shares, ${threshold} are needed`);
  const used = shares.slice(0, threshold);
  assertPlaces(used.map(({ x }) => x));
  const length = used[0]?.bytes.length ?? 0;
  if (used.some(({ bytes }) => bytes.length !== length)) throw new CodedError('BAD_FIELD', 'shares of one secret have one length');
  // Lagrange's weights at zero; in this field a difference is a sum.
  const weights = used.map(({ x }) => used.reduce((product, other) => (other.x === x ? product : multiply(product, multiply(other.x, inverse(other.x ^ x)))), 1));
  return Uint8Array.from({ length }, (_, at) => used.reduce((sum, { bytes }, index) => sum ^ multiply(bytes[at] as number, weights[index] as number), 0));
}
