/** How much memory training will take, so that too little is refused with its reason before it begins, and not ended by the kernel without one. */
import { freemem } from 'node:os';
import type { Study } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { WorkerError } from '../error.js';
import { layersOf, parameterCount } from './model.js';
import { sizeOf } from './models/stage.js';

/** Node, the engine and the worker itself, measured over 30 rounds with its wasm backend (136 MB at most), rounded up. */
const residentBytes = 150e6;
const float = 4;

/**
 * An upper estimate of a worker's resident memory in a round, bytes: rows as text and as floats; parameters, gradients and
 * update in floats, doubles, words and sealed; the activations of one batch forward and back, and of all rows where the loss is taken over them.
 */
export function memoryNeeded(study: Pick<Study, 'model' | 'training'>, rows: number, width: number): number {
  const parameters = parameterCount(study.model);
  const activations = layersOf(study.model, width).reduce((sum, { outputShape }) => sum + sizeOf(outputShape), width);
  return residentBytes + rows * width * (float + 24) + parameters * (6 * float + 4 * 8) + Math.min(rows, study.training.batchSize) * activations * 4 * float;
}

/** What a process may still grow to, bytes: the smaller of its own limit, that of its control group, and what the machine has. */
export function memoryAllowed(limits: WorkerConfig['limits'], machine = { available: process.availableMemory(), free: freemem(), resident: process.memoryUsage.rss() }): number {
  const configured = limits?.memoryMb === undefined ? Infinity : limits.memoryMb * 1e6;
  return Math.min(configured, Math.max(machine.available, machine.free) + machine.resident);
}

/** @throws WorkerError MEMORY_SHORT. */
export function assertMemory(study: Pick<Study, 'model' | 'training'>, rows: number, width: number, limits: WorkerConfig['limits'], allowed = memoryAllowed(limits)): void {
  const needed = memoryNeeded(study, rows, width);
  if (needed <= allowed) return;
  const mb = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
  throw new WorkerError('MEMORY_SHORT', `training ${rows} rows of ${width} inputs on ${parameterCount(study.model)} parameters takes about ${mb(needed)}, and ${mb(allowed)} are allowed`, {
    remedy: 'Raise limits.memoryMb, or the memory of the machine or its control group (MemoryMax of the service); the study may take a smaller batchSize.',
  });
}
