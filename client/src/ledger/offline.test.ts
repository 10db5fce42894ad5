/** A transaction whose key is in another process: carried as JSON, checked on both sides, sent step by step. */
import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, sign as ecdsa, webcrypto } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { X509CertificateGenerator } from '@peculiar/x509';
import { expect } from 'chai';
import { CodedError } from '@epione/protocol';
import { Refusal, startGateway, submitterOver, type Behaviour } from '../testing/gateway-server.js';
import { ledgerOver, type Ledger } from './ledger.js';
import { noKey } from './offline.js';
import { nativeSigner } from './signer.js';
import { readSigningRequest, type SigningRequest } from './signing-request.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

describe('OfflineTransactions', () => {
  let folder = '';
  let keyFile = '';
  let certificatePem = Buffer.alloc(0);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'offline-'));
    keyFile = join(folder, 'key.pem');
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    await writeFile(keyFile, `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`);
    certificatePem = Buffer.from((await X509CertificateGenerator.createSelfSigned({ name: 'CN=worker', keys, signingAlgorithm: algorithm }, webcrypto)).toString('pem'));
  });
  after(async () => { await rm(folder, { recursive: true }); });

  type Sign = (request: SigningRequest) => Uint8Array | Promise<Uint8Array>;
  /** The same key, without the time that a process takes to start. */
  const here: Sign = async ({ message }) => nativeSigner(await readFile(keyFile))(Buffer.from(message, 'base64'));

  /** The other process; it gets JSON and the key's place, nothing else. */
  function elsewhere(request: SigningRequest): Uint8Array {
    const script = fileURLToPath(new URL('../testing/offline-signer.js', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, keyFile], { input: JSON.stringify(request), encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    return Buffer.from(stdout, 'base64');
  }
  const carried = (request: SigningRequest): SigningRequest => readSigningRequest(JSON.parse(JSON.stringify(request)));
  const ledgerAt = (endpoint: string): Ledger => ledgerOver(submitterOver([endpoint], {}, { mspId: 'HospitalA', certificatePem, signer: noKey }));

  /** Walks the steps. */
  async function walk(ledger: Ledger, sign: Sign = here): Promise<{ block: number; txId: string; requests: SigningRequest[] }> {
    const { offline } = ledger;
    const proposal = carried(offline.prepare('Round:submit', { statement: 1 }));
    const transaction = carried(await offline.endorse(proposal, await sign(proposal)));
    const question = carried(await offline.send(transaction, await sign(transaction)));
    return { ...await offline.outcome(question, await sign(question)), requests: [proposal, transaction, question] };
  }

  const messageOf = async (action: Promise<unknown>): Promise<string> => action.then(() => 'done', (error: unknown) => (error as Error).message);

  it('is committed with three signatures made in another process', async function () {
    // Three processes, one after the other.
    this.timeout(120_000);
    await using server = await startGateway({});
    using ledger = ledgerAt(server.endpoint);
    const { block, txId, requests } = await walk(ledger, elsewhere);
    expect(block).to.equal(7);
    expect(requests.map((request) => request.txId)).to.deep.equal([txId, txId, txId]);
    expect(requests.map((request) => request.step)).to.deep.equal(['proposal', 'transaction', 'commit']);
    expect(requests[0]).to.deep.include({ channel: 'epione', mspId: 'HospitalA', call: ['Round:submit', '{"statement":1}'] });
    expect(requests[1]?.call).to.deep.equal(['Round:submit', '{"statement":1}']);
    expect(server.calls).to.include({ Endorse: 1, Submit: 1, CommitStatus: 1 });
  });

  it('asks what became of a transaction that no gateway took', async () => {
    await using server = await startGateway({ submit: () => { throw new Refusal(14, 'request already processed'); } });
    using ledger = ledgerAt(server.endpoint);
    expect((await walk(ledger)).block).to.equal(7);
  });

  it('tells a conflict from a transaction that is not committed yet', async () => {
    const outcomes: [Behaviour, string][] = [[{ status: () => 11 }, 'CONFLICT'], [{ status: () => 10 }, 'UNAVAILABLE'], [{ status: () => { throw new Refusal(4, 'not committed'); } }, 'UNAVAILABLE']];
    for (const [behaviour, code] of outcomes) {
      await using server = await startGateway(behaviour);
      using ledger = ledgerAt(server.endpoint);
      const error: unknown = await walk(ledger).catch((cause: unknown) => cause);
      expect(error).to.be.instanceOf(CodedError);
      expect((error as CodedError).code).to.equal(code);
    }
  });

  it('takes a signature of either s, as other tools make them, and sends the lower', async () => {
    await using server = await startGateway({});
    using ledger = ledgerAt(server.endpoint);
    const key = createPrivateKey(await readFile(keyFile));
    let high = false;
    // Half of all signatures have the upper s: 40 without one happen once in 10^12.
    for (let n = 0; n < 40; n++) {
      const request = ledger.offline.prepare('Round:submit', { n });
      const signature = ecdsa('sha256', Buffer.from(request.message, 'base64'), key);
      const at = 4 + (signature[3] ?? 0);
      high ||= BigInt(`0x${signature.subarray(at + 2).toString('hex')}`) > order / 2n;
      await ledger.offline.endorse(request, signature);
    }
    expect(high).to.equal(true);
    expect(server.calls.Endorse).to.equal(40);
  });

  it('refuses wrong signatures and the steps of another order before anything is sent', async () => {
    await using server = await startGateway({});
    using ledger = ledgerAt(server.endpoint);
    const { offline } = ledger;
    const proposal = offline.prepare('Round:submit', {});
    const other = offline.prepare('Round:submit', {});
    expect(other.txId).not.to.equal(proposal.txId);
    expect(await messageOf(offline.endorse(proposal, await here(other)))).to.include('is not one over the message');
    expect(await messageOf(offline.endorse(proposal, Uint8Array.of(1, 2)))).to.include('is not one over the message');
    expect(await messageOf(offline.send(proposal, await here(proposal)))).to.equal('this is a proposal, a transaction is asked for');
    expect(Object.values(server.calls).every((count) => count === 0)).to.equal(true);
  });

  it('has no key for anything else', async () => {
    await using server = await startGateway({});
    using ledger = ledgerAt(server.endpoint);
    expect(await messageOf(ledger.listStudies())).to.include('this connection has no key');
    expect(server.calls.Evaluate).to.equal(0);
  });

  it('refuses a request that shows something else than is signed', async () => {
    await using server = await startGateway({});
    using ledger = ledgerAt(server.endpoint);
    const good = ledger.offline.prepare('Round:submit', { round: 1 });
    const other = ledger.offline.prepare('Round:retract', { round: 2 });
    const changes: Partial<SigningRequest>[] = [{ call: other.call }, { txId: other.txId }, { channel: 'other' }, { mspId: 'HospitalB' }, { message: other.message }, { sha256: other.sha256 }, { bytes: other.bytes }];
    for (const change of changes) expect(() => readSigningRequest({ ...good, ...change }), Object.keys(change)[0]).to.throw('is not what its bytes are');
    expect(() => readSigningRequest({ ...good, bytes: 'AAAA' })).to.throw();
    expect(() => readSigningRequest({ ...good, step: 'vote', more: 1 })).to.throw(CodedError);
    expect(readSigningRequest(good)).to.deep.equal(good);
  });
});
