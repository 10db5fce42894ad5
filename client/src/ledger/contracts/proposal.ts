/** The contract Proposal: how an opened study changes. */
import { statementDigest, type Approval, type Digest, type Ending, type Json, type NextEpoch, type Proposal, type Signed, type Stored } from '@epione/protocol';
import type { Calls, Committed } from '../calls.js';

/** A proposal and the decisions on it. */
export interface ProposalView {
  readonly digest: Digest;
  readonly proposal: Stored<Proposal>;
  readonly approvals: readonly Stored<Approval>[];
}

export interface ProposalCalls {
  propose(proposal: Signed<Proposal>): Promise<Committed>;
  /** Gives a study its next epoch, from the round after the running one. */
  openEpoch(epoch: Signed<NextEpoch>): Promise<Committed>;
  /** Ends a study after the running round. */
  endStudy(ending: Signed<Ending>): Promise<Committed>;
  /** A proposal with the decisions on it; undefined when the ledger has none under this digest. */
  getProposal(proposal: string): Promise<ProposalView | undefined>;
  /** All proposals of a study with the decisions on them, open and past, by digest. */
  listProposals(study: string): Promise<readonly ProposalView[]>;
}

export const proposalCalls = (calls: Calls): ProposalCalls => {
  const getProposal = async (proposal: string): Promise<ProposalView | undefined> => (await calls.ask<{ found?: ProposalView }>('Proposal:getProposal', { proposal })).found;
  return {
    propose: async (proposal) => {
      const digest = statementDigest('proposal', proposal.statement);
      const find = async (): Promise<Stored<Json> | undefined> => (await getProposal(digest))?.proposal;
      return calls.send('Proposal:propose', 'proposal', proposal, { already: { code: 'STUDY_EXISTS', find } });
    },
    openEpoch: async (epoch) => calls.send('Proposal:openEpoch', 'epoch', epoch),
    endStudy: async (ending) => calls.send('Proposal:endStudy', 'ending', ending),
    getProposal,
    listProposals: async (study) => calls.askAll('Proposal:listProposals', { study }, 'proposals'),
  };
};
