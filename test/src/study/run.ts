/** One federated study from nothing to the auditor's verdict: what `npm start` does and the end-to-end tests repeat. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, readProfile, type Ledger, type Verdict } from '@epione/client';
import { readStudyTemplate, studyFrom, type WorkerStatus } from '@epione/fl-worker';
import { decodeModel, type Digest, type Study } from '@epione/protocol';
import { parse, stringify } from 'yaml';
import { command, repository } from './command.js';
import { Consortium, hospitals, organizations, Places, type Eavesdropper, type Organization } from './consortium.js';
import { divideData, Judge, type StudyData } from './data.js';
import { compare, type LinkOutcome, type RoundOutcome, type StudyOutcome } from './outcome.js';
import type { Progress } from './progress.js';

/** What a run may be told. */
export interface RunOptions {
  /** Folder of all state; the network and the workers' keys in it are used again. */
  readonly state: string;
  readonly rounds: number;
  /** Fixes the division of the data and the order of rows, and so the final model. */
  readonly seed: string;
  readonly eve?: Eavesdropper;
  /** What a hospital without QKD keys does: wait, or fall back to ML-KEM alone with the reason on the ledger. */
  readonly qkdMissing: 'fail' | 'fallback';
  /** Whether aggregators see each update or, under masks from QKD keys, only their sum. */
  readonly aggregation?: 'visible' | 'masked';
  readonly progress: Progress;
  /** Called once the workers run; what it returns is awaited before the run ends. For tests. */
  readonly alongside?: (consortium: Consortium, study: string) => Promise<void>;
}

/** Where the parts of a run are, for those who look at them afterwards. */
export interface RunResult {
  readonly outcome: StudyOutcome;
  readonly places: Places;
  readonly evidence: string;
  readonly contentKeys: string;
  readonly plot?: string;
}

/** The next unused run name; each run has a study of its own on the same ledger. */
function nextName(places: Places): string {
  const folder = join(places.root, 'runs');
  const taken = existsSync(folder) ? readdirSync(folder).length : 0;
  return `wdbc-${taken + 1}`;
}

/** Writes the study file of a run: the shipped one under the run's name. With an eavesdropper the waits are short, because the link will not come back. */
function writeStudyFile(file: string, name: string, { rounds, eve, qkdMissing, aggregation }: RunOptions): string {
  const template = parse(readFileSync(join(repository, 'data', 'wdbc', 'study.yaml'), 'utf8')) as { rounds: object; suites: object };
  const waits = eve === undefined ? {} : { submitMs: 20_000, graceMs: 5000, attestMs: 20_000 };
  const suites = { ...template.suites, qkdMissing, ...(eve === undefined ? {} : { qkdWaitMs: 5000 }), ...(qkdMissing === 'fallback' ? { sealing: ['seal-mlkem768-qkd', 'seal-mlkem768'] } : {}) };
  writeFileSync(file, stringify({ ...template, name, suites, ...(aggregation === 'masked' ? { aggregation: { mode: 'masked', expansion: 'mask-aes256ctr', epochRounds: 10 } } : {}), rounds: { ...template.rounds, ...waits, count: rounds } }));
  return file;
}

/** Registers the study, approves it in every organization's name, records the patients' consents at each hospital. */
async function agree(places: Places, studyFile: string): Promise<Digest> {
  const config = (organization: Organization): string[] => ['--config', places.workerConfig(organization)];
  const [first] = hospitals;
  const { study } = await command<{ study: Digest }>('fl-worker', ['study', 'register', studyFile, ...config(first), '--participants', ...hospitals, '--aggregators', ...organizations]);
  await Promise.all(organizations.map((organization) => command('fl-worker', ['study', 'approve', study, ...config(organization)])));
  await Promise.all(hospitals.map((hospital) => command('fl-worker', ['consent', 'grant', '--study', study, ...config(hospital)])));
  return study;
}

const linkOutcome = (link: Awaited<ReturnType<Consortium['links']>>[number]): LinkOutcome => ({
  name: link.name,
  state: link.state,
  ...(link.reason === undefined ? {} : { reason: link.reason }),
  ...(link.qber === undefined ? {} : { qber: link.qber }),
  secretBits: link.secretBits,
  usedBits: link.usedBits,
});

