/**
 * The additive Fourier transform over GF(2^16) at all 65,536 points (Cantor 1989; Gao and Mateer 2010; Lin, Chung and
 * Han 2014): exact, unlike a transform in floating point, and without any padding of the bits.
 *
 * With s_k the polynomial that vanishes on the span of β_0 … β_(k−1), the novel basis is X_i = Π s_k over the bits k of
 * i. In Cantor's basis s_k(β_(k+t)) = β_t, so one table of twiddles serves every stage, and s_(a+b) = s_a ∘ s_b.
 */
import { cantorBasis, exp, log, span } from './binary-field.js';

export const POINTS = 65_536;

/** Point j of the transform. */
export const points = span(cantorBasis);
/** The twiddle of a group: s_k of the group's first point, whatever the stage k. */
const twiddles = span(cantorBasis.subarray(1));

/**
 * Writes a polynomial over s_half(x) = x^m + x, m = 2^half: long division from the top, first by the highest power.
 * Over GF(2) the inverse is the same steps backwards.
 */
const expand = (a: Uint16Array, start: number, stride: number, size: number, m: number, inverse: boolean): void => {
  if (size <= m) return;
  const half = size / 2;
  if (inverse) {
    expand(a, start, stride, half, m, true);
    expand(a, start + half * stride, stride, half, m, true);
  }
  const shift = (half - half / m) * stride;
  const [low, high] = [start + half * stride, start + (size - 1) * stride];
  if (inverse) for (let i = low; i <= high; i += stride) a[i - shift] = (a[i - shift] ?? 0) ^ (a[i] ?? 0);
  else for (let i = high; i >= low; i -= stride) a[i - shift] = (a[i - shift] ?? 0) ^ (a[i] ?? 0);
  if (!inverse) {
    expand(a, start, stride, half, m, false);
    expand(a, start + half * stride, stride, half, m, false);
  }
};

/** Between powers of x and the novel basis, for 2^bits coefficients at a stride. */
const convert = (a: Uint16Array, start: number, stride: number, bits: number, inverse: boolean): void => {
  if (bits === 2) {
    // The same as below, written out for the four coefficients that most of the time goes into.
    const [i1, i2, i3] = [start + stride, start + 2 * stride, start + 3 * stride];
    if (inverse) a[i1] = (a[i1] ?? 0) ^ (a[i2] ?? 0);
    a[i2] = (a[i2] ?? 0) ^ (a[i3] ?? 0);
    if (!inverse) a[i1] = (a[i1] ?? 0) ^ (a[i2] ?? 0);
    return;
  }
  const half = bits / 2;
  const m = 1 << half;
  if (!inverse) expand(a, start, stride, 1 << bits, m, false);
  for (let row = 0; row < m; row++) convert(a, start + row * m * stride, stride, half, inverse);
  for (let column = 0; column < m; column++) convert(a, start + column * stride, stride * m, half, inverse);
  if (inverse) expand(a, start, stride, 1 << bits, m, true);
};

/** From the coefficients of a polynomial of degree below 65,536 to its values at `points`, in place. */
export const transform = (a: Uint16Array): void => {
  convert(a, 0, 1, 16, false);
  for (let half = POINTS / 2; half >= 1; half /= 2) {
    for (let group = 0, start = 0; start < POINTS; group++, start += 2 * half) {
      const twiddle = twiddles[group] ?? 0;
      const shift = log[twiddle] ?? 0;
      for (let i = start; i < start + half; i++) {
        const value = a[i + half] ?? 0;
        const low = (a[i] ?? 0) ^ (twiddle === 0 || value === 0 ? 0 : (exp[(log[value] ?? 0) + shift] ?? 0));
        a[i] = low;
        a[i + half] = low ^ value;
      }
    }
  }
};

/** The inverse of `transform`, in place. */
export const inverseTransform = (a: Uint16Array): void => {
  for (let half = 1; half < POINTS; half *= 2) {
    for (let group = 0, start = 0; start < POINTS; group++, start += 2 * half) {
      const twiddle = twiddles[group] ?? 0;
      const shift = log[twiddle] ?? 0;
      for (let i = start; i < start + half; i++) {
        const low = a[i] ?? 0;
        const value = low ^ (a[i + half] ?? 0);
        a[i + half] = value;
        a[i] = low ^ (twiddle === 0 || value === 0 ? 0 : (exp[(log[value] ?? 0) + shift] ?? 0));
      }
    }
  }
  convert(a, 0, 1, 16, true);
};
