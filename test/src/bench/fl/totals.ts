/** Thirty rounds among four sites from the first process to the last model, beside Flower's simulation and its deployment mode. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figure, type Figure } from '../figure.js';
import { median } from '../statistics.js';
import { Federation, type OurTotal, type Total } from './federation.js';
import { Deployment, simulated } from './flower.js';
import { rivalPython } from './rival-python.js';
import { models, rounds, writeTask, type ModelName } from './tasks.js';

const names = Object.keys(models) as ModelName[];

/** What the totals are told. */
export interface TotalFlags {
  readonly runs: number;
  readonly python: string | undefined;
  readonly state: string;
  /** How long our orderers collect a block, ms. */
  readonly batchIntervalMs: number;
  /** Rounds of the deployment mode that are run; the rest is reckoned, because each takes many seconds. */
  readonly deploymentRounds: number;
}

/** Seconds of all rounds in deployment mode, from the time of one round and of some more. */
async function deployed(deployment: Deployment, task: string, count: number): Promise<number> {
  const [one, all] = [await deployment.run(task, 1), await deployment.run(task, count)];
  return count === rounds ? all : one + ((all - one) * (rounds - 1)) / (count - 1);
}

/** `fl.total.4sites.*` in seconds, `fl.rss.4sites` in megabytes, and what ledger and keys take of a round on the network. @throws RivalMissing without Flower. */
export async function totalFigures({ runs, python: named, state, batchIntervalMs, deploymentRounds }: TotalFlags): Promise<Figure[]> {
  const python = await rivalPython('flower', named);
  const folder = mkdtempSync(join(tmpdir(), 'epione-bench-flower-'));
  const [ours, simulation]: [Record<ModelName, OurTotal[]>, Record<ModelName, Total[]>] = [{ lr: [], mlp: [] }, { lr: [], mlp: [] }];
  const deployment: Record<ModelName, number[]> = { lr: [], mlp: [] };
  try {
    const tasks: Partial<Record<ModelName, string>> = {};
    {
      await using federation = await Federation.start(state, batchIntervalMs);
      for (const name of names) {
        tasks[name] = writeTask(folder, name, federation.data);
        for (let run = 0; run < runs; run++) ours[name].push(await federation.run(name));
      }
    }
    // The network is down again: the rival has the machine to itself, as it needs no ledger.
    for (const name of names) for (let run = 0; run < runs; run++) simulation[name].push(await simulated(python, tasks[name] as string));
    using supernodes = await Deployment.start(python, folder);
    for (const name of names) deployment[name].push(await deployed(supernodes, tasks[name] as string, deploymentRounds));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const seconds = (of: readonly Total[]): number[] => of.map((total) => total.seconds);
  return [
    ...names.flatMap((name) => [
      figure(`fl.total.4sites.${name}`, 's', seconds(ours[name]), 'flower-simulation', seconds(simulation[name])),
      figure(`fl.total.4sites.${name}`, 's', seconds(ours[name]), 'flower-deployment', deployment[name]),
    ]),
    figure('fl.rss.4sites', 'MB', ours.mlp.map(({ peakMb }) => peakMb), 'flower-simulation', simulation.mlp.map(({ peakMb }) => peakMb)),
    figure('fl.overhead.ledger.4sites', 'ms', ours.mlp.map(({ ledgerMs }) => median(ledgerMs)), 'two batch intervals', [2 * batchIntervalMs]),
    figure('fl.overhead.keys.4sites', 'ms', ours.mlp.map(({ keysAndSealingMs }) => median(keysAndSealingMs)), 'a round', ours.mlp.map((total) => (total.seconds * 1000) / rounds)),
  ];
}
