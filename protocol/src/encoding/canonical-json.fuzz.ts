/** Fuzz target: canonical JSON is accepted in its one form only. */
import { decodeCanonical, encodeCanonical } from './canonical-json.js';
import { CodedError } from '../error.js';

export const targets = [{
  name: 'canonical JSON', weight: 20, changed: 'canonical',
  samples: () => [{ a: 1, b: [true, 'ü€😀', -5, {}], c: { d: 'x\n"\\', e: [] } }, ['q', 2 ** 53 - 1], { list: Array.from({ length: 20 }, (_, at) => ({ id: `m${at}`, n: at })) }].map(encodeCanonical),
  read: (input: Uint8Array) => encodeCanonical(decodeCanonical(input)),
  isRefusal: (error: unknown) => error instanceof CodedError,
}];
