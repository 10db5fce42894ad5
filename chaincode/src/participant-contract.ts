/** Participants: records of public keys with proof of possession, their rotation and revocation (PROTOCOL section 2). */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import {
  assertMandatedRevocation, assertSignedBy, assertSuccession, checkEncapsulationKey, fromBase64Url, participantQuestion, participantRecord, readSigned, recordQuestion, revocation, revokedState,
  signatureLengths, type Authority, type Mandate, type Named, type ParticipantRecord, type ParticipantState, type Revocation, type Standing, type Stored,
} from '@epione/protocol';
import { assertRole, assertSignedAs, callerKey, callerMsp, currentRecord, store } from './caller.js';
import { announce, get, history, put, refuseUnless } from './ledger.js';
import { motionOf } from './motions.js';
import { courseOf, studyOf } from './study-contract.js';
import { answer, question, StrictContract } from './strict-contract.js';

function assertKeys(record: ParticipantRecord): void {
  const signing = fromBase64Url(record.signingKey).length;
  refuseUnless(signing === signatureLengths[record.signatureSuite].publicKey, 'BAD_KEY', `a ${record.signatureSuite} key has not ${signing} bytes`);
  refuseUnless(checkEncapsulationKey(record.kemSuite, fromBase64Url(record.encapsulationKey)), 'BAD_KEY', 'the encapsulation key fails the check of FIPS 203, section 7.2');
}

/** An organization's record and how it stands; undefined when it never had one. */
async function standingOf(ctx: Context, mspId: string): Promise<Standing | undefined> {
  const state = await get<ParticipantState>(ctx, 'participant', mspId);
  const record = state && (await get<Stored<ParticipantRecord>>(ctx, 'record', state.record));
  return state && record && { state, record: record.statement };
}

/** The proposal behind a mandate, with the study whose members decide on it. */
async function authorityOf(ctx: Context, named: Mandate | undefined): Promise<Authority | undefined> {
  const motion = await motionOf(ctx, named?.proposal, named?.approvals);
  return motion && { motion, study: await studyOf(ctx, motion.proposal.study), course: await courseOf(ctx, motion.proposal.study) };
}

/** By the owner, with the record's own key; the certificate need not be the record's: who lost it revokes with another of the organization. */
async function assertOwnRevocation(ctx: Context, signed: Named<Revocation>): Promise<void> {
  const { mspId, record } = signed.statement;
  refuseUnless(mspId === callerMsp(ctx), 'CALLER_MISMATCH', `without a mandate only ${mspId} revokes its record`);
  assertRole(ctx, 'worker', 'operator');
  assertSignedBy('revocation', signed, await currentRecord(ctx, mspId, record));
}

@Info({ title: 'Participant', description: 'Records of public keys, bound to the Fabric certificate' })
export class ParticipantContract extends StrictContract {
  constructor() {
    super('Participant');
  }

  /** Registers a record, version 1, or its successor: signed by its own new key and, for a successor, by the one before or admitted by the members of a study. */
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
    assertSuccession(signed, await standingOf(ctx, record.mspId), await authorityOf(ctx, signed.admission));
    const state: ParticipantState = { record: signed.digest, version: record.version, status: 'current' };
    await put(ctx, store(ctx, signed), 'record', signed.digest);
    await put(ctx, state, 'participant', record.mspId);
    announce(ctx, { event: 'participantRegistered', mspId: record.mspId, record: signed.digest });
    return answer({ record: signed.digest });
  }

  /** Revokes a record, the caller's own or one by an approved proposal: nothing is accepted under it from here on. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed revocation statement')
  @Returns('string')
  async revokeParticipant(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('revocation', revocation, Buffer.from(argument));
    const { mspId, record, mandate } = signed.statement;
    if (mandate === undefined) await assertOwnRevocation(ctx, signed);
    else {
      await assertSignedAs(ctx, 'revocation', signed, mandate.member, mandate.record);
      await currentRecord(ctx, mspId, record);
      assertMandatedRevocation(signed.statement, await authorityOf(ctx, mandate));
    }
    const before = await get<ParticipantState>(ctx, 'participant', mspId);
    await put(ctx, store(ctx, signed), 'revocation', signed.digest);
    await put(ctx, revokedState(signed.statement, before?.version ?? 1), 'participant', mspId);
    announce(ctx, { event: 'participantRevoked', mspId, record });
    return answer({ revocation: signed.digest });
  }

  /** The current state and record of an organization. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {mspId}')
  @Returns('string')
  async getParticipant(ctx: Context, argument: string): Promise<string> {
    const { mspId } = question(participantQuestion, argument);
    const state = await get<ParticipantState>(ctx, 'participant', mspId);
    if (state === undefined) return answer({});
    return answer({ state, record: await get<Stored<ParticipantRecord>>(ctx, 'record', state.record) });
  }

  /** A record by its digest, current or not. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {record}')
  @Returns('string')
  async getRecord(ctx: Context, argument: string): Promise<string> {
    const { record } = question(recordQuestion, argument);
    return answer({ record: await get<Stored<ParticipantRecord>>(ctx, 'record', record) });
  }

  /** How an organization's standing has changed, newest first: registrations, rotations, revocation. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {mspId}')
  @Returns('string')
  async getParticipantHistory(ctx: Context, argument: string): Promise<string> {
    const { mspId } = question(participantQuestion, argument);
    return answer({ changes: await history<ParticipantState>(ctx, 'participant', mspId) });
  }
}
