/** Checks what a worker needs before it runs: each one line, and what to do where it fails. */
import { X509Certificate } from 'node:crypto';
import { readFile, statfs, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { connect, readProfile } from '@epione/client';
import type { Study } from '@epione/protocol';
import type { WorkerConfig } from './config.js';
import { readCsv } from './data/csv.js';
import { inputWidth } from './data/dataset.js';
import { examineStatus } from './kme/examination.js';
import { protectionOf } from './keys/seed-file.js';
import { openLock } from './keys/seed-lock.js';
import { readKeys, seedFiles } from './keys/seeds.js';
import { HttpsClient, readTls } from './site/https.js';
import { openKme } from './site/site.js';
import { studyDigestOf } from './site/study-desk.js';
import { currentRecord, readStudyView } from './round/course.js';
import { readTrainingData } from './run.js';
import { fastest, probeEngines, tellProbe } from './training/engine-choice.js';
import { describeModel } from './training/model.js';
import { hasTensorflow, openEngine } from './training/tf.js';
import type { Recipe } from './training/train.js';

/** One line of the doctor. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

type Probe = () => Promise<string>;

const dayMs = 24 * 3600 * 1000;
const leastFreeBytes = 1024 ** 3;
const mostSkewMs = 5000;

/** The first Node whose OpenSSL has X25519MLKEM768 and the fixes it needs. */
const leastNode = [24, 16] as const;

/** The version of a Node. @throws Error for one whose TLS is not post-quantum, or not soundly so. */
export function nodeVersion({ node, openssl }: { readonly node: string; readonly openssl: string }): string {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const told = `Node ${node} with OpenSSL ${openssl}`;
  if (major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1]) || Number.parseFloat(openssl) < 3.5) throw new Error(`${told} has no sound post-quantum key exchange`);
  return told;
}

async function certificateDays(path: string, now: number): Promise<string> {
  const { validTo } = new X509Certificate(await readFile(path));
  const days = Math.floor((Date.parse(validTo) - now) / dayMs);
  if (days < 1) throw new Error(`${path} ends on ${validTo}`);
  return `${days} days left`;
}

async function freeDisk(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < leastFreeBytes) throw new Error(`${(free / 1e6).toFixed(0)} MB are free at ${folder}`);
  return `${(free / 1e9).toFixed(1)} GB free`;
}

async function keyFiles(config: WorkerConfig): Promise<string> {
  const kinds = new Set(await Promise.all(seedFiles(config.state).map(protectionOf)));
  using lock = await openLock(config.keyProtection);
  await readKeys(config.state, config.suites, lock);
  return `present, for their owner only, encryption: ${[...kinds].join(', ')}`;
}

async function ownPeer(config: WorkerConfig): Promise<string> {
  const profile = await readProfile(config.profile);
  using ledger = await connect({ ...profile, peers: profile.peers.slice(0, 1) }, { identity: 'worker' });
  return `height ${await ledger.height()}`;
}

/** The study of the configuration, if it is on the ledger. */
async function studyOf(config: WorkerConfig): Promise<Study> {
  using ledger = await connect(await readProfile(config.profile), { identity: 'worker' });
  return (await readStudyView(ledger, await studyDigestOf(config.study))).document;
}

/** The other aggregators, each with the SAE ID in its record if it has one. */
async function partners(config: WorkerConfig): Promise<{ readonly id: string; readonly saeId: string | undefined }[]> {
  using ledger = await connect(await readProfile(config.profile), { identity: 'worker' });
  const others = (await studyOf(config)).aggregators.filter((id) => id !== config.mspId);
  return await Promise.all(others.map(async (id) => ({ id, saeId: (await currentRecord(ledger, id)).record.saeId })));
}

async function keyStock(config: WorkerConfig): Promise<string> {
  const kme = await openKme(config);
  if (kme === undefined) return 'this site has none';
  const stocks = await Promise.all((await partners(config)).map(async ({ id, saeId }) => (saeId === undefined ? `${id} none` : `${id} ${(await kme.status(saeId)).stored_key_count} keys`)));
  return stocks.join(', ');
}

async function keyDelivery(config: WorkerConfig): Promise<string> {
  if (config.kme === undefined) return 'this site has none';
  return examineStatus(config.kme, (await partners(config)).flatMap(({ saeId }) => saeId ?? []));
}

