/** Fuzz targets: statements by proposal, of a member's end, of the log and of masked rounds, signed; those of a plain study come from a recording. */
import { cosignature } from './anchor.js';
import type { Json } from '../encoding/canonical-json.js';
import { ending, nextEpoch } from '../rules/course.js';
import { detail, erasure } from './detail.js';
import { concat, toBase64Url } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { acknowledgement, reveal } from '../masked/reveal.js';
import { setup } from '../masked/setup.js';
import { newSigner } from '../crypto/ml-dsa.js';
import { revocation, type ParticipantRecord } from './participant.js';
import { proposal } from './proposal.js';
import { assertReadSignedBy, encodeSigned, readSigned, sign } from './signed.js';
import { closing } from './submission.js';

const of = (digit: string): string => `sha256:${digit.repeat(64)}`;
const hex = (byte: string): string => byte.repeat(32);

const by = { study: of('1'), member: 'HospitalA', record: of('2') };
const approvals = [{ member: 'HospitalA', approval: of('3') }, { member: 'HospitalB', approval: of('4') }];
const after = { kind: 'ended', attesters: ['HospitalA', 'Regulator'] };
const epoch = { epoch: 2, from: 3, participants: [{ mspId: 'HospitalA', record: of('2') }], aggregators: ['HospitalA', 'Regulator'], quorum: 2 };

/** One of each kind that no recording has. */
const statements = [
  ['revocation', revocation, { mspId: 'HospitalA', record: of('2'), reason: 'compromised', since: 1000, note: 'stolen', mandate: { proposal: of('7'), approvals, member: 'HospitalB', record: of('8') } }],
  ['proposal', proposal, { ...by, epoch: 1, kind: 'roster', participants: ['HospitalA', 'HospitalB'], aggregators: ['HospitalA', 'Regulator'], quorum: 2, note: 'a fifth' }],
  ['proposal', proposal, { ...by, epoch: 1, kind: 'admit', mspId: 'HospitalB', admits: of('9') }],
  ['epoch', nextEpoch, { ...by, epoch, proposal: of('7'), approvals, after }],
  ['ending', ending, { ...by, from: 4, proposal: of('7'), approvals, after }],
  ['closing', closing, { study: of('1'), epoch: 1, round: 3, ...{ member: by.member, record: by.record }, after, kind: 'abort', submissions: [{ participant: 'HospitalA', digest: of('a') }], reason: 'TOO_FEW', proposal: of('7'), approvals }],
  ['detail', detail, { channel: 'epione', genesis: of('0'), mspId: 'HospitalA', record: of('2'), id: 'note 1', digest: of('b') }],
  ['erasure', erasure, { channel: 'epione', genesis: of('0'), mspId: 'HospitalA', record: of('2'), id: 'note 1' }],
  ['cosignature', cosignature, { channel: 'epione', genesis: of('0'), mspId: 'HospitalA', record: of('2'), size: 9, root: hex('0a'), previous: { size: 4, root: hex('0b') }, consistency: [hex('0c')], lines: ['\u2014 epione/epione/HospitalA AAAA'] }],
  ['setup', setup, { study: of('1'), epoch: 1, from: 3, participant: 'HospitalA', record: of('2'), blob: of('d'), pairs: [{ to: 'HospitalB', record: of('3'), suite: 'seal-mlkem768', keyIds: [], reason: 'QKD_UNAVAILABLE' }] }],
  ['acknowledgement', acknowledgement, { study: of('1'), epoch: 1, round: 3, participant: 'HospitalA', record: of('2'), set: of('c') }],
  ['reveal', reveal, { study: of('1'), epoch: 1, round: 3, participant: 'HospitalA', record: of('2'), set: of('c'), own: hex('0d'), pairs: [{ to: 'HospitalB', seed: hex('0e') }], shares: [{ of: 'HospitalC', index: 0, share: hex('0f') }] }],
] as const;

const signer = newSigner('mldsa65', new Uint8Array(32).fill(5));
const record = { mspId: 'HospitalA', signatureSuite: signer.suite, signingKey: toBase64Url(signer.publicKey) } as ParticipantRecord;

/** The first of a name stands for it. */
const numberOf = (name: string): number => statements.findIndex(([one]) => one === name);

export const targets = [{
  name: 'signed statement, by proposal and others', weight: 4, changed: 'refused',
  /** The kind's number first, so that it is changed too. */
  samples: () => statements.map(([name, , statement]) => concat(Uint8Array.of(numberOf(name)), encodeSigned(sign(name, statement as unknown as Json, signer)))),
  read: (input: Uint8Array) => {
    const at = input[0] ?? 255;
    const found = statements[at];
    if (found === undefined || numberOf(found[0]) !== at) throw new CodedError('UNKNOWN_TYPE', 'no such kind');
    const [name, schema] = found;
    assertReadSignedBy(name, readSigned(name, schema, input.subarray(1)), record);
  },
  isRefusal: (error: unknown) => error instanceof CodedError,
}];
