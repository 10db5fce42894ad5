/** Proposals, epochs and ends as an auditor repeats them: each rule broken by itself, as colluding peers could let it pass. */
import {
  newSigner, sign, statementDigest, toBase64Url, type Digest, type Epoch, type Json, type Signer, type StatementName, type Study,
} from '@epione/protocol';
import { digestOf, newKemKeys, sha256 } from '@epione/protocol';
import { expect } from 'chai';
import type { ValidTransaction } from '../chain/validity.js';
import { Report } from '../report.js';
import { registerParticipant } from './participants.js';
import { endStudy, openEpoch, propose } from './proposals.js';
import { Registry } from './registry.js';
import { close } from './rounds.js';
import type { Entry, Step } from './step.js';
import { approve, openStudy, registerStudy } from './studies.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const genesis = digestOf(bytes('genesis'));
const three = ['HospitalA', 'HospitalB', 'Regulator'];
const four = ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'];
const study = {
  version: 1, name: 'test', title: 'A test study', channel: 'epione', genesis, chaincode: 'epione',
  purpose: { duo: ['DUO:0000007'], reason: 'HRESCH' },
  features: [{ name: 'radius', kind: 'number', missing: 'reject' }], label: { name: 'diagnosis', kind: 'number', missing: 'reject' },
  model: { kind: 'logistic', layers: [], tensors: [{ name: 'weights', shape: [1, 1] }, { name: 'bias', shape: [1] }], dimension: 2, initial: 'zeros' },
  training: { optimizer: 'sgd', learningRate: '0.1', localEpochs: 1, batchSize: 8 },
  strategy: { name: 'fedavg', weighting: 'examples', serverLearningRate: '1', parameters: [] },
  encoding: { bits: 64, fractionBits: 24, clip: '8', maxWeight: 1000 }, privacy: { unit: 'none' }, aggregation: { mode: 'visible', rule: 'mean' },
  suites: { profile: 'default', signature: 'mldsa65', sealing: ['seal-mlkem768'], qkdMissing: 'fail', qkdWaitMs: 1000 },
  participants: ['HospitalA', 'HospitalB'], aggregators: three, observers: [],
  quorums: { approve: 2, submit: 2, attest: 2 }, rounds: { count: 3, submitMs: 60_000, graceMs: 10_000, attestMs: 60_000 },
  consent: { required: false, classes: [], onWithdrawal: 'next-round' },
} satisfies Json as unknown as Study;

/** Accepted transactions, written by their authors with real keys. */
class Scribe {
  readonly ledger = new Registry();
  readonly report = new Report(genesis);
  readonly study = statementDigest('study', study);
  readonly #signers = new Map<string, Signer>(four.map((mspId) => [mspId, newSigner('mldsa65', sha256(bytes(mspId)))]));
  readonly #records = new Map<string, Digest>();
  #time = 1000;

  record(mspId: string): Digest {
    return this.#records.get(mspId) as Digest;
  }

