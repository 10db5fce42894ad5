/** Accepted transactions for the auditor's rules, written by their authors with real keys: a study of two hospitals and a regulator, beside a third hospital. */
import {
  digestOf, newKemKeys, newSigner, sha256, sign, statementDigest, toBase64Url,
  type Digest, type Epoch, type Json, type ParticipantRecord, type Revocation, type Signer, type StatementName, type Study,
} from '@epione/protocol';
import type { ValidTransaction } from '../verify/chain/validity.js';
import { Report } from '../verify/report.js';
import { registerParticipant, revokeParticipant } from '../verify/replay/participants.js';
import { openEpoch, propose } from '../verify/replay/proposals.js';
import { Registry } from '../verify/replay/registry.js';
import type { Entry, Step } from '../verify/replay/step.js';
import { approve, openStudy, registerStudy } from '../verify/replay/studies.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const genesis = digestOf(bytes('genesis'));
export const three = ['HospitalA', 'HospitalB', 'Regulator'];
export const four = ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'];
export const study = {
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
export class Scribe {
  readonly ledger = new Registry();
  readonly report = new Report(genesis);
  readonly study = statementDigest('study', study);
  readonly #records = new Map<string, Digest>();
  #time = 1000;

  /** The signer of an organization's keys; `generation` distinguishes those that follow each other. */
  signer(mspId: string, generation = 1): Signer {
    return newSigner('mldsa65', sha256(bytes(`${mspId} ${generation}`)));
  }

  record(mspId: string): Digest {
    return this.#records.get(mspId) as Digest;
  }

  write<T>(name: StatementName, replay: (step: Step<T>) => Entry[], by: string, statement: object, { signer = this.signer(by), ...voucher }: { signer?: Signer; previousSignature?: string; admission?: object } = {}): Digest {
    this.#time += 10;
    const digest = statementDigest(name, statement as Json);
    const transaction = { channel: 'epione', chaincode: 'epione', creator: { mspId: by }, creatorKey: bytes(by), time: this.#time, txId: String(this.#time), block: this.#time } as unknown as ValidTransaction;
    const signed = { ...sign(name, statement as Json, signer), ...voucher, digest } as unknown as Step<T>['signed'];
    replay({ name, signed, transaction, ledger: this.ledger, report: this.report });
    return digest;
  }

  /** A record with the keys of a generation, which follows the one before. */
  newRecord(mspId: string, generation = 1): ParticipantRecord {
    const kem = newKemKeys('mlkem768', new Uint8Array([...sha256(bytes(`${mspId} d ${generation}`)), ...sha256(bytes(`${mspId} z ${generation}`))]));
    return {
      channel: 'epione', genesis, mspId, version: generation, ...(generation === 1 ? {} : { previous: this.record(mspId) }), certificateKey: digestOf(bytes(mspId)), signatureSuite: 'mldsa65',
      signingKey: toBase64Url(this.signer(mspId, generation).publicKey), kemSuite: 'mlkem768', encapsulationKey: toBase64Url(kem.encapsulationKey), blobUrl: `https://localhost/${mspId}`,
    };
  }

  register(mspId: string, record = this.newRecord(mspId), voucher: { previousSignature?: string; admission?: object } = {}): void {
    this.#records.set(mspId, this.write('participant', registerParticipant, mspId, record, { signer: this.signer(mspId, record.version), ...voucher }));
  }

  revoke(by: string, statement: Revocation): void {
    this.write('revocation', revokeParticipant, by, statement);
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

