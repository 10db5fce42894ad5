/** The contract Round: submissions and attestations, and how a round is closed or aborted. */
import type { Attestation, Change, Closing, Json, Retraction, RoundRecords, Signed, Slot, Stored, Submission } from '@epione/protocol';
import type { Calls, Committed } from '../calls.js';

export interface RoundCalls {
  submit(submission: Signed<Submission>): Promise<Committed>;
  retract(retraction: Signed<Retraction>): Promise<Committed>;
  closeRound(closing: Signed<Closing>): Promise<Committed>;
  abortRound(closing: Signed<Closing>): Promise<Committed>;
  attest(attestation: Signed<Attestation>): Promise<Committed>;
  /** All that the ledger holds of a round; `deriveRound` of the protocol tells its state. @throws CodedError STUDY_NOT_OPEN, ROUND_NOT_OPEN. */
  getRound(study: string, round: number): Promise<RoundRecords>;
  /** What a participant's slot of a round has held: a submission and, where it was taken back, the retraction. */
  getSlotHistory(study: string, round: number, participant: string): Promise<readonly Change<Slot>[]>;
}

export const roundCalls = (calls: Calls): RoundCalls => {
  const getRound = (study: string, round: number): Promise<RoundRecords> => calls.ask('Round:getRound', { study, round });
  return {
    submit: async (submission) => {
      const { study, round, participant } = submission.statement;
      const find = async (): Promise<Stored<Json> | undefined> => (await getRound(study, round)).slots.find((slot) => slot.kind === 'submission' && slot.statement.participant === participant);
      return calls.send('Round:submit', 'submission', submission, { already: { code: 'ALREADY_SUBMITTED', find } });
    },
    retract: async (retraction) => calls.send('Round:retract', 'retraction', retraction),
    closeRound: async (closing) => calls.send('Round:closeRound', 'closing', closing),
    abortRound: async (closing) => calls.send('Round:abortRound', 'closing', closing),
    attest: async (attestation) => {
      const { study, round, aggregator } = attestation.statement;
      const find = async (): Promise<Stored<Json> | undefined> => (await getRound(study, round)).attestations.find((entry) => entry.statement.aggregator === aggregator);
      return calls.send('Round:attest', 'attestation', attestation, { already: { code: 'ALREADY_ATTESTED', find } });
    },
    getRound,
    getSlotHistory: async (study, round, participant) => (await calls.ask<{ changes: Change<Slot>[] }>('Round:getSlotHistory', { study, round, participant })).changes,
  };
};
