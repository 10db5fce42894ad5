/** Fuzz targets: the signed arguments of a recorded study, each under the key of its author's record. */
import { readFileSync } from 'node:fs';
import {
  access, approval, assertReadSignedBy, assertSuccession, attestation, closing, CodedError, concat, consent, encodeCanonical, ending, nextEpoch, opening, participantRecord, proposal, readSigned, readStudy,
  retraction, revocation, study, submission, withdrawal, type Json, type ParticipantRecord, type StatementName,
} from '@epione/protocol';
import { readBlock } from '../../evidence/block.js';
import { readTransaction } from '../../evidence/transaction.js';

const schemas = {
  participant: participantRecord, revocation, study, approval, opening, proposal, epoch: nextEpoch, ending, submission, retraction, closing, attestation, consent, withdrawal, access,
} as const satisfies Partial<Record<StatementName, unknown>>;
type Name = keyof typeof schemas;
const names: Readonly<Record<string, Name>> = {
  registerParticipant: 'participant', revokeParticipant: 'revocation', registerStudy: 'study', approve: 'approval', openStudy: 'opening', propose: 'proposal', openEpoch: 'epoch', endStudy: 'ending',
  submit: 'submission', retract: 'retraction', closeRound: 'closing', abortRound: 'closing', attest: 'attestation', grantConsent: 'consent', withdrawConsent: 'withdrawal', appendAccess: 'access',
};

/** A kind of statement and whose it is. */
interface Origin {
  readonly name: Name;
  readonly record: ParticipantRecord;
}
const isSame = (a: Origin, b: Origin): boolean => a.name === b.name && a.record.mspId === b.record.mspId;

/** All arguments of the recording, with their authors' records. */
function recorded(): { readonly argument: Uint8Array; readonly origin: Origin }[] {
  const bytes = readFileSync(new URL('../../../fixtures/played-study/blocks.bin', import.meta.url));
  const calls: { name: Name; mspId: string; argument: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    for (const envelope of readBlock(new Uint8Array(bytes.subarray(at + 4, end))).envelopes) {
      const transaction = readTransaction(envelope);
      const [call, argument] = transaction.kind === 'endorser' ? transaction.args : [];
      const name = names[Buffer.from(call ?? []).toString().split(':').at(-1) ?? ''];
      if (name !== undefined && argument !== undefined) calls.push({ name, mspId: transaction.creator.mspId, argument });
    }
    at = end;
  }
  const records = new Map(calls.filter(({ name }) => name === 'participant').map(({ argument, mspId }) => [mspId, readSigned('participant', participantRecord, argument).statement]));
  return calls.flatMap(({ name, mspId, argument }) => {
    const record = records.get(mspId);
    return record === undefined ? [] : [{ argument, origin: { name, record } }];
  });
}

const calls = recorded();
const origins: Origin[] = [];
for (const { origin } of calls) if (!origins.some((known) => isSame(known, origin))) origins.push(origin);
/** The origin's number first, so that it is changed too. */
const samples = (): Uint8Array[] => calls.map(({ argument, origin }) => concat(Uint8Array.of(origins.findIndex((known) => isSame(known, origin))), argument));

function originOf(input: Uint8Array): Origin {
  const origin = origins[input[0] ?? 255];
  if (origin === undefined) throw new CodedError('UNKNOWN_TYPE', 'no such origin');
  return origin;
}

const isRefusal = (error: unknown): boolean => error instanceof CodedError;

export const targets = [
  {
    name: 'signed statement', weight: 4, changed: 'refused', samples, isRefusal,
    read: (input: Uint8Array) => {
      const { name, record } = originOf(input);
      const signed = readSigned(name, schemas[name], input.subarray(1));
      if (name === 'participant') assertSuccession(readSigned(name, participantRecord, input.subarray(1)), undefined);
      assertReadSignedBy(name, signed, record);
      return signed;
    },
  },
  {
    name: 'statement, unsigned', weight: 12, changed: 'canonical', samples, isRefusal,
    read: (input: Uint8Array) => {
      const { name } = originOf(input);
      const { signature, statement, previousSignature, admission } = readSigned(name, schemas[name], input.subarray(1));
      if (name === 'study') readStudy(statement);
      return concat(input.subarray(0, 1), encodeCanonical({ signature, statement: statement as Json, previousSignature, admission }));
    },
  },
];
