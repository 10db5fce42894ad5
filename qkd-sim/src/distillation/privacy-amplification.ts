/**
 * Privacy amplification by a modified Toeplitz matrix (Hayashi and Tsurumaru, arXiv:1311.5322): y = x₁ ⊕ T x₂ with
 * x = (x₁ of ℓ bits, x₂ of n − ℓ bits) and T[i][j] = s[i − j + n − ℓ − 1], a two-universal family with a seed s of
 * n − 1 bits. Computed exactly, as a product of polynomials over GF(2). Bit i of bytes is bit i mod 8 of byte i / 8.
 */
import { POINTS, inverseTransform, points, transform } from './additive-fft.js';
import { multiply } from './binary-field.js';

/** Beyond this the product would wrap round into the wanted bits. */
export const MAX_INPUT_BITS = 1_048_560;

/** Bytes as two polynomials: those at even and at odd places, each byte a coefficient of degree below 8. */
const spectrum = (bytes: Uint8Array): [even: Uint16Array, odd: Uint16Array] => {
  const even = new Uint16Array(POINTS);
  const odd = new Uint16Array(POINTS);
  for (let i = 0; i < bytes.length; i += 2) {
    even[i >> 1] = bytes[i] ?? 0;
    odd[i >> 1] = bytes[i + 1] ?? 0;
  }
  transform(even);
  transform(odd);
  return [even, odd];
};

/**
 * The product of two polynomials over GF(2), low bits first, modulo a polynomial of 65,536 coefficients of 16 bits:
 * bit J ≥ 2^20 comes back at J − 1,048,560. A product of two bytes has degree below 16 and so survives in GF(2^16).
 */
const multiplyBits = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const [a0, a1] = spectrum(a);
  const [b0, b1] = spectrum(b);
  const even = new Uint16Array(POINTS);
  const odd = new Uint16Array(POINTS);
  for (let i = 0; i < POINTS; i++) {
    const [p0, p1, q0, q1] = [a0[i] ?? 0, a1[i] ?? 0, b0[i] ?? 0, b1[i] ?? 0];
    even[i] = multiply(p0, q0) ^ multiply(points[i] ?? 0, multiply(p1, q1));
    odd[i] = multiply(p0, q1) ^ multiply(p1, q0);
  }
  inverseTransform(even);
  inverseTransform(odd);
  const product = new Uint8Array(2 * POINTS);
  let carry = 0;
  for (let i = 0; i < POINTS; i++) {
    const [low, high] = [even[i] ?? 0, odd[i] ?? 0];
    product[2 * i] = low ^ carry;
    product[2 * i + 1] = (low >> 8) ^ high;
    carry = high >> 8;
  }
  return product;
};

/** Bytes of seed for an input of `inputBytes`: one bit less than the input, so the last bit is unused. */
export const seedBytes = (inputBytes: number): number => inputBytes;

/**
 * Compresses a reconciled key.
 * @param input n bits as bytes, n a multiple of 8 and at most `MAX_INPUT_BITS`
 * @param seed as many bytes, drawn after sifting and never used before
 * @param outputBytes ℓ / 8, at least 1 and less than the input
 */
export const amplify = (input: Uint8Array, seed: Uint8Array, outputBytes: number): Uint8Array => {
  const n = input.length * 8;
  if (n > MAX_INPUT_BITS || seed.length !== input.length || outputBytes < 1 || outputBytes >= input.length) {
    throw new RangeError(`${n} bits with ${seed.length} bytes of seed cannot be amplified to ${outputBytes} bytes`);
  }
  const used = seed.slice();
  used[used.length - 1] = (used.at(-1) ?? 0) & 0x7f;
  const product = multiplyBits(used, input.subarray(outputBytes));
  // y_i = x_i ⊕ product[i + n − ℓ − 1]: one bit before a byte boundary.
  const first = input.length - outputBytes - 1;
  const output = new Uint8Array(outputBytes);
  for (let i = 0; i < outputBytes; i++) {
    output[i] = (input[i] ?? 0) ^ ((product[first + i] ?? 0) >> 7) ^ ((product[first + i + 1] ?? 0) << 1);
  }
  return output;
};
