/** The one place TensorFlow.js comes from: two copies of its core would clash, so nobody else imports it by name. */
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import * as core from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { registerWasmConvolutions } from './wasm-convolutions.js';

/** TensorFlow.js with a backend that is ready. */
export type Tf = typeof core;
export type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

const processEvents = ['uncaughtException', 'unhandledRejection'] as const;

async function start(): Promise<Tf> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(join(dirname(entry), sep));
  const before = processEvents.map((event) => process.rawListeners(event));
  await core.setBackend('wasm');
  await core.ready();
  registerWasmConvolutions();
  // The backend's loader hangs handlers of its own on the process, which would print its source over every fault of ours.
  processEvents.forEach((event, at) => {
    for (const listener of process.rawListeners(event)) if (!before[at]?.includes(listener)) process.off(event, listener as () => void);
  });
  return core;
}

let started: Promise<Tf> | undefined;

/**
 * Loads TensorFlow.js on its wasm backend: fastest for small tabular models, and its arithmetic (SIMD without fused or relaxed
 * operations, one thread) gives the same bytes for the same inputs on every machine.
 */
export function loadTf(): Promise<Tf> {
  started ??= start();
  return started;
}
