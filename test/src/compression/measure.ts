/** One measured study: what compression leaves of the bytes, and of the accuracy. */
import { compressedBytes, updateLength, vectorLength, type Compression } from '@epione/protocol';
import { evaluate, initialParameters, simulate, simulatedStudy } from '@epione/fl-worker';
import { dealt, type Task } from './tasks.js';

/** What is measured of a study. */
export interface Measured {
  /** Of a hospital's update in a round, before it is sealed. */
  readonly bytes: number;
  /** Of the last model, on rows that nobody trained on; 0 to 1. */
  readonly accuracy: number;
  readonly logLoss: number;
}

/** Runs a study among simulated hospitals. @param compression undefined for the words as they are. */
export async function measure(task: Task, compression: Compression | undefined, seed: string): Promise<Measured> {
  const { sites, test } = dealt(task, seed);
  const names = sites.map((_, at) => `Hospital${at + 1}`);
  const { encoding } = task.template;
  const study = simulatedStudy({ ...task.template, encoding: { ...encoding, ...(compression === undefined ? {} : { compression }) } }, names);
  let parameters = study.model.kind === 'mlp' ? initialParameters(study.model, task.data.width, seed) : new Float32Array(study.model.dimension);
  for await (const round of simulate({ study, sites: new Map(sites.map((rows, at) => [names[at] as string, rows])), seed, initial: parameters })) {
    if (round.code !== undefined) throw new Error(`round ${round.round}: ${round.code}`);
    ({ parameters } = round);
  }
  const { accuracy, logLoss } = await evaluate(study, parameters, test);
  return { bytes: compressedBytes(study) ?? vectorLength(encoding.bits, updateLength(study, study.model.dimension)), accuracy, logLoss };
}

/** What the table compares. */
export const kinds: Readonly<Record<string, Compression | undefined>> = {
  'words of 64 bits': undefined,
  'int8': { kind: 'int8', errorFeedback: false },
  'int8, error feedback': { kind: 'int8', errorFeedback: true },
  'int4': { kind: 'int4', errorFeedback: false },
  'int4, error feedback': { kind: 'int4', errorFeedback: true },
  'top 10 %': { kind: 'top-k', share: '0.1', errorFeedback: false },
  'top 10 %, error feedback': { kind: 'top-k', share: '0.1', errorFeedback: true },
  'top 1 %': { kind: 'top-k', share: '0.01', errorFeedback: false },
  'top 1 %, error feedback': { kind: 'top-k', share: '0.01', errorFeedback: true },
};

/** Mean over seeds. */
export async function measureAll(task: Task, name: string, seeds: number): Promise<Measured> {
  const all: Measured[] = [];
  for (let seed = 1; seed <= seeds; seed++) all.push(await measure(task, kinds[name], `seed ${seed}`));
  const mean = (of: (one: Measured) => number): number => all.reduce((sum, one) => sum + of(one), 0) / seeds;
  return { bytes: mean(({ bytes }) => bytes), accuracy: mean(({ accuracy }) => accuracy), logLoss: mean(({ logLoss }) => logLoss) };
}
