/** A server strategy's state as a blob: float64 little-endian, −0 as +0, named by its digest in `result.state` (PROTOCOL section 5). */
import { CodedError } from '../error.js';

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @throws CodedError NOT_FINITE. */
export function encodeState(state: Float64Array): Uint8Array {
  const bytes = new Uint8Array(8 * state.length);
  const view = viewOf(bytes);
  state.forEach((value, k) => {
    if (!Number.isFinite(value)) throw new CodedError('NOT_FINITE', `value ${k} of the server's state is not finite`);
    view.setFloat64(8 * k, value + 0, true);
  });
  return bytes;
}

/** Reads a state of so many values in its one form. @throws CodedError BAD_ENCODING for another length or −0; NOT_FINITE. */
export function decodeState(bytes: Uint8Array, length: number): Float64Array {
  if (bytes.length !== 8 * length) throw new CodedError('BAD_ENCODING', `a state of ${bytes.length} bytes does not hold ${length} values`);
  const view = viewOf(bytes);
  return new Float64Array(length).map((_, k) => {
    const value = view.getFloat64(8 * k, true);
    if (!Number.isFinite(value)) throw new CodedError('NOT_FINITE', `value ${k} of the server's state is not finite`);
    if (Object.is(value, -0)) throw new CodedError('BAD_ENCODING', `value ${k} of the server's state is -0, which is stored as +0`);
    return value;
  });
}
