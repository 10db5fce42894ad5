/** `top-k`: one byte with a shift, then the k coordinates of largest magnitude in their order, each a place and an integer of 32 bits. */
import { CodedError } from '../error.js';
import { scaleDown, scaleUp } from './scale.js';

const largest = 2 ** 31 - 1;
const entryBytes = 8;

/** k: a share of the coordinates, rounded up. */
export const kept = (count: number, share: number): number => Math.min(count, Math.max(1, Math.ceil(count * share)));

/** How many bytes k of the coordinates have. */
export const sparseBytes = (k: number): number => 1 + entryBytes * k;

/** Chooses k coordinates; of equal ones the first. @param steps all coordinates, in steps of the grid. @param bound largest magnitude of a decoded value. */
export function sparsify(steps: Float64Array, k: number, bound: number): Uint8Array {
  const places = Uint32Array.from(steps.keys()).sort((a, b) => Math.abs(steps[b] as number) - Math.abs(steps[a] as number) || a - b).slice(0, k).sort();
  const { shift, integers } = scaleDown(Float64Array.from(places, (place) => steps[place] as number), largest, bound);
  const bytes = new Uint8Array(sparseBytes(k));
  const view = new DataView(bytes.buffer);
  bytes[0] = shift;
  places.forEach((place, at) => {
    view.setUint32(1 + entryBytes * at, place, true);
    view.setInt32(5 + entryBytes * at, integers[at] as number, true);
  });
  return bytes;
}

/** All coordinates in steps of the grid, zero where nothing was sent. @throws CodedError BAD_ENCODING. */
export function densify(bytes: Uint8Array, count: number, k: number, bound: number): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const integers = Float64Array.from({ length: k }, (_, at) => view.getInt32(5 + entryBytes * at, true));
  const values = scaleUp({ shift: bytes[0] as number, integers }, largest, bound);
  const steps = new Float64Array(count);
  let before = -1;
  values.forEach((value, at) => {
    const place = view.getUint32(1 + entryBytes * at, true);
    if (place <= before || place >= count) throw new CodedError('BAD_ENCODING', `the update names coordinate ${place} out of order or beyond its ${count}`);
    steps[place] = value;
    before = place;
  });
  return steps;
}
