/** A recorded channel that grew under Fabric 3.1: a fifth organization, an orderer less, another policy, a renewed certificate. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { common } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { readBlock } from '../../evidence/block.js';
import { readChannelConfig } from '../../evidence/channel-config.js';
import { readEvidence, type Evidence } from '../../evidence/evidence.js';
import { readTransaction } from '../../evidence/transaction.js';
import { readTrustRoot, type TrustRoot } from '../../evidence/trust-root.js';
import { verify } from '../verify.js';
import { Configuration } from './configuration.js';

/** Recorded by `testing/record-growth.ts` after each step. */
const recording = fileURLToPath(new URL('../../../fixtures/grown-channel', import.meta.url));

/** A configuration as it stands in its block. */
interface Step {
  readonly block: number;
  readonly bytes: Uint8Array;
}

/** The same configuration with so many of its update's signatures. */
function withSignatures(bytes: Uint8Array, choose: (all: common.ConfigSignature[]) => common.ConfigSignature[]): Uint8Array {
  const envelope = common.ConfigEnvelope.deserializeBinary(bytes);
  const last = envelope.getLastUpdate() ?? new common.Envelope();
  const payload = common.Payload.deserializeBinary(last.getPayload_asU8());
  const update = common.ConfigUpdateEnvelope.deserializeBinary(payload.getData_asU8());
  update.setSignaturesList(choose(update.getSignaturesList()));
  payload.setData(update.serializeBinary());
  last.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
}

describe('a channel that grew', function () {
  this.timeout(120_000);
  let evidence: Evidence;
  let trustRoot: TrustRoot;
  let steps: Step[];

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'grown-'));
    for (const name of ['blocks.bin', 'evidence.json']) await writeFile(join(folder, name), gunzipSync(await readFile(join(recording, `${name}.gz`))));
    evidence = await readEvidence(folder);
    await rm(folder, { recursive: true });
    trustRoot = await readTrustRoot(join(recording, 'trust-root.json'));
    steps = evidence.blocks.map(readBlock).flatMap(({ number, envelopes }) => {
      const transaction = readTransaction(envelopes[0] as Uint8Array);
      return transaction.kind === 'config' ? [{ block: number, bytes: transaction.config }] : [];
    });
  });

  it('is valid by the trust root of its first block, with the members of its last one', async () => {
    const verdict = await verify(evidence, trustRoot, { chaincode: 'epione', blobFolders: [] });
    expect(verdict.checks.find((check) => check.result === 'fail')).to.equal(undefined);
    expect(verdict.checks.find((check) => check.name === 'chain.headers')?.message).to.equal(`${evidence.blocks.length} blocks; the channel changed 5 times, now 5 organizations, 4 orderers`);
    expect(verdict.counts).to.include({ blocks: evidence.blocks.length, transactions: 11 });
    expect(trustRoot.organizations.map(({ mspId }) => mspId)).not.to.include('HospitalD');
    expect(evidence.heads.map(({ mspId }) => mspId)).to.include('HospitalD');
  });

  it('says at which block an auditor who knows less would stop', async () => {
    const [first, ...others] = trustRoot.organizations;
    const verdict = await verify(evidence, { ...trustRoot, organizations: others }, { chaincode: 'epione', blobFolders: [] });
    expect(verdict.checks.find((check) => check.result === 'fail')).to.include({ name: 'trust.root', object: first?.mspId });
  });

  it('has configurations that each follow, and do not when fewer of the members\' administrators have signed', () => {
    const [first, ...changes] = steps;
    expect(changes).to.have.length(5);
    let configuration = new Configuration(readChannelConfig(first?.bytes ?? new Uint8Array()));
    for (const { block, bytes } of changes) {
      const config = readChannelConfig(bytes);
      const next = (changed: Uint8Array): Configuration => configuration.next('epione', changed, config);
      for (const most of [0, 1, 2]) {
        expect(() => next(withSignatures(bytes, (all) => all.slice(0, most))), `block ${block}`).to.throw('was changed by too few');
        expect(() => next(withSignatures(bytes, (all) => all.slice(0, most).flatMap((one) => [one, one, one]))), `block ${block}`).to.throw('was changed by too few');
      }
      expect(() => next(withSignatures(bytes, (all) => all.map((one) => { one.setSignature('AAAA'); return one; }))), `block ${block}`).to.throw('by the signatures of nobody');
      configuration = next(bytes);
    }
    expect([...configuration.config.applications.keys()].sort()).to.deep.equal(['HospitalA', 'HospitalB', 'HospitalC', 'HospitalD', 'Regulator']);
    expect(configuration.config.consenters.map(({ mspId }) => mspId)).to.deep.equal(['HospitalA', 'HospitalC', 'Regulator', 'HospitalD']);
    expect(configuration.config.sequence).to.equal(changes.length);
  });
});
