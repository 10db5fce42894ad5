/** Who calls: MSP ID, role attribute and certificate key, and the current record that must belong to them. */
import { X509Certificate } from 'node:crypto';
import { Context } from 'fabric-contract-api';
import { assertReadSignedBy, CodedError, digestOf, type Digest, type Named, type ParticipantRecord, type ParticipantState, type StatementName, type Stored } from '@epione/protocol';
import { kept } from './kept.js';
import { get, refuseUnless, txTime, type Place } from './ledger.js';

/** Values of the certificate attribute `role`. */
export type Role = 'worker' | 'operator' | 'dpo' | 'auditor';

/** MSP ID of the caller. */
export const callerMsp = (ctx: Context): string => ctx.clientIdentity.getMSPID();

/** @throws CodedError NOT_AUTHORISED unless the caller's certificate carries one of the roles. */
export function assertRole(ctx: Context, ...roles: Role[]): void {
  const held = ctx.clientIdentity.getAttributeValue('role');
  if (!roles.some((role) => role === held)) throw new CodedError('NOT_AUTHORISED', `this transaction needs the role ${roles.join(' or ')}`);
}

const keyOfCertificate = kept((pem) => digestOf(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })));

/** Digest of the caller's SubjectPublicKeyInfo (DER). */
export const callerKey = (ctx: Context): Digest => keyOfCertificate(Buffer.from(ctx.clientIdentity.getIDBytes()).toString('latin1'));

/** The record that a statement names, if it is its owner's current one. @throws CodedError RECORD_NOT_CURRENT, RECORD_REVOKED. */
export async function currentRecord(ctx: Context, mspId: string, digest: string): Promise<ParticipantRecord> {
  const state = await get<ParticipantState>(ctx, 'participant', mspId);
  refuseUnless(state?.record === digest, 'RECORD_NOT_CURRENT', `the statement names ${digest}, not the current record of ${mspId}`);
  refuseUnless(state.status === 'current', 'RECORD_REVOKED', `the record of ${mspId} is revoked`);
  const found = await get<Stored<ParticipantRecord>>(ctx, 'record', digest);
  refuseUnless(found !== undefined, 'RECORD_NOT_CURRENT', `there is no record ${digest}`);
  return found.statement;
}

/**
 * Binds a statement to its caller: role, the certificate key of the caller's current record, and that record's signature.
 * @returns the record.
 * @throws CodedError NOT_AUTHORISED, RECORD_NOT_CURRENT, RECORD_REVOKED, CALLER_MISMATCH, BAD_SIGNATURE.
 */
export async function assertSigner(ctx: Context, name: StatementName, signed: Named<unknown>, recordDigest?: string): Promise<ParticipantRecord> {
  const mspId = callerMsp(ctx);
  assertRole(ctx, 'worker', 'operator');
  const named = recordDigest ?? (await get<ParticipantState>(ctx, 'participant', mspId))?.record;
  const record = await currentRecord(ctx, mspId, named ?? 'none');
  refuseUnless(record.certificateKey === callerKey(ctx), 'CALLER_MISMATCH', `the caller's certificate is not the one of the current record of ${mspId}`);
  assertReadSignedBy(name, signed, record);
  return record;
}

/** What `assertAuthor` reads. */
export const authorPlaces = (mspId: string, record: string): Place[] => [['participant', mspId], ['record', record]];

/** As `assertSigner`, for a statement of an author and the author's record. @returns the record. @throws also CALLER_MISMATCH for another organization. */
export async function assertSignedAs(ctx: Context, name: StatementName, signed: Named<unknown>, mspId: string, record: string): Promise<ParticipantRecord> {
  refuseUnless(mspId === callerMsp(ctx), 'CALLER_MISMATCH', `the statement is ${mspId}'s, the caller belongs to ${callerMsp(ctx)}`);
  return assertSigner(ctx, name, signed, record);
}

/** As `assertSignedAs`, for a statement that names its author's record as `record`, as all but revocations do. */
export const assertAuthor = (ctx: Context, name: StatementName, signed: Named<{ record: string }>, mspId: string): Promise<ParticipantRecord> =>
  assertSignedAs(ctx, name, signed, mspId, signed.statement.record);

/** A statement as the ledger keeps it: with the caller, the transaction's time and its ID. */
export const store = <T>(ctx: Context, signed: Named<T>): Stored<T> => ({
  by: callerMsp(ctx),
  signature: signed.signature,
  statement: signed.statement,
  time: txTime(ctx),
  txId: ctx.stub.getTxID(),
});