  write<T>(name: StatementName, replay: (step: Step<T>) => Entry[], by: string, statement: object): Digest {
    this.#time += 10;
    const digest = statementDigest(name, statement as Json);
    const transaction = { channel: 'epione', chaincode: 'epione', creator: { mspId: by }, creatorKey: bytes(by), time: this.#time, txId: String(this.#time), block: this.#time } as unknown as ValidTransaction;
    const signed = { ...sign(name, statement as Json, this.#signers.get(by) as Signer), digest } as unknown as Step<T>['signed'];
    replay({ name, signed, transaction, ledger: this.ledger, report: this.report });
    return digest;
  }

  register(mspId: string): void {
    const signer = this.#signers.get(mspId) as Signer;
    const kem = newKemKeys('mlkem768', new Uint8Array([...sha256(bytes(`${mspId} d`)), ...sha256(bytes(`${mspId} z`))]));
    const record = {
      channel: 'epione', genesis, mspId, version: 1, certificateKey: digestOf(bytes(mspId)), signatureSuite: 'mldsa65', signingKey: toBase64Url(signer.publicKey),
      kemSuite: 'mlkem768', encapsulationKey: toBase64Url(kem.encapsulationKey), blobUrl: `https://localhost/${mspId}`,
    };
    this.#records.set(mspId, this.write('participant', registerParticipant, mspId, record));
  }

  approve(subject: Digest, members: readonly string[]): { member: string; approval: Digest }[] {
    return members.map((member) => ({ member, approval: this.write('approval', approve, member, { subject, member, record: this.record(member), decision: 'approve' }) }));
  }

  roster(number: number, from: number, participants: readonly string[], aggregators: readonly string[]): Epoch {
    return { epoch: number, from, participants: participants.map((mspId) => ({ mspId, record: this.record(mspId) })), aggregators: [...aggregators], quorum: Math.floor(aggregators.length / 2) + 1 };
  }

  propose(statement: object, member = 'HospitalA'): Digest {
    return this.write('proposal', propose, member, { study: this.study, member, record: this.record(member), epoch: 1, ...statement });
  }

  openEpoch(statement: object, member = 'HospitalA'): void {
    this.write('epoch', openEpoch, member, { study: this.study, member, record: this.record(member), approvals: [], after: { kind: 'opening' }, ...statement });
  }

  /** An opened study of two hospitals and a regulator; a third hospital has a record. */
  open(): this {
    for (const mspId of four) this.register(mspId);
    this.write('study', registerStudy, 'HospitalA', study);
    const approvals = this.approve(this.study, three);
    this.write('opening', openStudy, 'HospitalA', { study: this.study, member: 'HospitalA', record: this.record('HospitalA'), approvals, epoch: this.roster(1, 1, study.participants, three) });
    return this;
  }

  /** HospitalC is let in. */
  joined(approvedBy = ['HospitalA', 'HospitalB', 'HospitalC']): { proposal: Digest; approvals: object; epoch: Epoch } {
    const proposal = this.propose({ kind: 'roster', participants: four.slice(0, 3), aggregators: four, quorum: 3 });
    return { proposal, approvals: this.approve(proposal, approvedBy), epoch: this.roster(2, 2, four.slice(0, 3), four) };
  }

  get faults(): string[] {
    return this.report.checks().filter((check) => check.result === 'fail').map((check) => `${check.name} ${(check.message ?? '').split(':')[0] ?? ''}`);
  }
}

describe('proposals, as an auditor repeats them', () => {
  it('finds nothing in a change that was approved, and follows it', () => {
    const scribe = new Scribe().open();
    scribe.openEpoch(scribe.joined());
    expect(scribe.faults).to.deep.equal([]);
    expect(scribe.ledger.studies.get(scribe.study)?.course?.epochs.map((entry) => entry.from)).to.deep.equal([1, 2]);
    const end = scribe.propose({ kind: 'end', epoch: 2 }, 'HospitalC');
    const approvals = scribe.approve(end, ['HospitalB', 'HospitalC', 'Regulator']);
    scribe.write('ending', endStudy, 'Regulator', { study: scribe.study, member: 'Regulator', record: scribe.record('Regulator'), from: 2, proposal: end, approvals, after: { kind: 'opening' } });
    expect(scribe.faults).to.deep.equal([]);
    expect(scribe.ledger.studies.get(scribe.study)?.course?.end?.from).to.equal(2);
  });

  const broken: [what: string, fault: string, act: (scribe: Scribe) => void][] = [
    ['an epoch that nobody proposed', 'course.epochs NOT_APPROVED', (scribe) => { scribe.openEpoch({ epoch: scribe.roster(2, 2, four.slice(0, 3), four) }); }],
    ['an epoch that too few members approved', 'course.epochs NOT_APPROVED', (scribe) => { scribe.openEpoch(scribe.joined(['HospitalA', 'HospitalC'])); }],
    ['an epoch that the joining hospital did not approve', 'course.epochs NOT_APPROVED', (scribe) => { scribe.openEpoch(scribe.joined(['HospitalA', 'HospitalB'])); }],
    ['another roster than was approved', 'course.epochs EPOCH_WRONG', (scribe) => { scribe.openEpoch({ ...scribe.joined(), epoch: scribe.roster(2, 2, four.slice(1, 3), four) }); }],
    ['an epoch for a round that has begun', 'course.epochs ROUND_NOT_OPEN', (scribe) => { scribe.openEpoch({ ...scribe.joined(), epoch: scribe.roster(2, 3, four.slice(0, 3), four) }); }],
    ['an epoch for the first round', 'course.epochs ROUND_NOT_OPEN', (scribe) => { scribe.openEpoch({ ...scribe.joined(), epoch: scribe.roster(2, 1, four.slice(0, 3), four) }); }],
    ['a number that is not the next', 'course.epochs EPOCH_NOT_NEW', (scribe) => { scribe.openEpoch({ ...scribe.joined(), epoch: scribe.roster(3, 2, four.slice(0, 3), four) }); }],
    ['a roster with a record that is not current', 'course.epochs RECORD_NOT_CURRENT', (scribe) => {
      const motion = scribe.joined();
      scribe.openEpoch({ ...motion, epoch: { ...motion.epoch, participants: motion.epoch.participants.map((entry) => ({ ...entry, record: scribe.record('HospitalA') })) } });
    }],
    ['a proposal by a stranger', 'course.epochs NOT_AUTHORISED', (scribe) => { scribe.propose({ kind: 'end' }, 'HospitalC'); }],
    ['a proposal of the same twice', 'course.epochs STUDY_EXISTS', (scribe) => { scribe.propose({ kind: 'end' }); scribe.propose({ kind: 'end' }); }],
    ['a decision of somebody whom it does not concern', 'study.approved NOT_AUTHORISED', (scribe) => { scribe.approve(scribe.propose({ kind: 'end' }), ['HospitalC']); }],
    ['a second decision', 'study.approved ALREADY_APPROVED', (scribe) => { const end = scribe.propose({ kind: 'end' }); scribe.approve(end, ['HospitalA', 'HospitalA']); }],
    ['an end that a proposal of another kind should carry', 'course.epochs NOT_APPROVED', (scribe) => {
      const { proposal, approvals } = scribe.joined();
      scribe.write('ending', endStudy, 'HospitalA', { study: scribe.study, member: 'HospitalA', record: scribe.record('HospitalA'), from: 2, proposal, approvals, after: { kind: 'opening' } });
    }],
    ['an abort before the deadline that too few approved', 'round.sealed NOT_APPROVED', (scribe) => {
      const proposal = scribe.propose({ kind: 'abort', round: 1 });
      const approvals = scribe.approve(proposal, ['HospitalA']);
      scribe.write('closing', close('abort'), 'HospitalA', { study: scribe.study, epoch: 1, round: 1, member: 'HospitalA', record: scribe.record('HospitalA'), after: { kind: 'opening' }, kind: 'abort', submissions: [], reason: 'ROUND_ENDED', proposal, approvals });
    }],
  ];
  for (const [what, fault, act] of broken) {
    it(`tells ${what}`, () => {
      const scribe = new Scribe().open();
      act(scribe);
      expect([...new Set(scribe.faults)]).to.deep.equal([fault]);
    });
  }
});
