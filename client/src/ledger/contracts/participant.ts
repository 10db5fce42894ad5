/** The contract Participant: records of public keys, their rotation, revocation and return. */
import type { Change, Json, Mandate, ParticipantRecord, ParticipantState, Revocation, Signed, Stored } from '@epione/protocol';
import type { Calls, Committed } from '../calls.js';

/** A participant as the ledger holds it; empty when it never registered. */
export interface ParticipantView {
  readonly state?: ParticipantState;
  readonly record?: Stored<ParticipantRecord>;
}

/** What vouches for a record from version 2 on: the previous key's signature (base64url) over the same record, or the members of a study. */
export type Voucher = { readonly previousSignature: string } | { readonly admission: Mandate };

export interface ParticipantCalls {
  /** Registers a record. @param voucher from version 2 on. */
  registerParticipant(record: Signed<ParticipantRecord>, voucher?: Voucher): Promise<Committed>;
  /** Revokes the own record, or with a mandate another member's. */
  revokeParticipant(revocation: Signed<Revocation>): Promise<Committed>;
  getParticipant(mspId: string): Promise<ParticipantView>;
  /** How an organization's standing has changed: registrations, rotations, revocation. */
  getParticipantHistory(mspId: string): Promise<readonly Change<ParticipantState>[]>;
  /** A record by its digest, current or not; undefined when the ledger has none. */
  getRecord(record: string): Promise<Stored<ParticipantRecord> | undefined>;
}

export const participantCalls = (calls: Calls): ParticipantCalls => {
  const getParticipant = (mspId: string): Promise<ParticipantView> => calls.ask('Participant:getParticipant', { mspId });
  return {
    registerParticipant: async (record, voucher) => {
      const find = async (): Promise<Stored<Json> | undefined> => (await getParticipant(record.statement.mspId)).record;
      return calls.send('Participant:registerParticipant', 'participant', { ...record, ...voucher }, { already: { code: 'RECORD_NOT_CURRENT', find } });
    },
    revokeParticipant: async (revocation) => calls.send('Participant:revokeParticipant', 'revocation', revocation),
    getParticipant,
    getParticipantHistory: async (mspId) => (await calls.ask<{ changes: Change<ParticipantState>[] }>('Participant:getParticipantHistory', { mspId })).changes,
    getRecord: async (record) => (await calls.ask<{ record?: Stored<ParticipantRecord> }>('Participant:getRecord', { record })).record,
  };
};
