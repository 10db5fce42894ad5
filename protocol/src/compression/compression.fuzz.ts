/** Fuzz targets: compressed updates, opened. What is accepted lies on the grid and has a weight. */
import { CodedError } from '../error.js';
import { readVector } from '../fixed-point.js';
import type { Study } from '../statements/study.js';
import { packUpdate, unpackUpdate, type Compressed } from './compression.js';
import type { Compression } from './terms.js';

const kinds: readonly Compression[] = [{ kind: 'int8', errorFeedback: false }, { kind: 'int4', errorFeedback: true }, { kind: 'top-k', share: '0.5', errorFeedback: true }];
const isRefusal = (error: unknown): boolean => error instanceof CodedError;

export const targets = kinds.map((compression) => {
  const study: Compressed = { encoding: { bits: 64, fractionBits: 24, clip: '8', maxWeight: 1000, compression }, model: { tensors: [{ name: 'weights', shape: [3] }, { name: 'bias', shape: [1] }] } as unknown as Study['model'] };
  return {
    name: `update in ${compression.kind}, opened`, weight: 4, changed: 'readable', isRefusal,
    samples: () => [packUpdate(Float64Array.of(1.5, -2, 0.25, 7), study, 12), packUpdate(new Float64Array(4), study, 1)],
    read: (input: Uint8Array) => readVector(unpackUpdate(input, study), study.encoding, 4),
  };
});