async function clock(config: WorkerConfig, now: () => number): Promise<string> {
  if (config.kme === undefined) return 'not checked: no key management entity to ask';
  using client = new HttpsClient(await readTls(config.kme), 5000);
  const { time } = await client.ask(new URL(config.kme.url), 1024 * 1024);
  if (time === undefined) return 'not checked: the key management entity tells no time';
  const skew = now() - time;
  if (Math.abs(skew) > mostSkewMs) throw new Error(`${(skew / 1000).toFixed(0)} s apart from the key management entity's`);
  return 'agrees with the key management entity';
}

async function dataFile(config: WorkerConfig): Promise<string> {
  if (config.data === undefined) return 'none: this organization aggregates only';
  const study = config.study === undefined ? undefined : await studyOf(config).catch(() => undefined);
  if (study === undefined) return `${readCsv(await readFile(config.data.train, 'utf8')).records.length} rows, not compared with a study`;
  return `${(await readTrainingData(config, study)).rows} rows fit the study`;
}

/** What trains here, by a probe with the study's model, or with a small one where there is no study yet. */
async function engine(config: WorkerConfig, elapsed: () => number): Promise<string> {
  const study = config.study === undefined ? undefined : await studyOf(config).catch(() => undefined);
  const inputs = study === undefined ? 30 : inputWidth(study);
  const recipe: Recipe = study ?? { model: describeModel({ kind: 'logistic', layers: [] }, inputs, 'zeros'), training: { optimizer: 'sgd', learningRate: '0.1', localEpochs: 1, batchSize: 32 } };
  const probed = await probeEngines(recipe, inputs, elapsed);
  const named = recipe.training.engine;
  const taken = named === undefined ? fastest(probed).engine : await openEngine(named);
  return `${taken.name} (${taken.told})${named === undefined ? '' : ', named by the study'}: ${tellProbe(probed)}${hasTensorflow() ? '' : ', tensorflow is not installed'}`;
}

/** Runs all checks; none stops another. @param now ms since 1970 UTC. */
export async function examine(config: WorkerConfig, now: () => number): Promise<Finding[]> {
  const profile = await readProfile(config.profile).catch(() => undefined);
  const certificates = new Set([profile?.identities.worker?.certificateFile, config.blobServer.certificate, config.kme?.certificate].filter((path) => path !== undefined));
  const probes: [check: string, remedy: string, probe: Probe][] = [
    ['node', `Use Node ${leastNode.join('.')} or later with its own OpenSSL.`, () => Promise.resolve().then(() => nodeVersion(process.versions))],
    ['profile', 'Name the connection profile that the network operator gave you.', async () => (await readProfile(config.profile)).channel],
    ['key files', 'Run fl-worker init, correct keyProtection, or chmod 600 the files in the keys folder.', () => keyFiles(config)],
    ...[...certificates].map((path): [string, string, Probe] => [`certificate ${path}`, 'Ask the certificate authority for a new one.', () => certificateDays(path, now())]),
    ['peer', 'Start the peer, or correct its endpoint in the profile; one of Fabric before 2.5.13 or 3.1.0 has no post-quantum key exchange and is refused.', () => ownPeer(config)],
    ['key management entity', 'Start it, or correct kme in the configuration; an empty stock fills while the link runs.', () => keyStock(config)],
    ['key delivery', 'Run etsi-qkd-014 doctor, and show what it finds to the vendor.', () => keyDelivery(config)],
    ['clock', 'Let the machine set its clock by NTP.', () => clock(config, now)],
    ['disk', 'Make room.', () => freeDisk(dirname(config.state))],
    ['engine', 'Build @tensorflow/tfjs-node as docs/engine.md says.', () => engine(config, () => performance.now())],
    ['data file', 'Correct the data file, or data.train in the configuration.', () => dataFile(config)],
  ];
  return Promise.all(
    probes.map(([check, remedy, probe]) =>
      probe().then(
        (detail): Finding => ({ check, ok: true, detail }),
        (error: unknown): Finding => ({ check, ok: false, detail: error instanceof Error ? error.message : String(error), remedy }),
      ),
    ),
  );
}
