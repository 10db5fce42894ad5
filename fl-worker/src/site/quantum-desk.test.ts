// An approval with a quantum signature beside it, over a key management entity by HTTPS: what is signed, and that a failure stops the approval.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptJudgement, forwardSignature, judgeTransfer, type ConnectionProfile, type Ledger } from '@epione/client';
import { documentOf, readQuantumSignature, statementDigest, type Approval, type Signed } from '@epione/protocol';
import { expect } from 'chai';
import { WorkerError } from '../error.js';
import { smallTemplate, TestConsortium } from '../testing/consortium.js';
import type { Membership } from './membership.js';
import { asParty, quantumWitness } from './quantum-desk.js';
import { readKeys } from '../keys/seeds.js';
import { approve } from './study-desk.js';

describe('an approval of high value', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'epione-quantum-desk-'));
  const others = { receiver: 'sae-hospitalb', arbiter: 'sae-regulator' };
  let house: TestConsortium;
  let approved: Signed<Approval>[] = [];

  before(async () => { house = await TestConsortium.found(smallTemplate); });
  beforeEach(() => { approved = []; });
  after(async () => {
    await house[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  /** The ledger's edge: the study under its digest, the member's record, and what is sent to be approved. */
  async function membershipOf(mspId: string): Promise<Membership> {
    const { config, record } = house.of(mspId);
    const stored = (statement: object): object => ({ statement, signature: 'AA', by: mspId, time: 0, txId: '0'.repeat(64) });
    const ledger = {
      getProposal: () => Promise.resolve(undefined),
      getStudy: () => Promise.resolve({ study: stored(house.study), approvals: [] }),
      listStudies: () => Promise.resolve([]),
      getParticipant: () => Promise.resolve({ state: { status: 'current' }, record: stored(record) }),
      approve: (signed: Signed<Approval>) => {
        approved.push(signed);
        return Promise.resolve({ digest: statementDigest('approval', signed.statement) });
      },
    } as unknown as Ledger;
    return { config, ledger, keys: await readKeys(config.state, config.suites), profile: { mspId, channel: 'epione', genesis: house.study.genesis } as unknown as ConnectionProfile };
  }

  it('is signed with the whole study, and accepted by receiver and arbiter', async () => {
    const membership = await membershipOf('HospitalA');
    const quantum = join(folder, 'approval.json');
    await approve(membership, house.digest, quantumWitness(membership.config, { quantum, ...others }));
    const signed = readQuantumSignature(JSON.parse(readFileSync(quantum, 'utf8')));
    const transfer = await asParty(house.of('HospitalB').config, (party) => forwardSignature(party, signed));
    const judgement = await asParty(house.of('Regulator').config, (party) => judgeTransfer(party, transfer));
    expect((await asParty(house.of('HospitalB').config, (party) => acceptJudgement(party, judgement))).valid).equal(true);
    const { approval, subject } = JSON.parse(Buffer.from(documentOf(signed)).toString()) as { approval: Approval; subject: typeof house.study };
    expect(approval).deep.equal(approved[0]?.statement);
    expect(statementDigest('study', subject)).equal(approval.subject);
  });

  it('is not given where no key is to be had', async () => {
    const membership = await membershipOf('HospitalA');
    const stock = house.entity.stock;
    house.entity.stock = 0;
    const code = await approve(membership, house.digest, quantumWitness(membership.config, { quantum: join(folder, 'none.json'), ...others })).then(() => 'none', (error: unknown) => (error as { code: string }).code);
    house.entity.stock = stock;
    expect(code).equal('KEY_UNAVAILABLE');
    expect(approved).deep.equal([]);
  });

  it('names all three parties or none', async () => {
    const { config } = house.of('HospitalA');
    expect(quantumWitness(config, {})).equal(undefined);
    expect(() => quantumWitness(config, { quantum: 'file', receiver: 'sae-hospitalb' })).throw(WorkerError).with.property('code', 'CONFIG_INVALID');
    const { kme, ...without } = config;
    expect(kme?.saeId).equal('sae-hospitala');
    expect(await asParty(without, () => Promise.resolve('done')).catch((error: unknown) => (error as WorkerError).code)).equal('CONFIG_INVALID');
  });
});
