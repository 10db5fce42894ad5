/** Four organizations cosign the log of a running channel by command line; one lies, one is shown another history, and each is named or refuses. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connect, readEvidence, readProfile, readTrustRoot, verify, type Check, type Ledger } from '@epione/client';
import {
  checkpointOf, CodedError, cosign, cosignerKey, digestOf, newKemKeys, newSigner, sign, toBase64Url, type Cosignature, type Digest, type ParticipantRecord, type Signer,
} from '@epione/protocol';
import { command, CommandError } from './study/command.js';
import { hospitals, Places, type Organization } from './study/consortium.js';

const minutes = 60_000;

/** A member with a record of its own. */
interface Member {
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly record: ParticipantRecord;
  readonly digest: Digest;
}

describe('anchors on a running channel', function () {
  this.timeout(5 * minutes);
  const places = new Places(mkdtempSync(join(tmpdir(), 'epione-anchors-')));
  const file = (name: string): string => join(places.root, name);
  const members = new Map<Organization, Member>();
  const member = (mspId: Organization): Member => members.get(mspId)!;

  /** The regulator's keys are its worker's, which cosigns too. */
  async function startWorker(): Promise<void> {
    const { tls } = await readProfile(places.profile('Regulator'));
    const { certificateFile: certificate, privateKeyFile: privateKey } = tls!.worker!;
    const blobServer = { port: 1, publicUrl: 'https://localhost:1', certificate, privateKey, ca: tls!.caBundleFile };
    writeFileSync(file('regulator.yaml'), JSON.stringify({ mspId: 'Regulator', profile: places.profile('Regulator'), state: file('regulator'), blobServer, seed: 'anchors' }));
    await command('fl-worker', ['init', '--config', file('regulator.yaml')]);
  }

  async function register(mspId: Organization): Promise<void> {
    const profile = await readProfile(places.profile(mspId));
    const ledger = await connect(profile, { identity: 'worker' });
    const seed = new Uint8Array(randomBytes(32));
    writeFileSync(file(`${mspId}.seed`), Buffer.from(seed).toString('hex'), { mode: 0o600 });
    const signer = newSigner('mldsa65', seed);
    const certificate = new X509Certificate(readFileSync(profile.identities.worker!.certificateFile));
    const record: ParticipantRecord = {
      channel: profile.channel, genesis: profile.genesis as Digest, mspId, version: 1, certificateKey: digestOf(certificate.publicKey.export({ type: 'spki', format: 'der' })),
      signatureSuite: 'mldsa65', signingKey: toBase64Url(signer.publicKey), kemSuite: 'mlkem768', encapsulationKey: toBase64Url(newKemKeys('mlkem768', randomBytes(64)).encapsulationKey), blobUrl: 'https://localhost:1/blobs',
    };
    const { digest } = await ledger.registerParticipant(sign('participant', record, signer));
    members.set(mspId, { ledger, signer, record, digest: digest as Digest });
  }

  /** A cosignature of anything at all, as a member may send it without the command. */
  async function say(mspId: Organization, size: number, root: string, more: Partial<Cosignature> = {}): Promise<unknown> {
    const { ledger, signer, record, digest } = member(mspId);
    const bare = { channel: record.channel, genesis: record.genesis, mspId, record: digest, size, root };
    const line = cosign({ ...cosignerKey(record), sign: (message) => signer.sign(message) }, checkpointOf(bare), 1_760_000_000);
    return ledger.cosign(sign('cosignature', { ...bare, consistency: [], lines: [line], ...more }, signer));
  }

  const anchor = <T>(verb: string, mspId: Organization, ...args: string[]): Promise<T> =>
    command<T>('fl-audit', ['anchor', verb, '--profile', places.profile(mspId), '--trust-root', places.trustRoot, ...args], [1]);
  const cosignAs = (mspId: Organization): Promise<{ size?: number }> => anchor('cosign', mspId, '--key', file(`${mspId}.seed`), '--memory', file(`${mspId}.json`));
  async function anchorCheck(trustRoot = places.trustRoot): Promise<Check> {
    rmSync(file('evidence'), { recursive: true, force: true });
    await command('fl-audit', ['export', '--profile', places.profile('Regulator'), '--out', file('evidence')]);
    const { checks } = await verify(await readEvidence(file('evidence')), await readTrustRoot(trustRoot), { chaincode: 'epione', blobFolders: [] });
    return checks.find(({ name }) => name === 'anchor.checkpoint')!;
  }

  before(async () => {
    await command('fl-network', ['up', '--state', places.network]);
    await command('fl-network', ['deploy', '--state', places.network]);
    for (const mspId of hospitals) await register(mspId);
    await startWorker();
  });
  after(async () => {
    for (const { ledger } of members.values()) ledger[Symbol.dispose]();
    await command('fl-network', ['clean', '--confirm', '--state', places.network]);
    rmSync(places.root, { recursive: true, force: true });
  });

  it('has none at first, and then those that members cosigned, one after the other', async () => {
    expect(await anchorCheck()).to.deep.include({ result: 'absent', message: 'the ledger holds no checkpoints' });
    const { size = 0 } = await cosignAs('HospitalA');
    expect(size).to.be.above(5);
    expect((await cosignAs('HospitalB')).size).to.equal(size);
    expect(await anchorCheck()).to.deep.include({ result: 'pass' });
    await anchor('pin', 'Regulator', '--minimum', '2', '--out', file('pinned.json'));
    expect((await anchorCheck(file('pinned.json'))).message).to.match(new RegExp(`^the first ${size} of [0-9]+ blocks, cosigned by HospitalA, HospitalB$`));
  });

  it('lets two cosign at once', async () => {
    const sizes = await Promise.all([cosignAs('HospitalA'), cosignAs('HospitalB')]);
    for (const { size = 0 } of sizes) expect(size).to.be.above(6);
  });

  it('refuses what does not grow from the last', async () => {
    const before = await member('HospitalA').ledger.getAnchor('HospitalA');
    const { size = 0, root = '' } = before ?? {};
    const code = (sent: Promise<unknown>): Promise<string> => sent.then(() => 'accepted', (error: unknown) => (error instanceof CodedError ? String(error.code) : String(error)));
    expect(await code(say('HospitalA', size + 1, 'ab'.repeat(32)))).to.equal('CONFLICT');
    expect(await code(say('HospitalA', size + 1, 'ab'.repeat(32), { previous: { size, root }, consistency: ['cd'.repeat(32)] }))).to.equal('EQUIVOCATION');
    expect(await code(say('HospitalA', size, root, { previous: { size, root } }))).to.equal('EQUIVOCATION');
    expect(await member('HospitalA').ledger.getAnchor('HospitalA')).to.deep.equal(before);
  });

  it('names a member that cosigned what never was, and believes the others', async () => {
    await say('HospitalC', 4, 'ab'.repeat(32));
    const { result, message } = await anchorCheck(file('pinned.json'));
    expect(result).to.equal('pass');
    expect(message).to.match(/; HospitalC cosigned another history of 4 blocks$/);
    const { checkpoints } = await anchor<{ checkpoints: { size: number; standing: string; cosigners: string[] }[] }>('status', 'Regulator');
    expect(checkpoints.find(({ standing }) => standing === 'differs')).to.deep.include({ size: 4, cosigners: ['HospitalC'] });
  });

  it('is cosigned by nobody who remembers another history', async () => {
    const remembered = JSON.parse(readFileSync(file('HospitalB.json'), 'utf8')) as { root: string };
    writeFileSync(file('HospitalB.json'), JSON.stringify({ ...remembered, root: 'ab'.repeat(32) }));
    const error = await cosignAs('HospitalB').catch((cause: unknown): unknown => cause);
    expect(error).to.be.instanceOf(CommandError).with.property('exitCode', 3);
    expect((error as CommandError).stderr).to.match(/EQUIVOCATION.*are not those that HospitalB cosigned/);
  });

  it('proves a cosignature\'s own transaction to whoever has no ledger', async () => {
    const evidence = await readEvidence(file('evidence'));
    expect(evidence.blocks.length).to.be.above(8);
    const { txId } = (await member('HospitalA').ledger.listCosignatures())[0]!;
    const { files } = await anchor<{ files: string[] }>('export', 'Regulator', '--out', file('anchors'));
    expect(files).to.deep.equal(['checkpoint.note', 'verifier-keys.txt']);
    await cosignAs('HospitalA');
    const worker = await command<{ size: number }>('fl-worker', ['cosign', '--config', file('regulator.yaml'), '--trust-root', places.trustRoot]);
    expect(worker.size).to.equal((await member('HospitalA').ledger.getAnchor('HospitalA'))?.size);
    await anchor('export', 'Regulator', '--out', file('anchors'), '--transactions', txId);
    const { verdict } = await command<{ verdict: string }>('fl-audit', ['anchor', 'verify', join(file('anchors'), `${txId}.tlog-proof`), join(file('anchors'), 'checkpoint.note'), '--trust-root', file('pinned.json')]);
    expect(verdict).to.equal('valid');
  });
});
