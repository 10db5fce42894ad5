/** Three hospitals and a regulator on one machine for tests: real keys, certificates, blob servers and key delivery; only the ledger is in memory. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, profiles, sha256, statementDigest, toBase64Url, toHex, type Digest, type ParticipantRecord, type Study } from '@epione/protocol';
import { BlobSource } from '../blobs/blob-source.js';
import { parseConfig, type WorkerConfig } from '../config.js';
import { writeCsv } from '../data/csv.js';
import { HttpsClient, readTls } from '../site/https.js';
import { keysFolder, makeSeeds, readKeys } from '../keys/seeds.js';
import { openBlobs, openKme, type RoundLedger, type Site } from '../site/site.js';
import { seededRandom } from '../random.js';
import { studyFrom, type StudyTemplate } from '../study-template.js';
import { withoutRepeats, type Report } from '../progress.js';
import { TestAuthority } from './certificate.js';
import { startKeyEntity, type TestKeyEntity } from './key-entity.js';

export const hospitals = ['HospitalA', 'HospitalB', 'HospitalC'];
export const organizations = [...hospitals, 'Regulator'];
const genesis = digestOf(new TextEncoder().encode('genesis'));

/** A study of two features over seconds, so that rounds run as fast as they can. */
export const smallTemplate: StudyTemplate = {
  version: 1, name: 'small', title: 'A small study',
  purpose: { duo: ['DUO:0000007'], reason: 'HRESCH' },
  features: [{ name: 'x', kind: 'number', missing: 'reject' }, { name: 'y', kind: 'number', missing: 'reject' }],
  label: { name: 'ill', kind: 'number', missing: 'reject' },
  model: { kind: 'logistic', layers: [], initial: 'zeros' },
  training: { optimizer: 'sgd', learningRate: '0.1', localEpochs: 2, batchSize: 8 },
  strategy: { name: 'fedavg', weighting: 'examples', serverLearningRate: '1', parameters: [] },
  encoding: { bits: 64, fractionBits: 32, clip: '8', maxWeight: 1000 },
  privacy: { unit: 'none' }, aggregation: { mode: 'visible', rule: 'mean' },
  suites: { profile: 'default', signature: 'mldsa65', sealing: ['seal-mlkem768-qkd'], qkdMissing: 'fail', qkdWaitMs: 0 },
  rounds: { count: 2, submitMs: 60_000, graceMs: 1000, attestMs: 60_000 },
  consent: { required: false, classes: [], onWithdrawal: 'next-round' },
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** How many rows a hospital has. */
export const rowsOf = (hospital: string): number => 20 + 5 * hospitals.indexOf(hospital);

/** The secret of a row's person, hex. */
export const secretOf = (hospital: string, row: number): string => toHex(sha256(new TextEncoder().encode(`${hospital} ${row}`)));

/** Rows of one hospital: two clouds of points, the same each time. */
function rows(hospital: string): string {
  const random = seededRandom('rows', hospital);
  const records = Array.from({ length: rowsOf(hospital) }, (_, at) => {
    const ill = at % 2;
    return { line: at + 2, cells: [String(at), (random.normal() + ill).toFixed(6), (random.normal() - ill).toFixed(6), String(ill)] };
  });
  return writeCsv({ columns: ['id', 'x', 'y', 'ill'], records });
}

/** Opens a site on a configuration, with a ledger from elsewhere. */
export async function openTestSite(config: WorkerConfig, ledger: RoundLedger, record: ParticipantRecord, report: Report): Promise<Site> {
  const blobs = openBlobs(config);
  const kme = await openKme(config);
  return {
    config, ledger, blobs, now: Date.now, elapsed: () => performance.now(), random: (length) => new Uint8Array(randomBytes(length)), report: withoutRepeats(report),
    keys: await readKeys(config.state, config.suites), own: { digest: statementDigest('participant', record), record },
    source: new BlobSource(blobs, new HttpsClient(await readTls(config.blobServer), 5000)), ...(kme === undefined ? {} : { kme }),
  };
}

/** The consortium's files and key entity; disposing removes them. */
export class TestConsortium implements AsyncDisposable {
  readonly study: Study;
  readonly digest: Digest;
  readonly configs = new Map<string, WorkerConfig>();
  readonly records = new Map<string, ParticipantRecord>();
  readonly entity: TestKeyEntity;
  readonly #folder: string;

  private constructor(folder: string, entity: TestKeyEntity, template: StudyTemplate, founders: readonly string[]) {
    this.#folder = folder;
    this.entity = entity;
    this.study = studyFrom(template, { channel: 'epione', genesis, chaincode: 'epione', participants: [...founders], aggregators: [...founders, 'Regulator'], observers: [] });
    this.digest = statementDigest('study', this.study);
  }

  /** @param founders hospitals of the study document; the others may join later. */
  static async found(template: StudyTemplate, founders: readonly string[] = hospitals): Promise<TestConsortium> {
    const folder = mkdtempSync(join(tmpdir(), 'epione-worker-'));
    const authority = new TestAuthority();
    const kme = authority.issue('kme');
    const entity = await startKeyEntity({ cert: kme.certificate, key: kme.privateKey, ca: authority.certificate, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' });
    const house = new TestConsortium(folder, entity, template, founders);
    writeFileSync(join(folder, 'ca.pem'), authority.certificate);
    for (const mspId of organizations) await house.#admit(mspId, authority);
    return house;
  }

  async #admit(mspId: string, authority: TestAuthority): Promise<void> {
    const folder = join(this.#folder, mspId);
    mkdirSync(join(folder, 'keys'), { recursive: true, mode: 0o700 });
    const saeId = `sae-${mspId.toLowerCase()}`;
    const { certificate, privateKey } = authority.issue(saeId);
    writeFileSync(join(folder, 'site.pem'), certificate);
    writeFileSync(join(folder, 'site.key'), privateKey, { mode: 0o600 });
    if (hospitals.includes(mspId)) {
      writeFileSync(join(folder, 'rows.csv'), rows(mspId));
      // The last two rows' persons have never been asked.
      const asked = Array.from({ length: rowsOf(mspId) - 2 }, (_, row) => [String(row), { secret: secretOf(mspId, row) }]);
      writeFileSync(join(folder, 'consents.json'), JSON.stringify(Object.fromEntries(asked)));
    }
    const { signature, kem: encapsulation } = profiles[this.study.suites.profile];
    const suites = { signature, kem: encapsulation };
    await makeSeeds(keysFolder(folder), suites, (length) => new Uint8Array(randomBytes(length)));
    const port = await freePort();
    const tls = { certificate: 'site.pem', privateKey: 'site.key', ca: '../ca.pem' };
    const data = hospitals.includes(mspId) ? { data: { train: 'rows.csv', idColumn: 'id', consents: 'consents.json' } } : { keepContentKeys: true };
    const settings = { mspId, profile: 'none', state: '.', study: this.digest, suites, ...data, kme: { url: this.entity.url, saeId, ...tls }, blobServer: { port, publicUrl: `https://localhost:${port}`, ...tls }, seed: 'seed', pollMs: 100 };
    const config = parseConfig(JSON.stringify(settings), folder);
    const { signer, kem } = await readKeys(folder, config.suites);
    this.configs.set(mspId, config);
    this.records.set(mspId, {
      channel: 'epione', genesis, mspId, version: 1, certificateKey: digestOf(new TextEncoder().encode(mspId)), signatureSuite: signature, signingKey: toBase64Url(signer.publicKey),
      kemSuite: encapsulation, encapsulationKey: toBase64Url(kem.encapsulationKey), x25519Key: toHex(kem.x25519.publicKey), saeId, blobUrl: config.blobServer.publicUrl,
    });
  }

  /** Configuration and record of a member. */
  of(mspId: string): { config: WorkerConfig; record: ParticipantRecord } {
    const [config, record] = [this.configs.get(mspId), this.records.get(mspId)];
    if (config === undefined || record === undefined) throw new Error(`${mspId} is no member`);
    return { config, record };
  }

  /** A site of the consortium on a ledger. */
  async site(mspId: string, ledger: RoundLedger, report: Report = () => undefined): Promise<Site> {
    return openTestSite(this.of(mspId).config, ledger, this.of(mspId).record, report);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.entity[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
