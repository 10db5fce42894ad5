/** One accepted transaction under the auditor's eyes: its signed argument, the state before it, and where faults are noted. */
import {
  assertSignedBy, CodedError, digestOf, type Digest, type Named, type ParticipantRecord, type StatementName, type Stored,
} from '@epione/protocol';
import type { ValidTransaction } from '../chain/validity.js';
import type { CheckName, Report } from '../report.js';
import type { Registry } from './registry.js';

/** A transaction with its argument read. */
export interface Step<T> {
  readonly name: StatementName;
  readonly signed: Named<T>;
  readonly transaction: ValidTransaction;
  /** What the ledger held before. */
  readonly ledger: Registry;
  readonly report: Report;
}

/** A key of the chaincode and what a transaction puts under it. */
export type Entry = PublicEntry | PrivateEntry;

/** A value under a key. */
export interface PublicEntry {
  readonly kind: string;
  readonly parts: readonly string[];
  readonly value: object;
  /** The policy that further changes of the key must meet, where one organization owns it. */
  readonly policy?: Uint8Array;
}

/** A key of a private collection, of which the ledger has digests only; deleted where the digest is absent. */
export interface PrivateEntry {
  readonly collection: string;
  readonly kind: string;
  readonly parts: readonly string[];
  readonly digest?: Digest;
}

/** A statement as the chaincode keeps it. */
export const stored = <T>({ signed, transaction }: Step<T>): Stored<T> => ({
  by: transaction.creator.mspId,
  signature: signed.signature,
  statement: signed.statement,
  time: transaction.time,
  txId: transaction.txId,
});

/** Six digits, so that keys sort as rounds do. */
export const roundKey = (round: number): string => String(round).padStart(6, '0');

/** Four digits, likewise. */
export const epochKey = (epoch: number): string => String(epoch).padStart(4, '0');

export function refuseUnless(condition: boolean, code: ConstructorParameters<typeof CodedError>[0], sentence: string): asserts condition {
  if (!condition) throw new CodedError(code, sentence);
}

/**
 * Applies a rule; what it refuses is a failure of a check, about this statement.
 * @param check by name, or found from the refusal's code.
 */
export function judge(step: Step<unknown>, check: CheckName | ((code: string) => CheckName), rule: () => void): void {
  try {
    rule();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    step.report.fail(typeof check === 'string' ? check : check(String(error.code)), step.signed.digest, `${String(error.code)}: ${error.message}`);
  }
}

/**
 * The author's current record made the signature, and its certificate sent the transaction; then it goes down as this record's.
 * @param record the digest that the statement names; the author's current one where it names none.
 * @throws CodedError CALLER_MISMATCH, RECORD_NOT_CURRENT, RECORD_REVOKED, BAD_SIGNATURE.
 */
export function assertAuthor({ name, signed, transaction, ledger }: Step<unknown>, mspId: string, record?: string): void {
  const by = transaction.creator.mspId;
  refuseUnless(by === mspId, 'CALLER_MISMATCH', `the statement is ${mspId}'s, the caller belongs to ${by}`);
  const state = ledger.participants.get(mspId);
  refuseUnless(state !== undefined && state.record === (record ?? state.record), 'RECORD_NOT_CURRENT', `${record ?? 'no record'} is not the current record of ${mspId}`);
  refuseUnless(state.status === 'current', 'RECORD_REVOKED', `the record of ${mspId} was revoked`);
  const current = ledger.records.get(state.record)?.statement as ParticipantRecord;
  refuseUnless(current.certificateKey === digestOf(transaction.creatorKey), 'CALLER_MISMATCH', `the caller's certificate is not the one of the record of ${mspId}`);
  assertSignedBy(name, signed, current);
  ledger.authored.push({ record: state.record, time: transaction.time });
}
