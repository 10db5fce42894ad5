// Keys are replaced while studies go on: what was sealed before still opens, then the old key is destroyed; a crash loses nothing.
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { statementDigest, toBase64Url, type Digest, type ParticipantRecord } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { keysFolder, readKeys } from '../keys/seeds.js';
import { nameInState, openState } from '../state/database.js';
import { studyState } from '../state/study-state.js';
import { smallTemplate, TestConsortium } from '../testing/consortium.js';
import { TestLedger } from '../testing/round-ledger.js';
import { rotateKeys, type Rotating } from './rotation.js';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const a = 'HospitalA';

describe('rotation', function () {
  this.timeout(120_000);
  let house: TestConsortium;
  let ledger: TestLedger;
  let rotating: Rotating;
  let keys: string;
  beforeEach(async () => {
    house = await TestConsortium.found(smallTemplate);
    ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
    const { config, record } = house.of(a);
    const profile = { channel: record.channel, genesis: record.genesis, mspId: a, chaincode: 'epione', peers: [], identities: { worker: { certificateFile: config.blobServer.certificate } } };
    rotating = { config, ledger, profile };
    keys = keysFolder(config.state);
  });
  afterEach(() => house[Symbol.asyncDispose]());

  const rotate = (): ReturnType<typeof rotateKeys> => rotateKeys(rotating, random, () => true);
  const recordOf = async (): Promise<ParticipantRecord> => (await ledger.getParticipant(a)).record!.statement;
  const codeOf = (attempt: Promise<unknown>): Promise<string> => attempt.then(() => 'done', (error: unknown) => (error as WorkerError).code);
  /** The site has begun a study that is not over. */
  const begin = (study: Digest): void => { using database = openState(rotating.config.state, study); studyState(database).log.now(1, 'open'); };
  const fits = async (): Promise<boolean> => {
    const [{ signer, kem }, record] = [await readKeys(rotating.config.state, rotating.config.suites), await recordOf()];
    return toBase64Url(signer.publicKey) === record.signingKey && toBase64Url(kem.encapsulationKey) === record.encapsulationKey;
  };

  it('replaces both keys under a record that both sign, and destroys the old ones where no study runs', async () => {
    const before = await recordOf();
    const { record, digest } = await rotate();
    expect(record).to.deep.include({ version: 2, previous: statementDigest('participant', before), blobUrl: before.blobUrl });
    expect(record.signingKey).not.to.equal(before.signingKey);
    expect(record.encapsulationKey).not.to.equal(before.encapsulationKey);
    expect((await ledger.getParticipant(a)).state).to.deep.equal({ record: digest, version: 2, status: 'current' });
    expect(await fits()).to.equal(true);
    expect(readdirSync(keys).sort()).to.deep.equal(['kem.seed', 'signing.seed']);
  });

  it('keeps the old decapsulation key for the rounds of every study that may need it', async () => {
    const other = `sha256:${'9'.repeat(64)}` as const;
    begin(house.digest);
    cpSync(join(rotating.config.state, `study-${nameInState(house.digest)}.db`), join(rotating.config.state, `study-${nameInState(other)}.db`));
    const before = await recordOf();
    await rotate();
    expect(readdirSync(join(keys, 'version-1')).sort(), 'the signing key goes at once').to.deep.equal(['former.json', 'kem.seed']);
    const { former } = await readKeys(rotating.config.state, rotating.config.suites);
    expect(toBase64Url(former.find(before.encapsulationKey)!.encapsulationKey)).to.equal(before.encapsulationKey);
    expect(former.find((await recordOf()).encapsulationKey)).to.equal(undefined);
    const registered = (await ledger.getParticipant(a)).record!.time;
    const ended = (study: Digest, openedAt: number): Promise<number[]> => former.letGo(nameInState(study), openedAt, random);
    expect(await ended(house.digest, registered), 'a round that was open when the record came').to.deep.equal([]);
    expect((await former.list())[0]).to.deep.equal({ version: 1, neededBy: [nameInState(house.digest), nameInState(other)].sort(), replacedAt: registered });
    expect(await ended(house.digest, registered + 1)).to.deep.equal([]);
    expect((await former.list())[0]?.neededBy).to.deep.equal([nameInState(other)]);
    expect(await ended(other, Number.POSITIVE_INFINITY), 'the other study is over').to.deep.equal([1]);
    expect(former.find(before.encapsulationKey)).to.equal(undefined);
    expect(existsSync(join(keys, 'version-1'))).to.equal(false);
  });

  it('changes to other suites, and still opens what was sealed under the old ones', async () => {
    begin(house.digest);
    const before = await recordOf();
    const config = { ...rotating.config, suites: { signature: 'mldsa87', kem: 'mlkem1024', x25519: true } } as const;
    const { record } = await rotateKeys({ ...rotating, config }, random, () => true);
    expect(record).to.deep.include({ version: 2, signatureSuite: 'mldsa87', kemSuite: 'mlkem1024' }).and.have.property('x25519Key');
    const { former } = await readKeys(config.state, config.suites);
    expect(former.find(before.encapsulationKey)?.suite).to.equal('mlkem768');
  });

  it('ends what it began, wherever it was cut off, and registers one record', async () => {
    const state = (name: string): string => join(rotating.config.state, name);
    begin(house.digest);
    // The ledger is not there: next keys are made and kept.
    const away = { ...rotating, ledger: { getParticipant: (mspId: string) => ledger.getParticipant(mspId), registerParticipant: () => Promise.reject(new WorkerError('UNAVAILABLE', 'no peer')) } };
    expect(await codeOf(rotateKeys(away, random, () => true))).to.equal('UNAVAILABLE');
    expect(await fits()).to.equal(true);
    // The ledger takes the record, its answer is lost.
    const deaf = { ...rotating, ledger: { getParticipant: (mspId: string) => ledger.getParticipant(mspId), registerParticipant: async (...words: Parameters<Rotating['ledger']['registerParticipant']>) => { await ledger.registerParticipant(...words); throw new WorkerError('UNAVAILABLE', 'no answer'); } } };
    cpSync(keys, state('before'), { recursive: true });
    expect(await codeOf(rotateKeys(deaf, random, () => true))).to.equal('UNAVAILABLE');
    expect(await fits()).to.equal(false);
    expect((await rotate()).record.version).to.equal(2);
    expect(await fits()).to.equal(true);
    // The machine dies between two of the moves.
    for (const moved of ['signing.seed', 'kem.seed']) {
      rmSync(keys, { recursive: true });
      cpSync(state('before'), keys, { recursive: true });
      renameSync(join(keys, 'next', moved), join(keys, moved));
      expect((await rotate()).record.version, moved).to.equal(2);
      expect(await fits(), moved).to.equal(true);
      expect(readdirSync(keys).sort()).to.deep.equal(['kem.seed', 'signing.seed', 'version-1']);
    }
    expect((await rotate()).record.version, 'the next one is a new rotation').to.equal(3);
  });

  it('waits for the outbox, and leaves revoked or foreign records alone', async () => {
    expect(await codeOf(rotateKeys(rotating, random, () => false))).to.equal('RECORD_NOT_CURRENT');
    const { config } = house.of('HospitalB');
    expect(await codeOf(rotateKeys({ ...rotating, config: { ...rotating.config, state: config.state } }, random, () => true)), 'key files of another').to.equal('NOT_INITIALISED');
    const revoked = { getParticipant: async (mspId: string) => ({ ...(await ledger.getParticipant(mspId)), state: { record: 'sha256:1', version: 1, status: 'revoked', reason: 'compromised' } as const }), registerParticipant: () => Promise.reject(new Error('not asked')) };
    expect(await codeOf(rotateKeys({ ...rotating, ledger: revoked }, random, () => true))).to.equal('RECORD_REVOKED');
    expect(await codeOf(rotateKeys({ ...rotating, config: { ...rotating.config, mspId: 'Nobody' } }, random, () => true))).to.equal('NOT_INITIALISED');
    expect((await recordOf()).version).to.equal(1);
  });
});
