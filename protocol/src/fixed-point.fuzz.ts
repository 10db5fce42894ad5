/** Fuzz targets: what is in a sealed update once it is open, and models. */
import { CodedError } from './error.js';
import { decodeModel, encodeModel, encodeUpdate, readVector } from './fixed-point.js';

const encoding = { bits: 64, fractionBits: 24, clip: '8', maxWeight: 1000 } as const;
const isRefusal = (error: unknown): boolean => error instanceof CodedError;

export const targets = [
  { name: 'update, opened', weight: 10, changed: 'readable', samples: () => [encodeUpdate([1.5, -2, 0.25, 7], encoding, 12)], isRefusal, read: (input: Uint8Array) => readVector(input, encoding, 4) },
  { name: 'model', weight: 10, changed: 'canonical', samples: () => [encodeModel(Float32Array.of(1.5, -2, 0, 7e20))], isRefusal, read: (input: Uint8Array) => encodeModel(decodeModel(input)) },
];
