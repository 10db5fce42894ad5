/** A run in MLflow's file store, `mlruns/<experiment>/<run>`: meta.yaml, one file a metric with lines "time value step", params, tags (mlflow/store/tracking/file_store.py). */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { stringify } from 'yaml';
import type { WorkerStatus } from '../status.js';
import type { Point } from './series.js';

/** MLflow's numbers for `RunStatus` and `SourceType` (protos/service.proto, entities/source_type.py). */
const status = { running: 1, finished: 3 } as const;
const localSource = 4;

/** IDs that are the same at every export, so that a later one replaces the earlier; experiments have 18 digits, runs 32 hex. */
const hexOf = (study: string): string => study.slice(study.indexOf(':') + 1);
const experimentOf = (study: string): string => String(BigInt(`0x${hexOf(study).slice(0, 14)}`)).padStart(18, '1');
const runOf = ({ study, mspId }: WorkerStatus): string => hexOf(study).slice(0, 24) + crc32(mspId).toString(16).padStart(8, '0');

/** The files of a study's run, by name below the store. */
export function storeFiles(found: WorkerStatus, points: readonly Point[], timeMs: number, store: string): Map<string, string> {
  const [experiment, run] = [experimentOf(found.study), runOf(found)];
  const uri = (...names: string[]): string => pathToFileURL(join(resolve(store), experiment, ...names)).href;
  const at = (...names: string[]): string => join(experiment, run, ...names);
  const done = found.state === 'complete';
  const files = new Map<string, string>([
    [join(experiment, 'meta.yaml'), stringify({ artifact_location: uri(), creation_time: timeMs, experiment_id: experiment, last_update_time: timeMs, lifecycle_stage: 'active', name: found.study })],
    [at('meta.yaml'), stringify({
      artifact_uri: uri(run, 'artifacts'), end_time: done ? timeMs : null, entry_point_name: '', experiment_id: experiment, lifecycle_stage: 'active', run_id: run, run_name: found.mspId, run_uuid: run,
      source_name: '', source_type: localSource, source_version: '', start_time: timeMs, status: done ? status.finished : status.running, tags: [], user_id: found.mspId,
    })],
    [at('params', 'study'), found.study], [at('params', 'organization'), found.mspId],
    [at('tags', 'mlflow.runName'), found.mspId], [at('tags', 'mlflow.user'), found.mspId],
  ]);
  for (const { name, round, value } of points) files.set(at('metrics', ...name.split('/')), `${files.get(at('metrics', ...name.split('/'))) ?? ''}${timeMs} ${value} ${round}\n`);
  return files;
}

/** Writes a run into a file store, over an earlier export of the same study. @returns the run's folder. */
export async function writeStore(found: WorkerStatus, points: readonly Point[], timeMs: number, store: string): Promise<string> {
  for (const [name, content] of storeFiles(found, points, timeMs, store)) {
    await mkdir(dirname(join(store, name)), { recursive: true });
    await writeFile(join(store, name), content);
  }
  const folder = join(store, experimentOf(found.study), runOf(found));
  // MLflow takes no folder for a run's that lacks one of these; before the first round there is no metric.
  for (const name of ['artifacts', 'metrics']) await mkdir(join(folder, name), { recursive: true });
  return folder;
}
