/** The command `fl-worker metrics export`: a study's rounds for TensorBoard and MLflow. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '@epione/client';
import { readConfig } from '../config.js';
import { writeStore } from '../export/mlflow.js';
import { seriesOf, type Point } from '../export/series.js';
import { eventFile, eventFileName } from '../export/tensorboard.js';
import { workerStatus } from '../status.js';
import { memberCommand, type Print, type SiteOptions } from './member-command.js';

interface Options extends SiteOptions {
  readonly tensorboard?: string;
  readonly mlflow?: string;
}

/** Writes an event file; an earlier one of this site goes, because TensorBoard draws all files of a folder as one run. */
async function writeEvents(folder: string, mspId: string, points: readonly Point[], now: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (name.startsWith('events.out.tfevents.') && name.endsWith(`.${mspId}`)) await rm(join(folder, name));
  const file = join(folder, eventFileName(mspId, now));
  await writeFile(file, eventFile(points, now));
  return file;
}

/** Adds `metrics export`. */
export function addMetricsCommand(program: Command, print: Print): void {
  const example = 'Example:\n  $ fl-worker metrics export --config worker.yaml --tensorboard runs/HospitalA --mlflow mlruns\n';
  const metrics = program.command('metrics').description('numbers of a study\'s rounds, for other programs').addHelpText('before', example);
  memberCommand(metrics, 'export', 'write durations, outcomes, QKD bits and epsilon of each round for TensorBoard and MLflow; losses on the site\'s rows are not kept, so none is written')
    .addHelpText('before', example)
    .option('--tensorboard <dir>', 'folder for an event file')
    .option('--mlflow <dir>', 'a file store, as mlflow ui --backend-store-uri takes it')
    .action(async ({ config: path, tensorboard, mlflow, json }: Options) => {
      if (tensorboard === undefined && mlflow === undefined) throw new UsageError('nothing to write: give --tensorboard, --mlflow or both');
      const found = await workerStatus(await readConfig(path));
      const [points, now] = [seriesOf(found), Date.now()];
      const written = [
        ...(tensorboard === undefined ? [] : [await writeEvents(tensorboard, found.mspId, points, now)]),
        ...(mlflow === undefined ? [] : [await writeStore(found, points, now, mlflow)]),
      ];
      print(json, { written, rounds: found.rounds.length, points: points.length }, `${written.map((file) => `wrote ${file}`).join('\n')}\n${points.length} points of ${found.rounds.length} rounds`);
    });
}
