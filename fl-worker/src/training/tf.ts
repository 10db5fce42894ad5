/** The one place TensorFlow.js comes from: two copies of its core would clash, so nobody else imports it by name. */
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import type * as core from '@tensorflow/tfjs-core';
import type * as backend from '@tensorflow/tfjs-backend-wasm';
import type { Study } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { registerWasmConvolutions } from './wasm-convolutions.js';

/** TensorFlow.js with a backend that is ready. */
export type Tf = typeof core;
export type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

/** What computes: WebAssembly, or the TensorFlow library of `@tensorflow/tfjs-node`. */
export type EngineName = NonNullable<Study['training']['engine']>;

/** An engine that is ready. */
export interface Engine {
  readonly name: EngineName;
  /** Name and version, for people. */
  readonly told: string;
  readonly tf: Tf;
}

const require = createRequire(import.meta.url);
const processEvents = ['uncaughtException', 'unhandledRejection'] as const;

async function startWasm(): Promise<Engine> {
  // Required where it is first used: who only aggregates does without it, and an import would read its million characters twice to find out what kind of module they are.
  const tf = require('@tensorflow/tfjs-core') as Tf;
  const { setWasmPaths, version_wasm } = require('@tensorflow/tfjs-backend-wasm') as typeof backend;
  setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), sep));
  const before = processEvents.map((event) => process.rawListeners(event));
  await tf.setBackend('wasm');
  await tf.ready();
  registerWasmConvolutions(tf);
  // The backend's loader hangs handlers of its own on the process, which would print its source over every fault of ours.
  processEvents.forEach((event, at) => {
    for (const listener of process.rawListeners(event)) if (!before[at]?.includes(listener)) process.off(event, listener as () => void);
  });
  return { name: 'wasm', told: `tfjs-backend-wasm ${version_wasm}`, tf };
}

/** A package that stands beside this one where somebody has built it (docs/engine.md); it brings a core of its own. */
const native = '@tensorflow/tfjs-node';

/** Whether the TensorFlow library's package is there. */
export function hasTensorflow(): boolean {
  try {
    return require.resolve(native) !== '';
  } catch {
    return false;
  }
}

async function startTensorflow(): Promise<Engine> {
  if (!hasTensorflow()) throw new WorkerError('ENGINE_MISSING', `${native} is not installed`, { remedy: 'Build it as docs/engine.md says, or take part in studies that do not name the engine tensorflow.' });
  // The last release calls two functions that Node 23 took away.
  const util = require('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === undefined || value === null;
  util['isArray'] ??= Array.isArray;
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  try {
    const tf = require(native) as Tf & { readonly version: { readonly 'tfjs-node'?: string } };
    await tf.ready();
    return { name: 'tensorflow', told: `tfjs-node ${tf.version['tfjs-node'] ?? ''} with its TensorFlow library`, tf };
  } catch (cause) {
    throw new WorkerError('ENGINE_MISSING', `${native} cannot be loaded: ${(cause as Error).message}`, { cause, remedy: 'Build it again as docs/engine.md says.' });
  }
}

const started = new Map<EngineName, Promise<Engine>>();
let used: EngineName = 'wasm';

/** Starts an engine once. @throws WorkerError ENGINE_MISSING. */
export function openEngine(name: EngineName): Promise<Engine> {
  const engine = started.get(name) ?? (name === 'wasm' ? startWasm() : startTensorflow());
  started.set(name, engine);
  return engine;
}

/** Makes an engine the one that this process computes with from now on; what is under way ends on the one that it began on. */
export function useEngine({ name }: Engine): void {
  used = name;
}

/**
 * TensorFlow.js on the engine in use. That is wasm unless another was chosen: fastest for small tabular models, and its arithmetic
 * (SIMD without fused or relaxed operations, one thread) gives the same bytes for the same inputs on every machine.
 */
export const loadTf = async (): Promise<Tf> => (await openEngine(used)).tf;
