/**
 * Privacy amplification by a modified Toeplitz matrix (Hayashi and Tsurumaru, arXiv:1311.5322): y = x₁ ⊕ T x₂ with
 * x = (x₁ of ℓ bits, x₂ of n − ℓ bits) and T[i][j] = s[i − j + n − ℓ − 1], a two-universal family with a seed s of
 * n − 1 bits. Computed exactly, as products of polynomials over GF(2). Bit i of bytes is bit i mod 8 of byte i / 8.
 *
 * A product holds r rows and c columns of T when r + c is at most 1,048,560, so that what wraps round does not reach
 * the wanted bits. A larger matrix is cut into square tiles: still one hash of the whole block, summed over a row's tiles
 * before the way back, and one window of the seed serves a whole diagonal.
 */
import type { BitProducts } from './bit-products.js';
import { VectorBitProducts } from './vector-bit-products.js';

/** Bytes of rows and columns together that fit into one product. */
const TILE_BYTES = 131_070;

let shared: BitProducts | undefined;
/** Made at the first use: an instance and its tables serve a thread for good. */
const vectorProducts = (): BitProducts => (shared ??= new VectorBitProducts());

/** Bytes of seed for an input of `inputBytes`: one bit less than the input, so the last bit is unused. */
export const seedBytes = (inputBytes: number): number => inputBytes;

/** The bytes from `start`, which may lie before the first, with zeros where there are none. */
const windowOf = (bytes: Uint8Array, start: number, length: number): Uint8Array => {
  const window = new Uint8Array(length);
  window.set(bytes.subarray(Math.max(0, start), Math.max(0, start + length)), Math.max(0, -start));
  return window;
};

/**
 * Compresses a reconciled key.
 * @param input n bits as bytes
 * @param seed as many bytes, drawn after sifting and never used before
 * @param outputBytes ℓ / 8, at least 1 and less than the input
 * @throws RangeError for other lengths
 */
export const amplify = (input: Uint8Array, seed: Uint8Array, outputBytes: number, products = vectorProducts()): Uint8Array => {
  if (seed.length !== input.length || outputBytes < 1 || outputBytes >= input.length) {
    throw new RangeError(`${input.length} bytes with ${seed.length} bytes of seed cannot be amplified to ${outputBytes} bytes`);
  }
  const columns = input.length - outputBytes;
  const [height, width] = input.length <= TILE_BYTES ? [outputBytes, columns] : [TILE_BYTES / 2, TILE_BYTES / 2];
  const [tileRows, tileColumns] = [Math.ceil(outputBytes / height), Math.ceil(columns / width)];

  // Slots: the sums of the rows of tiles, the columns' parts of the input, and one window of the seed.
  const window = tileRows + tileColumns;
  for (let row = 0; row < tileRows; row++) products.clear(row);
  for (let column = 0; column < tileColumns; column++) {
    const start = outputBytes + column * width;
    products.load(tileRows + column, input.subarray(start, start + width));
  }
  for (let diagonal = 1 - tileColumns; diagonal < tileRows; diagonal++) {
    products.load(window, windowOf(seed, columns - width + diagonal * width, height + width));
    for (let row = Math.max(0, diagonal); row < Math.min(tileRows, diagonal + tileColumns); row++) {
      products.multiplyAdd(row, tileRows + row - diagonal, window);
    }
  }

  const output = input.slice(0, outputBytes);
  for (let row = 0; row < tileRows; row++) {
    const product = products.take(row);
    // Row i of a tile is bit 8 · width − 1 + i of its product: one bit before a byte boundary.
    for (let i = 0; i < Math.min(height, outputBytes - row * height); i++) {
      const at = row * height + i;
      output[at] = (output[at] ?? 0) ^ ((product[width - 1 + i] ?? 0) >> 7) ^ ((product[width + i] ?? 0) << 1);
    }
  }
  return output;
};
