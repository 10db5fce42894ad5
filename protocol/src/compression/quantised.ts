/** `int8` and `int4`: for each tensor one byte with its shift, then one integer of 8 or 4 bits a coordinate. */
import { concat } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { scaleDown, scaleUp } from './scale.js';

/** The largest integer of each kind; its negative is the smallest, so that rounding is symmetric. */
const largest = { 4: 7, 8: 127 } as const;

/** Bits of an integer. */
export type Width = keyof typeof largest;

const bytesOf = (count: number, width: Width): number => Math.ceil((count * width) / 8);

/** Integers as bytes in two's complement; of 4 bits two a byte, the lower half first, an odd last one with zero above it. */
function pack(integers: Float64Array, width: Width): Uint8Array {
  const bytes = new Uint8Array(bytesOf(integers.length, width));
  integers.forEach((value, k) => {
    if (width === 8) bytes[k] = value;
    else bytes[k >> 1] = (bytes[k >> 1] as number) | ((value & 15) << (4 * (k & 1)));
  });
  return bytes;
}

function unpack(bytes: Uint8Array, count: number, width: Width): Float64Array {
  if (width === 8) return Float64Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, count));
  if (count % 2 === 1 && (bytes[count >> 1] as number) > 15) throw new CodedError('BAD_ENCODING', 'the update has bits behind its last integer');
  return Float64Array.from({ length: count }, (_, k) => (((bytes[k >> 1] as number) >> (4 * (k & 1))) << 28) >> 28);
}

/** How many bytes quantised tensors have. @param sizes of the tensors, in coordinates. */
export const quantisedBytes = (sizes: readonly number[], width: Width): number => sizes.reduce((sum, size) => sum + 1 + bytesOf(size, width), 0);

/** Quantises tensors. @param steps all coordinates, in steps of the grid. @param bound largest magnitude of a decoded value. */
export function quantise(steps: Float64Array, sizes: readonly number[], width: Width, bound: number): Uint8Array {
  let at = 0;
  return concat(...sizes.map((size) => {
    const { shift, integers } = scaleDown(steps.subarray(at, at += size), largest[width], bound);
    return concat(Uint8Array.of(shift), pack(integers, width));
  }));
}

/** The coordinates in steps of the grid. @throws CodedError BAD_ENCODING. */
export function dequantise(bytes: Uint8Array, sizes: readonly number[], width: Width, bound: number): Float64Array {
  const steps = new Float64Array(sizes.reduce((sum, size) => sum + size, 0));
  let [from, to] = [0, 0];
  for (const size of sizes) {
    const end = from + 1 + bytesOf(size, width);
    steps.set(scaleUp({ shift: bytes[from] as number, integers: unpack(bytes.subarray(from + 1, end), size, width) }, largest[width], bound), to);
    from = end;
    to += size;
  }
  return steps;
}
