// What a thief opens with a copy of a site's whole state: no earlier round, because what opened it was destroyed when it ended.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { expect } from 'chai';
import { CodedError, openPayload, readSealed, statementDigest, submissionDigest, unwrapFor, type Digest, type KemKeys, type Stored, type Submission } from '@epione/protocol';
import type { Report } from '../progress.js';
import { takePart } from '../run.js';
import { rotateKeys } from '../site/rotation.js';
import { readState } from '../state/database.js';
import { studyState } from '../state/study-state.js';
import { openTestSite, organizations, smallTemplate, TestConsortium } from '../testing/consortium.js';
import { secretsBelow } from '../testing/find-secret.js';
import { TestLedger } from '../testing/round-ledger.js';
import type { Ending } from '../worker.js';
import { keysFolder, readKeys } from './seeds.js';

const options = { signal: new AbortController().signal, stopOnAbort: false };
const a = 'HospitalA';
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const newLedger = (house: TestConsortium): TestLedger => new TestLedger(house.study, [...house.records.values()], Date.now);

describe('a copy of a site\'s state', function () {
  this.timeout(120_000);
  let loot: string;
  beforeEach(() => { loot = mkdtempSync(join(tmpdir(), 'epione-loot-')); });
  afterEach(() => { rmSync(loot, { recursive: true }); });

  const run = (house: TestConsortium, ledger: TestLedger, mspIds: readonly string[], report: (mspId: string) => Report): Promise<Ending[]> =>
    Promise.all(mspIds.map(async (mspId) => takePart(await house.site(mspId, ledger, report(mspId)), house.digest, options)));
  const submissionsTo = async (ledger: TestLedger, round: number): Promise<Stored<Submission>[]> =>
    (await ledger.getRound('', round)).slots.flatMap((slot) => (slot.kind === 'submission' && slot.statement.participant !== a ? [slot] : []));
  const blobOf = async (house: TestConsortium, ledger: TestLedger, { statement }: Stored<Submission>): Promise<Uint8Array> =>
    (await (await house.site(statement.participant, ledger)).blobs.get(statement.blob))!;

  /** What a thief with these secrets makes of an update: its words, or the code of the refusal. */
  function opened(blob: Uint8Array, kem: KemKeys, qkdKey: Uint8Array | undefined): string {
    const sealed = readSealed(blob);
    try {
      return `${openPayload(sealed, unwrapFor(sealed, a, kem, qkdKey)).length} bytes`;
    } catch (error) {
      return (error as CodedError).code;
    }
  }

  it('taken after a round opens no round before it: every QKD key is gone, content keys a round later', async () => {
    await using house = await TestConsortium.found({ ...smallTemplate, rounds: { ...smallTemplate.rounds, count: 3 } });
    const ledger = newLedger(house);
    const { config } = house.of(a);
    const copies: { round: number; delivered: Map<string, Uint8Array>; folder: string }[] = [];
    const copy = (round: number): void => {
      const folder = join(loot, `after-${round}`);
      cpSync(config.state, folder, { recursive: true });
      copies.push({ round, folder, delivered: new Map([...house.entity.secrets].map(([id, key]) => [id, Buffer.from(key, 'base64')])) });
    };
    let during: string[] = [];
    await run(house, ledger, organizations, (mspId) => (event, facts) => {
      if (mspId !== a) return;
      if (event === 'sealed' && facts?.['round'] === 2) during = secretsBelow(config.state, new Map([...house.entity.secrets].map(([id, key]) => [id, Buffer.from(key, 'base64')])));
      if (event === 'round ended') copy(facts!['round'] as number);
    });
    copy(4); // the study is over
    expect(during.length, 'the search finds keys while they are needed').to.be.greaterThan(0);
    expect(copies.map(({ round }) => round)).to.deep.equal([1, 2, 3, 4]);
    for (const { round, folder, delivered } of copies) {
      expect(delivered.size).to.be.at.least(9);
      expect(secretsBelow(folder, delivered), `after ${round}`).to.deep.equal([]);
      const { kem } = await readKeys(folder, config.suites);
      using database = readState(folder, house.digest)!;
      for (const earlier of [1, 2, 3].filter((each) => each < round)) {
        for (const slot of await submissionsTo(ledger, earlier)) {
          expect(studyState(database).outbox.contentKey(submissionDigest(slot.statement)), `round ${earlier} after ${round}`).to.equal(undefined);
          const blob = await blobOf(house, ledger, slot);
          const [keyId = ''] = slot.statement.sealed.find((entry) => entry.to === a)!.keyIds;
          expect(opened(blob, kem, undefined)).to.equal('UNOPENABLE');
          expect(opened(blob, kem, random(32))).to.equal('UNOPENABLE');
          expect(opened(blob, kem, delivered.get(keyId)), 'the destroyed key is what was missing').to.match(/ bytes$/);
        }
      }
    }
  });

  it('opens what was sealed without QKD until the key is rotated, and nothing after', async () => {
    const suites = { ...smallTemplate.suites, sealing: ['seal-mlkem768'] } as typeof smallTemplate.suites;
    await using house = await TestConsortium.found({ ...smallTemplate, suites, rounds: { ...smallTemplate.rounds, count: 1 } });
    const ledger = newLedger(house);
    await run(house, ledger, organizations, () => () => undefined);
    const { config, record } = house.of(a);
    const [slot] = await submissionsTo(ledger, 1);
    const blob = await blobOf(house, ledger, slot!);
    const stolen = async (): Promise<string> => { const { kem } = await readKeys(config.state, config.suites); return opened(blob, kem, undefined); };
    expect(await stolen()).to.match(/ bytes$/);
    const profile = { channel: record.channel, genesis: record.genesis, mspId: a, chaincode: 'epione', peers: [], identities: { worker: { certificateFile: config.blobServer.certificate } } };
    await rotateKeys({ config, profile, ledger }, random, () => true);
    expect(await stolen()).to.equal('UNOPENABLE');
    expect(readdirSync(keysFolder(config.state)).sort()).to.deep.equal(['kem.seed', 'signing.seed']);
  });

  it('holds a former key no longer than the rounds that were open when it was replaced', async () => {
    await using house = await TestConsortium.found(smallTemplate);
    const ledger = newLedger(house);
    const { config, record } = house.of(a);
    const [waiting, submitted] = [Promise.withResolvers<undefined>(), new Set<string>()];
    const others = run(house, ledger, organizations.filter((mspId) => mspId !== a), (mspId) => (event) => {
      if (event === 'submitted') submitted.add(mspId);
      if (submitted.size === 2) waiting.resolve(undefined);
    });
    await waiting.promise;
    // The site has begun the study before, in a process of its own.
    const [database, study] = ['../state/database.js', '../state/study-state.js'].map((name) => new URL(name, import.meta.url).href);
    const script = `import { openState } from '${database!}'; import { studyState } from '${study!}'; using state = openState('${config.state}', '${house.digest}'); studyState(state).log.now(1, 'open');`;
    expect(spawnSync(execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stderr).to.equal('');
    const profile = { channel: record.channel, genesis: record.genesis, mspId: a, chaincode: 'epione', peers: [], identities: { worker: { certificateFile: config.blobServer.certificate } } };
    const next = await rotateKeys({ config, profile, ledger }, random, () => true);
    const former = join(keysFolder(config.state), 'version-1');
    expect(readdirSync(former).sort()).to.deep.equal(['former.json', 'kem.seed']);
    const told: string[] = [];
    const site = await openTestSite(config, ledger, next.record, (event, facts) => {
      told.push(event);
      if (event === 'round ended' && facts?.['round'] === 1) expect(existsSync(former), 'after the round that was open').to.equal(true);
      if (event === 'round ended' && facts?.['round'] === 2) expect(existsSync(former), 'after the next round').to.equal(false);
    });
    const endings = [await takePart(site, house.digest, options), ...(await others)];
    expect(endings.map(({ outcome }) => outcome)).to.deep.equal(organizations.map(() => 'complete'));
    expect(told).to.include('destroyed former keys').and.not.include('no rescue').and.not.include('rescued by another member');
    for (const slot of await submissionsTo(ledger, 1)) expect(slot.statement.sealed.find((entry) => entry.to === a)?.record).to.equal(statementDigest('participant', record) satisfies Digest);
    for (const slot of await submissionsTo(ledger, 2)) expect(slot.statement.sealed.find((entry) => entry.to === a)?.record).to.equal(next.digest);
  });
});