/** Rounds as the slowest site saw them, each model judged on the held-out set. */
async function roundOutcomes(statuses: readonly WorkerStatus[], modelOf: (digest: string) => Float32Array, judge: Judge): Promise<RoundOutcome[]> {
  const known = statuses.at(-1)?.rounds ?? [];
  return Promise.all(
    known.map(async ({ round, outcome = 'running', model, code, seconds = 0 }) => {
      const reports = statuses.flatMap((status) => status.rounds.filter((entry) => entry.round === round));
      const slowest = (stage: 'trainingMs' | 'keysMs' | 'sealingMs' | 'ledgerMs' | 'aggregationMs'): number => Math.max(...reports.map((entry) => entry[stage]));
      const metrics = model === undefined ? undefined : await judge.judge(modelOf(model));
      return {
        round, outcome, seconds,
        ...(model === undefined ? {} : { model }),
        ...(code === undefined ? {} : { reason: code }),
        trainingMs: slowest('trainingMs'), keysMs: slowest('keysMs'), sealingMs: slowest('sealingMs'), ledgerMs: slowest('ledgerMs'), aggregationMs: slowest('aggregationMs'),
        ...(metrics?.auc === undefined ? {} : { auc: metrics.auc }),
      };
    }),
  );
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

async function enrol(consortium: Consortium, settings: { seed: string; data: StudyData; study?: string }): Promise<void> {
  for (const organization of organizations) await consortium.configureWorker(organization, settings);
  if (settings.study !== undefined) return;
  await Promise.all(organizations.map((organization) => command('fl-worker', ['init', '--config', consortium.places.workerConfig(organization)])));
}

/** The document that the members agreed on, as the template and the network's profile give it. */
function studyDocument(consortium: Consortium, studyFile: string): Study {
  const { channel, genesis, chaincode } = consortium.profile('Regulator');
  return studyFrom(readStudyTemplate(readFileSync(studyFile, 'utf8')), { channel, genesis: genesis as Digest, chaincode, participants: [...hospitals], aggregators: [...organizations], observers: [] });
}

/** Every organization checks the whole chain and cosigns its log; the others sign the checkpoint that the first one made. */
async function cosign(places: Places): Promise<void> {
  const byOne = (organization: Organization): Promise<unknown> => command('fl-worker', ['cosign', '--config', places.workerConfig(organization), '--trust-root', places.trustRoot]);
  const [first, ...others] = organizations;
  await byOne(first);
  await Promise.all(others.map(byOne));
}

async function audit(consortium: Consortium, study: string, progress: Progress): Promise<{ verify: Verdict; evidence: string; contentKeys: string }> {
  const { places, runFolder } = consortium;
  const evidence = join(runFolder, 'evidence');
  await progress.step('Evidence exported', () => command('fl-audit', ['export', '--profile', places.profile('Regulator'), '--out', evidence]));
  const contentKeys = join(places.worker('Regulator'), 'state', 'content-keys.json');
  const reveals = join(places.worker('Regulator'), 'state', 'reveals.json');
  const given = (option: string, file: string): string[] => (existsSync(file) ? [option, file] : []);
  const blobs = organizations.map((organization) => places.blobs(organization));
  const args = ['verify', '--evidence', evidence, '--trust-root', places.trustRoot, '--study', study, '--blobs', ...blobs, ...given('--content-keys', contentKeys), ...given('--reveals', reveals)];
  const verify = await progress.step('Verification, offline', () => command<Verdict>('fl-audit', args, [1]));
  return { verify, evidence, contentKeys };
}

/** Runs the study. Everything it started is stopped when it returns or throws; the state stays. */
export async function runStudy(options: RunOptions): Promise<RunResult> {
  const { progress, seed } = options;
  const places = new Places(options.state);
  const name = nextName(places);
  mkdirSync(places.root, { recursive: true, mode: 0o700 });
  const consortium = new Consortium(places, name);
  try {
    await progress.step('Fabric network and chaincode', () => consortium.startNetwork());
    await progress.step('Quantum links and key servers', () => consortium.startKeyServers(options.eve));
    const data = divideData(join(consortium.runFolder, 'data'), hospitals, seed);
    const studyFile = writeStudyFile(join(consortium.runFolder, 'study.yaml'), name, options);
    await progress.step('Members enrolled', () => enrol(consortium, { seed, data }));
    const study = await progress.step('Study registered and approved, consents recorded', () => agree(places, studyFile));
    await enrol(consortium, { seed, data, study });

    const exitCodes = await progress.step('Federated rounds', async () => {
      consortium.startWorkers(options.eve === undefined ? [] : ['--stop-on-abort']);
      const done = consortium.workersDone();
      // Workers of a masked study agree on its pair keys before it can be opened.
      await command('fl-worker', ['study', 'open', study, '--config', places.workerConfig(hospitals[0])]);
      const [codes] = await Promise.all([done, watch(consortium, study, options.rounds, progress, done), options.alongside?.(consortium, study)]);
      return codes;
    });
    const refused = Object.values(exitCodes).includes(3);
    const broken = Object.entries(exitCodes).filter(([, code]) => code !== 0 && code !== 3);
    if (broken.length > 0) throw new Error(`${broken.map(([site, code]) => `the worker of ${site} ended with exit code ${code}`).join('; ')}; its log is in ${join(consortium.runFolder, 'logs')}`);

    await progress.step('Log of blocks cosigned', () => cosign(places));
    const document = studyDocument(consortium, studyFile);
    const judge = new Judge(document, data);
    const baselines = await progress.step('Training without federation, to compare', () => judge.baselines(seed));
    const statuses = await Promise.all(organizations.map((organization) => command<WorkerStatus>('fl-worker', ['status', '--config', places.workerConfig(organization)])));
    const modelOf = (digest: string): Float32Array => decodeModel(readFileSync(join(places.blobs('Regulator'), digest.replace(':', '-'))));
    const rounds = await roundOutcomes(statuses, modelOf, judge);
    const links = (await consortium.links()).map(linkOutcome);
    const profile = consortium.profile('Regulator');
    using ledger = await asAuditor(consortium);
    const height = await ledger.height();
    const { verify, evidence, contentKeys } = await audit(consortium, study, progress);
    const last = rounds.at(-1)?.model;
    const outcome: StudyOutcome = {
      study: { digest: study, name },
      outcome: refused ? 'refused' : 'complete',
      ...(last === undefined ? {} : { model: last }),
      ...compare(baselines.pooled, baselines.local, last === undefined ? undefined : await judge.judge(modelOf(last))),
      examples: { ...Object.fromEntries(Object.entries(data.sites).map(([site, { rows }]) => [site, rows])), heldOut: data.heldOutRows },
      links, ledger: { channel: profile.channel, genesis: profile.genesis, height },
      rounds, verify, seconds: progress.seconds,
    };
    writeFileSync(join(consortium.runFolder, 'outcome.json'), JSON.stringify(outcome, null, 2));
    return { outcome, places, evidence, contentKeys };
  } finally {
    await progress.step('Everything stopped', () => consortium.stop());
  }
}
