/** One federated study from nothing to the auditor's verdict: what `npm start` does and the end-to-end tests repeat. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { connect, readProfile, type Ledger, type Verdict } from '@epione/client';
import { studyFrom, type StudyTemplate, type WorkerStatus } from '@epione/fl-worker';
import { decodeModel, type Digest, type Study } from '@epione/protocol';
import { stringify } from 'yaml';
import { command, CommandError } from './command.js';
import { Consortium, hospitals, organizations, Places, type Eavesdropper, type Organization } from './consortium.js';
import { divideData, Judge, type StudyData } from './data.js';
import { linkOutcome, privacyOutcome, refusalOf, roundOutcomes } from './findings.js';
import { compare, type StudyOutcome } from './outcome.js';
import type { Progress } from './progress.js';
import { studyOfRun, type StudyChanges } from './study-file.js';

/** What a study is held with. */
export interface HoldOptions {
  /** Fixes the division of the data and, without a privacy budget, the order of rows and so the final model. */
  readonly seed: string;
  readonly eve?: Eavesdropper;
  readonly progress: Progress;
  /** Who trains; the hospitals of the shipped topology when absent. The regulator decides and recomputes with them. */
  readonly participants?: readonly string[];
  /** Every aggregator keeps content keys for the auditor, not the regulator alone: where a committee recomputes, nobody opens all rounds. */
  readonly allKeepKeys?: boolean;
  /** Called once the workers run; what it returns is awaited before the run ends. For tests. */
  readonly alongside?: (consortium: Consortium, study: string) => Promise<void>;
}

/** What a run may be told. */
export interface RunOptions extends HoldOptions, StudyChanges {
  /** Folder of all state; the network and the workers' keys in it are used again. */
  readonly state: string;
}

/** Where the parts of a run are, for those who look at them afterwards. */
export interface RunResult {
  readonly outcome: StudyOutcome;
  readonly places: Places;
  readonly evidence: string;
  readonly contentKeys: string;
  readonly reveals: string;
}

/** The next unused run name; each run has a study of its own on the same ledger. */
export function nextName(places: Places): string {
  const folder = join(places.root, 'runs');
  const taken = existsSync(folder) ? readdirSync(folder).length : 0;
  return `wdbc-${taken + 1}`;
}

/** Registers the study, approves it in every member's name, records the patients' consents at each hospital. */
async function agree(places: Places, studyFile: string, { participants, aggregators }: Study): Promise<Digest> {
  const config = (organization: string): string[] => ['--config', places.workerConfig(organization)];
  const { study } = await command<{ study: Digest }>('fl-worker', ['study', 'register', studyFile, ...config(hospitals[0]), '--participants', ...participants, '--aggregators', ...aggregators]);
  await Promise.all(aggregators.map((organization) => command('fl-worker', ['study', 'approve', study, ...config(organization)])));
  await Promise.all(participants.map((hospital) => command('fl-worker', ['consent', 'grant', '--study', study, ...config(hospital)])));
  return study;
}

/** The ledger as the regulator's auditor sees it. */
const asAuditor = async ({ places }: Consortium): Promise<Ledger> => connect(await readProfile(places.profile('Regulator')), { identity: 'auditor' });

