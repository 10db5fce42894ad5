/** Sums of products of long polynomials over GF(2), by spectra: the door to two implementations, and the readable one. */
import { POINTS, inverseTransform, points, transform } from './additive-fft.js';
import { multiply } from './binary-field.js';

/** Bytes of one polynomial, low bits first. */
export const PRODUCT_BYTES = 2 * POINTS;

/** Numbered slots for spectra. Products are modulo a polynomial under which bit J ≥ 2^20 comes back at J − 1,048,560. */
export interface BitProducts {
  /** Fills a slot with the spectrum of at most `PRODUCT_BYTES` bytes. */
  load(slot: number, bytes: Uint8Array): void;
  /** Makes the polynomial of a slot zero. */
  clear(slot: number): void;
  /** Adds the product of the polynomials of two slots to that of a third. */
  multiplyAdd(sum: number, a: number, b: number): void;
  /** The bytes of a slot's polynomial; the slot may not be used before it is loaded or cleared again. */
  take(slot: number): Uint8Array;
}

/** A polynomial's bytes at even and at odd places, each byte a coefficient of degree below 8, transformed. */
type Spectrum = readonly [even: Uint16Array, odd: Uint16Array];

const zero = (): Spectrum => [new Uint16Array(POINTS), new Uint16Array(POINTS)];

/** The readable implementation: the reference of the one in vectors. */
export class PlainBitProducts implements BitProducts {
  readonly #slots: Spectrum[] = [];

  load(slot: number, bytes: Uint8Array): void {
    const [even, odd] = zero();
    for (let i = 0; i < bytes.length; i += 2) {
      even[i >> 1] = bytes[i] ?? 0;
      odd[i >> 1] = bytes[i + 1] ?? 0;
    }
    transform(even);
    transform(odd);
    this.#slots[slot] = [even, odd];
  }

  clear(slot: number): void {
    this.#slots[slot] = zero();
  }

  multiplyAdd(sum: number, a: number, b: number): void {
    const [[even, odd], [a0, a1], [b0, b1]] = [this.#at(sum), this.#at(a), this.#at(b)];
    for (let i = 0; i < POINTS; i++) {
      const [p0, p1, q0, q1] = [a0[i] ?? 0, a1[i] ?? 0, b0[i] ?? 0, b1[i] ?? 0];
      even[i] = (even[i] ?? 0) ^ multiply(p0, q0) ^ multiply(points[i] ?? 0, multiply(p1, q1));
      odd[i] = (odd[i] ?? 0) ^ multiply(p0, q1) ^ multiply(p1, q0);
    }
  }

  /** A product of two bytes has degree below 16 and so survives in GF(2^16). */
  take(slot: number): Uint8Array {
    const [even, odd] = this.#at(slot);
    inverseTransform(even);
    inverseTransform(odd);
    const bytes = new Uint8Array(PRODUCT_BYTES);
    let carry = 0;
    for (let i = 0; i < POINTS; i++) {
      const [low, high] = [even[i] ?? 0, odd[i] ?? 0];
      bytes[2 * i] = low ^ carry;
      bytes[2 * i + 1] = (low >> 8) ^ high;
      carry = high >> 8;
    }
    return bytes;
  }

  #at(slot: number): Spectrum {
    return (this.#slots[slot] ??= zero());
  }
}
