/** The discrete Fourier transform of complex numbers, in place, for lengths that are powers of two (Cooley and Tukey 1965). */

function swap(values: Float64Array, a: number, b: number): void {
  const kept = values[a] as number;
  values[a] = values[b] as number;
  values[b] = kept;
}

function reverseBits(re: Float64Array, im: Float64Array): void {
  for (let at = 1, mirrored = 0; at < re.length; at++) {
    let bit = re.length >> 1;
    for (; (mirrored & bit) !== 0; bit >>= 1) mirrored ^= bit;
    mirrored |= bit;
    if (at < mirrored) {
      swap(re, at, mirrored);
      swap(im, at, mirrored);
    }
  }
}

/** Transforms in place: X_k = Σ x_j e^(−2πi jk/n). Its inverse is the same with `re` and `im` exchanged, divided by n. */
export function transform(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  reverseBits(re, im);
  const cos = new Float64Array(n / 2);
  const sin = new Float64Array(n / 2);
  for (let half = 1; half < n; half *= 2) {
    for (let k = 0; k < half; k++) {
      cos[k] = Math.cos((Math.PI * k) / half);
      sin[k] = -Math.sin((Math.PI * k) / half);
    }
    for (let start = 0; start < n; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const low = start + k;
        const high = low + half;
        const c = cos[k] as number;
        const s = sin[k] as number;
        const a = re[high] as number;
        const b = im[high] as number;
        const x = a * c - b * s;
        const y = a * s + b * c;
        re[high] = (re[low] as number) - x;
        im[high] = (im[low] as number) - y;
        re[low] = (re[low] as number) + x;
        im[low] = (im[low] as number) + y;
      }
    }
  }
}
