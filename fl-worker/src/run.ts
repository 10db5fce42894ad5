/** From a configuration to a finished study: opens everything, serves blobs, runs the worker, closes everything. */
import { readFile } from 'node:fs/promises';
import { getPriority, setPriority } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import { latestEpoch, participantsOf, type Digest, type Study } from '@epione/protocol';
import { serveBlobs } from './blobs/blob-server.js';
import { findTag } from './blobs/tags.js';
import type { WorkerConfig } from './config.js';
import { readCsv } from './data/csv.js';
import { assertWeight, toDataset, type Dataset } from './data/dataset.js';
import { WorkerError } from './error.js';
import { withoutRepeats } from './progress.js';
import { RevealDesk } from './masked/reveal-desk.js';
import { BeforeOpening } from './masked/before-opening.js';
import { awaitStudy } from './round/await-study.js';
import { Bell } from './round/bell.js';
import { evaluateAtEnd } from './round/evaluation.js';
import { Remembered } from './round/remembered.js';
import { RescueDesk } from './round/rescue.js';
import { readTls, watchTls } from './site/https.js';
import { openMembership, openSite } from './site/membership.js';
import type { Site, Surroundings } from './site/site.js';
import { studyDigestOf } from './site/study-desk.js';
import { begunEngine, keepEngine } from './state/begun-engine.js';
import { openState } from './state/database.js';
import { studyState } from './state/study-state.js';
import { chooseEngine } from './training/engine-choice.js';
import { assertMemory } from './training/memory.js';
import { Worker, type Ending, type RunOptions } from './worker.js';

async function readRows(path: string, study: Study, idColumn?: string): Promise<Dataset> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new WorkerError('DATA_MISSING', `cannot read the data file ${path}`, { cause });
  });
  return toDataset(readCsv(text), study, idColumn);
}

/** Reads the site's rows by the study's feature list. @throws WorkerError DATA_MISSING, DATA_INVALID with all faults. */
export async function readTrainingData(config: WorkerConfig, study: Study): Promise<Dataset> {
  const { data } = config;
  if (data === undefined) throw new WorkerError('DATA_MISSING', `${config.mspId} is a participant of the study, and its configuration names no data`, { remedy: 'Set data.train to the CSV file.' });
  const rows = await readRows(data.train, study, data.idColumn);
  assertWeight(study, rows, config.mspId);
  return rows;
}

/** Gives way to other programs as the configuration says; the engines read how many threads they may have when they are loaded. */
function takeLimits(limits: WorkerConfig['limits']): void {
  if (limits?.nice !== undefined) setPriority(Math.max(limits.nice, getPriority()));
  if (limits?.cpuThreads !== undefined) for (const name of ['OMP_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS']) process.env[name] = String(limits.cpuThreads);
}

/** Chooses what trains, tells it, and keeps the choice for the next start. */
async function takeEngine({ elapsed, report }: Site, study: Study, inputs: number, database: DatabaseSync): Promise<void> {
  const { engine, reason } = await chooseEngine(study, inputs, begunEngine(database), elapsed);
  keepEngine(database, engine.name);
  report('engine', { engine: engine.name, version: engine.told, reason });
}

/** Takes part in one study with an opened site: serves blobs, waits for the study, runs the worker, closes what it opened. @throws as `runWorker`. */
export async function takePart(opened: Site, digest: Digest, options: RunOptions): Promise<Ending> {
  const { config, report, ledger } = opened;
  using database = openState(config.state, digest);
  using bell = new Bell(ledger);
  const site: Site = { ...opened, records: new Remembered(bell, opened.elapsed) };
  const state = studyState(database);
  const before = new BeforeOpening(site, digest, state);
  const study = await awaitStudy(site, digest, bell, options.signal, (document, approvedBy) => before.step(document, approvedBy));
  if (study === undefined) return { outcome: 'stopped' };
  const { document, course } = study;
  if (document.suites.signature !== site.own.record.signatureSuite) throw new WorkerError('SUITE_REFUSED', `the study signs with ${document.suites.signature}, this site with ${site.own.record.signatureSuite}`, { remedy: 'Set suites in the configuration and initialise the site anew.' });
  const last = latestEpoch(course);
  const participates = participantsOf(last).includes(config.mspId);
  // Rows of a site that may yet join are read now, so that faults in them are told before its first round.
  const training = participates || config.data !== undefined ? await readTrainingData(config, document) : undefined;
  if (training !== undefined) assertMemory(document, training.rows, training.width, config.limits);
  const test = config.data?.test === undefined ? undefined : await readRows(config.data.test, document);
  if (training !== undefined) await takeEngine(site, document, training.width, database);
  state.outbox.giveUpOthers(site.own.digest);
  const [rescues, reveals] = [new RescueDesk(site, study, state), new RevealDesk(site, study, state)];
  await using server = await serveBlobs(site.blobs, await readTls(config.blobServer), config.blobServer.host, config.blobServer.port, async (path) => reveals.serve(path) ?? (await rescues.serve(path)) ?? findTag(config.state, path));
  report('joined', { port: server.port, study: digest, name: document.name, participant: participates, aggregator: last.aggregators.includes(config.mspId), rows: training?.rows, rounds: document.rounds.count });
  const renewTls = watchTls(config.blobServer, [server, site.source], report);
  const ending = await new Worker(site, study, state, bell, training, rescues, reveals).run(options, renewTls);
  if (training === undefined || test === undefined || ending.model === undefined || ending.outcome === 'stopped') return ending;
  const evaluation = await evaluateAtEnd(site, study, state, ending.model, training, test);
  return { ...ending, ...(evaluation === undefined ? {} : { evaluation }) };
}

/**
 * Runs a worker until its study is over or `options.signal` fires.
 * @throws WorkerError and CodedError for everything that cannot pass by itself.
 */
export async function runWorker(config: WorkerConfig, surroundings: Surroundings, options: RunOptions): Promise<Ending> {
  takeLimits(config.limits);
  const digest = await studyDigestOf(config.study);
  const membership = await openMembership(config);
  using ledger = membership.ledger;
  return await takePart(await openSite({ ...membership, ledger }, { ...surroundings, report: withoutRepeats(surroundings.report) }), digest, options);
}