/** Tells the state of the round that is running, for the progress line. */
async function watch(consortium: Consortium, study: string, rounds: number, progress: Progress, done: Promise<unknown>): Promise<void> {
  using ledger = await asAuditor(consortium);
  const over = new AbortController();
  void done.finally(() => {
    over.abort();
  });
  let round = 1;
  while (!over.signal.aborted && round <= rounds) {
    const records = await ledger.getRound(study, round).catch(() => undefined);
    const submitted = records?.slots.length ?? 0;
    const attested = records?.attestations.length ?? 0;
    progress.note(`round ${round}/${rounds}, ${submitted} of ${hospitals.length} updates, ${attested} attestations`);
    if (attested > organizations.length / 2 || records?.closing?.statement.kind === 'abort') round += 1;
    else await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function enrol(consortium: Consortium, settings: { seed: string; data: Pick<StudyData, 'sites'>; study?: string; allKeepKeys?: boolean }): Promise<void> {
  for (const organization of consortium.organizations) await consortium.configureWorker(organization, settings);
  if (settings.study !== undefined) return;
  await Promise.all(consortium.organizations.map((organization) => command('fl-worker', ['init', '--config', consortium.places.workerConfig(organization)])));
}

/** The document that the members agreed on, as the template and the network's profile give it. */
function studyDocument(consortium: Consortium, template: StudyTemplate, participants: readonly string[] = hospitals): Study {
  const { channel, genesis, chaincode } = consortium.profile('Regulator');
  return studyFrom(template, { channel, genesis: genesis as Digest, chaincode, participants: [...participants], aggregators: [...new Set([...participants, 'Regulator'])], observers: [] });
}

/** Every organization checks the whole chain and cosigns its log; the others sign the checkpoint that the first one made. */
async function cosign(places: Places): Promise<void> {
  const byOne = (organization: Organization): Promise<unknown> => command('fl-worker', ['cosign', '--config', places.workerConfig(organization), '--trust-root', places.trustRoot]);
  const [first, ...others] = organizations;
  await byOne(first);
  await Promise.all(others.map(byOne));
}

/** Exports the ledger and verifies it offline, with what aggregators keep for an auditor. */
export async function audit(consortium: Consortium, study: string, progress: Progress): Promise<{ verify: Verdict; evidence: string; contentKeys: string; reveals: string }> {
  const { places, runFolder } = consortium;
  const evidence = join(runFolder, 'evidence');
  await progress.step('Evidence exported', () => command('fl-audit', ['export', '--profile', places.profile('Regulator'), '--out', evidence]));
  const contentKeys = join(places.worker('Regulator'), 'state', 'content-keys.json');
  const reveals = join(places.worker('Regulator'), 'state', 'reveals.json');
  const handedOver = (name: string): string[] => consortium.organizations.map((organization) => join(places.worker(organization), 'state', name)).filter((file) => existsSync(file));
  const given = (option: string, files: readonly string[]): string[] => (files.length > 0 ? [option, ...files] : []);
  const blobs = consortium.organizations.map((organization) => places.blobs(organization));
  const args = ['verify', '--evidence', evidence, '--trust-root', places.trustRoot, '--study', study, '--blobs', ...blobs, ...given('--content-keys', handedOver('content-keys.json')), ...given('--reveals', handedOver('reveals.json'))];
  const verify = await progress.step('Verification, offline', () => command<Verdict>('fl-audit', args, [1]));
  return { verify, evidence, contentKeys, reveals };
}

/** Brings up the network, the key servers and the links between them. */
export async function bringUp(consortium: Consortium, { progress, eve }: Pick<RunOptions, 'progress' | 'eve'>): Promise<void> {
  await progress.step('Fabric network and chaincode', () => consortium.startNetwork());
  await progress.step('Quantum links and key servers', () => consortium.startKeyServers(eve));
}

/** A study that has been held: its document, and whether its rules refused it. */
export interface HeldStudy {
  readonly study: Digest;
  readonly document: Study;
  readonly refused: boolean;
}

/** Opens the study and waits for its workers. @returns whether the study's rules refused it. @throws Error for a worker that ended otherwise. */
async function conduct(consortium: Consortium, study: string, rounds: number, { eve, progress, alongside }: HoldOptions): Promise<boolean> {
  const { places } = consortium;
  const exitCodes = await progress.step('Federated rounds', async () => {
    consortium.startWorkers(eve === undefined ? [] : ['--stop-on-abort']);
    const done = consortium.workersDone();
    // Workers of a masked study agree on its pair keys before it can be opened; without them it is refused, and they end.
    const opened = await command('fl-worker', ['study', 'open', study, '--config', places.workerConfig(hospitals[0])]).then(() => true, (error: unknown) => {
      if (error instanceof CommandError && error.exitCode === 3) return false;
      throw error;
    });
    const [codes] = await Promise.all([done, watch(consortium, study, rounds, progress, done), opened ? alongside?.(consortium, study) : undefined]);
    return codes;
  });
  const broken = Object.entries(exitCodes).filter(([, code]) => code !== 0 && code !== 3);
  if (broken.length > 0) throw new Error(`${broken.map(([site, code]) => `the worker of ${site} ended with exit code ${code}`).join('; ')}; its log is in ${join(consortium.runFolder, 'logs')}`);
  return Object.values(exitCodes).includes(3);
}

/** Holds a study in a consortium that is up, from its registration to its end. */
export async function holdStudy(consortium: Consortium, template: StudyTemplate, data: Pick<StudyData, 'sites'>, options: HoldOptions): Promise<HeldStudy> {
  const { progress, seed, allKeepKeys = false } = options;
  const { places } = consortium;
  const studyFile = join(consortium.runFolder, 'study.yaml');
  writeFileSync(studyFile, stringify(template));
  await progress.step('Members enrolled', () => enrol(consortium, { seed, data }));
  const document = studyDocument(consortium, template, options.participants);
  const study = await progress.step('Study registered and approved, consents recorded', () => agree(places, studyFile, document));
  await enrol(consortium, { seed, data, study, allKeepKeys });
  return { study, document, refused: await conduct(consortium, study, document.rounds.count, options) };
}

/** The shipped study, with what the run was told to change, in a consortium that is up. */
export async function studyIn(consortium: Consortium, options: Omit<RunOptions, 'state'>): Promise<RunResult> {
  const { progress, seed } = options;
  const { places } = consortium;
  const name = basename(consortium.runFolder);
  const data = divideData(join(consortium.runFolder, 'data'), hospitals, seed);
  const { study, document, refused } = await holdStudy(consortium, studyOfRun(name, { ...options, impatient: options.eve !== undefined }), data, options);

  await progress.step('Log of blocks cosigned', () => cosign(places));
  const judge = new Judge(document, data);
  const baselines = await progress.step('Training without federation, to compare', () => judge.baselines(seed));
  const statuses = await Promise.all(organizations.map((organization) => command<WorkerStatus>('fl-worker', ['status', '--config', places.workerConfig(organization)])));
  const modelOf = (digest: string): Float32Array => decodeModel(readFileSync(join(places.blobs('Regulator'), digest.replace(':', '-'))));
  const rounds = await roundOutcomes(statuses, modelOf, judge);
  const links = (await consortium.links()).map(linkOutcome);
  const profile = consortium.profile('Regulator');
  using ledger = await asAuditor(consortium);
  const height = await ledger.height();
  const { verify, ...kept } = await audit(consortium, study, progress);
  const last = rounds.at(-1)?.model;
  const privacy = privacyOutcome(document, statuses);
  const outcome: StudyOutcome = {
    study: { digest: study, name },
    aggregation: document.aggregation.mode,
    ...(privacy === undefined ? {} : { privacy }),
    ...(refused ? { outcome: 'refused', refusal: await refusalOf(ledger, study, document, rounds, links) } : { outcome: 'complete' }),
    ...(last === undefined ? {} : { model: last }),
    ...compare(baselines.pooled, baselines.local, last === undefined ? undefined : await judge.judge(modelOf(last))),
    examples: { ...Object.fromEntries(Object.entries(data.sites).map(([site, { rows }]) => [site, rows])), heldOut: data.heldOutRows },
    links, ledger: { channel: profile.channel, genesis: profile.genesis, height },
    rounds, verify, seconds: progress.seconds,
  };
  writeFileSync(join(consortium.runFolder, 'outcome.json'), JSON.stringify(outcome, null, 2));
  return { outcome, places, ...kept };
}

/** Runs the study. Everything it started is stopped when it returns or throws; the state stays. */
export async function runStudy(options: RunOptions): Promise<RunResult> {
  const places = new Places(options.state);
  mkdirSync(places.root, { recursive: true, mode: 0o700 });
  const consortium = new Consortium(places, nextName(places));
  try {
    await bringUp(consortium, options);
    return await studyIn(consortium, options);
  } finally {
    await options.progress.step('Everything stopped', () => consortium.stop());
  }
}
