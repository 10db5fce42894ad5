/** The field GF(2^16) and its Cantor basis, which makes the additive Fourier transform short. */

/** x^16 + x^12 + x^3 + x + 1, primitive, so that x generates all 65,535 units. */
const MODULUS = 0x1100b;

/** Powers of x, twice over, so that two logarithms add without a reduction. */
export const exp = new Uint16Array(131_072);
/** Logarithms to the base x; that of 0 has no meaning. */
export const log = new Uint16Array(65_536);

for (let power = 0, value = 1; power < 65_535; power++) {
  exp[power] = value;
  exp[power + 65_535] = value;
  log[value] = power;
  value = value & 0x8000 ? (value << 1) ^ MODULUS : value << 1;
}

/** The product of two elements. */
export const multiply = (a: number, b: number): number =>
  a === 0 || b === 0 ? 0 : (exp[(log[a] ?? 0) + (log[b] ?? 0)] ?? 0);

/** β with β_0 = 1 and β_(i+1)² + β_(i+1) = β_i (Cantor 1989); of the two solutions the smaller. */
export const cantorBasis = ((): Uint16Array => {
  const solution = new Uint16Array(65_536);
  for (let y = 65_535; y > 0; y--) solution[multiply(y, y) ^ y] = y;
  const basis = Uint16Array.of(1, ...new Array<number>(15).fill(0));
  for (let i = 1; i < 16; i++) basis[i] = solution[basis[i - 1] ?? 0] ?? 0;
  return basis;
})();

/** All sums of the given elements: entry g is the sum of those whose bit is set in g. */
export const span = (elements: Uint16Array): Uint16Array => {
  const sums = new Uint16Array(1 << elements.length);
  elements.forEach((element, bit) => {
    for (let g = 0; g < 1 << bit; g++) sums[g | (1 << bit)] = (sums[g] ?? 0) ^ element;
  });
  return sums;
};
