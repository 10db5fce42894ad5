/** The contract Study: what all members agree on before a round is run. */
import { statementDigest, type Approval, type Course, type Json, type Opening, type Setup, type Signed, type Stored, type Study } from '@epione/protocol';
import type { Calls, Committed } from '../calls.js';
import { proposalCalls } from './proposal.js';

/** A study, its decisions and, once opened, its course. */
export interface StudyView {
  readonly study: Stored<Study>;
  readonly approvals: readonly Stored<Approval>[];
  readonly course?: Course;
}

/** One line of the list of studies. */
export interface StudyLine {
  readonly study: string;
  readonly name: string;
  readonly title: string;
  readonly by: string;
  readonly time: number;
}

export interface StudyCalls {
  registerStudy(study: Signed<Study>): Promise<Committed>;
  /** Decides on a study or a proposal. */
  approve(approval: Signed<Approval>): Promise<Committed>;
  openStudy(opening: Signed<Opening>): Promise<Committed>;
  /** Masked mode: a participant's pair keys for the next epoch. */
  setup(setup: Signed<Setup>): Promise<Committed>;
  /** The set-ups for an epoch that are there. */
  listSetups(study: string, epoch: number): Promise<readonly Stored<Setup>[]>;
  /** @throws CodedError STUDY_UNKNOWN. */
  getStudy(study: string): Promise<StudyView>;
  /** All studies of the channel, by digest. */
  listStudies(): Promise<readonly StudyLine[]>;
}

export const studyCalls = (calls: Calls): StudyCalls => {
  const getStudy = (study: string): Promise<StudyView> => calls.ask('Study:getStudy', { study });
  const proposals = proposalCalls(calls);
  return {
    registerStudy: async (study) => {
      const find = async (): Promise<Stored<Json>> => (await getStudy(statementDigest('study', study.statement))).study;
      return calls.send('Study:registerStudy', 'study', study, { already: { code: 'STUDY_EXISTS', find } });
    },
    approve: async (approval) => {
      const { subject, member } = approval.statement;
      const find = async (): Promise<Stored<Json> | undefined> => ((await proposals.getProposal(subject)) ?? (await getStudy(subject))).approvals.find((entry) => entry.statement.member === member);
      return calls.send('Study:approve', 'approval', approval, { already: { code: 'ALREADY_APPROVED', find } });
    },
    openStudy: async (opening) => calls.send('Study:openStudy', 'opening', opening),
    setup: async (setup) => calls.send('Setup:setup', 'setup', setup),
    listSetups: async (study, epoch) => (await calls.ask<{ setups: Stored<Setup>[] }>('Setup:listSetups', { study, epoch })).setups,
    getStudy,
    listStudies: async () => calls.askAll('Study:listStudies', {}, 'studies'),
  };
};
