/** Ending a round that does not end by itself: any member's worker closes or aborts it when the rules allow. */
import { liveSet, sign, type Closing, type Code } from '@epione/protocol';
import type { Site } from '../site/site.js';
import type { RoundView, StudyInForce } from './course.js';
import { codeOf, costsRound, passes } from './refusal.js';

/** Clocks differ; the ledger judges by the transaction's time. */
const marginMs = 250;

/** What is due by the rules of PROTOCOL section 4, rows `closeRound` and `abortRound`, and from when on (ms since 1970 UTC). */
export function closingDue({ document }: Pick<StudyInForce, 'document'>, { state, records, epoch }: Pick<RoundView, 'state' | 'records' | 'epoch'>): { kind: Closing['kind']; from: number } | undefined {
  // In masked mode reveals may be out, and only a proposal aborts the round.
  if (state.state === 'sealed') return document.aggregation.mode === 'masked' ? undefined : { kind: 'abort', from: state.deadline + marginMs };
  if (state.state !== 'open') return undefined;
  if (state.live.length >= document.quorums.submit) return { kind: 'close', from: state.deadline + marginMs };
  const filled = records.slots.length === epoch.participants.length;
  return { kind: 'abort', from: filled ? 0 : state.deadline + document.rounds.graceMs + marginMs };
}

/** Writes the closing statement. That another member was faster, or clocks differ, is no fault. */
export async function closeOrAbort(site: Site, study: StudyInForce, view: RoundView, kind: Closing['kind'], reason: Code): Promise<void> {
  const { config, ledger, own, keys, report } = site;
  const statement: Closing = {
    study: study.digest, epoch: view.epoch.epoch, round: view.round, member: config.mspId, record: own.digest, after: view.after,
    kind, submissions: kind === 'close' ? liveSet(view.records.slots) : [], reason,
  };
  const signed = sign('closing', statement, keys.signer);
  try {
    await (kind === 'close' ? ledger.closeRound(signed) : ledger.abortRound(signed));
    report(kind === 'close' ? 'closed the round' : 'aborted the round', { round: view.round, reason });
  } catch (error) {
    if (!costsRound(error) && !passes(error) && codeOf(error) !== 'TOO_FEW') throw error;
  }
}
