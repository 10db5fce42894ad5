/** Participants: records of public keys with proof of possession, their rotation and revocation (PROTOCOL section 2). */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import {
  assertSignedBy, checkEncapsulationKey, digestParameter, fromBase64Url, mspIdParameter, participantRecord, readSigned, revocation, signatureLengths,
  type ParticipantRecord, type ParticipantState, type Stored,
} from '@epione/protocol';
import { z } from 'zod';
import { assertRole, callerKey, callerMsp, currentRecord, store } from './caller.js';
import { announce, get, history, put, refuseUnless } from './ledger.js';
import { answer, question, StrictContract } from './strict-contract.js';

function assertKeys(record: ParticipantRecord): void {
  const signing = fromBase64Url(record.signingKey).length;
  refuseUnless(signing === signatureLengths[record.signatureSuite].publicKey, 'BAD_KEY', `a ${record.signatureSuite} key has not ${signing} bytes`);
  refuseUnless(checkEncapsulationKey(record.kemSuite, fromBase64Url(record.encapsulationKey)), 'BAD_KEY', 'the encapsulation key fails the check of FIPS 203, section 7.2');
}

@Info({ title: 'Participant', description: 'Records of public keys, bound to the Fabric certificate' })
export class ParticipantContract extends StrictContract {
  constructor() {
    super('Participant');
  }

  /** Registers a record, version 1, or its successor; signed by its own new key and, for a successor, by the one before. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed participant statement')
  @Returns('string')
  async registerParticipant(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('participant', participantRecord, Buffer.from(argument));
    const record = signed.statement;
    refuseUnless(record.mspId === callerMsp(ctx), 'CALLER_MISMATCH', `the record is ${record.mspId}'s, the caller belongs to ${callerMsp(ctx)}`);
    assertRole(ctx, 'worker', 'operator');
    refuseUnless(record.channel === ctx.stub.getChannelID(), 'CALLER_MISMATCH', `the record is for channel ${record.channel}`);
    refuseUnless(record.certificateKey === callerKey(ctx), 'CALLER_MISMATCH', 'certificateKey is not the key of the calling certificate');
    assertKeys(record);
    assertSignedBy('participant', signed, record);
    await this.#assertSuccessor(ctx, signed.statement, signed.previousSignature);
    const state: ParticipantState = { record: signed.digest, version: record.version, status: 'current' };
    await put(ctx, store(ctx, signed), 'record', signed.digest);
    await put(ctx, state, 'participant', record.mspId);
    announce(ctx, { event: 'participantRegistered', mspId: record.mspId, record: signed.digest });
    return answer({ record: signed.digest });
  }

  async #assertSuccessor(ctx: Context, record: ParticipantRecord, previousSignature: string | undefined): Promise<void> {
    const state = await get<ParticipantState>(ctx, 'participant', record.mspId);
    refuseUnless(record.version === (state?.version ?? 0) + 1 && record.previous === state?.record, 'RECORD_NOT_CURRENT', `the next record of ${record.mspId} is version ${(state?.version ?? 0) + 1} and names the one before`);
    if (state === undefined) return;
    refuseUnless(state.reason !== 'compromised', 'RECORD_REVOKED', 'after a compromise a new record needs an approved admission');
    const before = await get<Stored<ParticipantRecord>>(ctx, 'record', state.record);
    refuseUnless(before !== undefined && previousSignature !== undefined, 'BAD_SIGNATURE', 'a successor is signed by the previous key too');
    assertSignedBy('participant', { signature: previousSignature, statement: record }, before.statement);
  }

  /** Revokes the caller's own record: nothing is accepted under it from here on. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed revocation statement')
  @Returns('string')
  async revokeParticipant(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('revocation', revocation, Buffer.from(argument));
    const { mspId, record, reason, since } = signed.statement;
    refuseUnless(mspId === callerMsp(ctx), 'CALLER_MISMATCH', `only ${mspId} revokes its record here`);
    assertRole(ctx, 'worker', 'operator');
    assertSignedBy('revocation', signed, await currentRecord(ctx, mspId, record));
    const before = await get<ParticipantState>(ctx, 'participant', mspId);
    const state: ParticipantState = { record, version: before?.version ?? 1, status: 'revoked', reason, ...(since === undefined ? {} : { since }) };
    await put(ctx, store(ctx, signed), 'revocation', signed.digest);
    await put(ctx, state, 'participant', mspId);
    announce(ctx, { event: 'participantRevoked', mspId, record });
    return answer({ revocation: signed.digest });
  }

  /** The current state and record of an organization. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {mspId}')
  @Returns('string')
  async getParticipant(ctx: Context, argument: string): Promise<string> {
    const { mspId } = question(z.strictObject({ mspId: mspIdParameter }), argument);
    const state = await get<ParticipantState>(ctx, 'participant', mspId);
    if (state === undefined) return answer({});
    return answer({ state, record: await get<Stored<ParticipantRecord>>(ctx, 'record', state.record) });
  }

  /** A record by its digest, current or not. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {record}')
  @Returns('string')
  async getRecord(ctx: Context, argument: string): Promise<string> {
    const { record } = question(z.strictObject({ record: digestParameter }), argument);
    return answer({ record: await get<Stored<ParticipantRecord>>(ctx, 'record', record) });
  }

  /** How an organization's standing has changed, newest first: registrations, rotations, revocation. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {mspId}')
  @Returns('string')
  async getParticipantHistory(ctx: Context, argument: string): Promise<string> {
    const { mspId } = question(z.strictObject({ mspId: mspIdParameter }), argument);
    return answer({ changes: await history<ParticipantState>(ctx, 'participant', mspId) });
  }
}
