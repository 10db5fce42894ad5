/** Time, randomness and reports of a process, as its commands hand them on. */
import { randomBytes } from 'node:crypto';
import type { WorkerConfig } from '../config.js';
import { reportTo } from '../progress.js';
import type { Surroundings } from '../site/site.js';

/** The real ones: events go to stderr, as lines for people on a terminal and as JSON otherwise. */
export function surroundings({ mspId }: Pick<WorkerConfig, 'mspId'>, json: boolean): Surroundings {
  const report = reportTo(process.stderr, process.stderr.isTTY && !json, { mspId }, Date.now);
  return { now: Date.now, elapsed: () => performance.now(), random: (length) => new Uint8Array(randomBytes(length)), report };
}
