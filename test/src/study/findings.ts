/** What a run's workers and ledger tell when it is over: rounds, privacy spent, links, and why it was refused. */
import type { Ledger } from '@epione/client';
import type { WorkerStatus } from '@epione/fl-worker';
import type { Study } from '@epione/protocol';
import type { Consortium } from './consortium.js';
import type { Judge } from './data.js';
import type { LinkOutcome, PrivacyOutcome, Refusal, RoundOutcome } from './outcome.js';

/** A link as the outcome tells it. */
export const linkOutcome = (link: Awaited<ReturnType<Consortium['links']>>[number]): LinkOutcome => ({
  name: link.name,
  state: link.state,
  ...(link.reason === undefined ? {} : { reason: link.reason }),
  ...(link.qber === undefined ? {} : { qber: link.qber }),
  secretBits: link.secretBits,
  usedBits: link.usedBits,
});

/** Rounds as the slowest site saw them, each model judged on the held-out set. */
export async function roundOutcomes(statuses: readonly WorkerStatus[], modelOf: (digest: string) => Float32Array, judge: Judge): Promise<RoundOutcome[]> {
  const known = statuses.at(-1)?.rounds ?? [];
  return Promise.all(
    known.map(async ({ round, outcome = 'running', model, code, seconds = 0 }) => {
      const reports = statuses.flatMap(({ mspId, rounds }) => rounds.filter((entry) => entry.round === round).map((entry) => ({ mspId, ...entry })));
      const slowest = (stage: 'trainingMs' | 'keysMs' | 'sealingMs' | 'ledgerMs' | 'aggregationMs'): number => Math.max(...reports.map((entry) => entry[stage]));
      const metrics = model === undefined ? undefined : await judge.judge(modelOf(model));
      const epsilon = Object.fromEntries(reports.flatMap((entry) => (entry.epsilon === undefined ? [] : [[entry.mspId, Number(entry.epsilon)]])));
      return {
        round, outcome, seconds,
        ...(model === undefined ? {} : { model }),
        ...(code === undefined ? {} : { reason: code }),
        trainingMs: slowest('trainingMs'), keysMs: slowest('keysMs'), sealingMs: slowest('sealingMs'), ledgerMs: slowest('ledgerMs'), aggregationMs: slowest('aggregationMs'),
        ...(metrics?.auc === undefined ? {} : { auc: metrics.auc }),
        ...(Object.keys(epsilon).length === 0 ? {} : { epsilon }),
      };
    }),
  );
}

/** The budget and what each hospital has spent of it; undefined for a study without one. */
export function privacyOutcome({ privacy, participants }: Study, statuses: readonly WorkerStatus[]): PrivacyOutcome | undefined {
  if (privacy.unit === 'none') return undefined;
  const spentBy = (mspId: string): number => Number(statuses.find((status) => status.mspId === mspId)?.privacy?.epsilon ?? 0);
  const { unit, noiseMultiplier, accountant, epsilon, delta } = privacy;
  return { unit, noiseMultiplier: Number(noiseMultiplier), accountant, epsilon: Number(epsilon), delta: Number(delta), spent: Object.fromEntries(participants.map((mspId) => [mspId, spentBy(mspId)])) };
}

/** Why a study has no model: its last round's reason, or that it could not be opened. */
export async function refusalOf(ledger: Ledger, study: string, { participants }: Study, rounds: readonly RoundOutcome[], links: readonly LinkOutcome[]): Promise<Refusal> {
  const broken = links.filter(({ reason }) => reason !== undefined).map(({ name, state, qber, reason }) => `link ${name} is ${state}, QBER ${qber?.toFixed(4) ?? 'unknown'}: ${reason ?? ''}`);
  const last = rounds.at(-1);
  if (last !== undefined) return { code: last.reason ?? 'ROUND_ENDED', message: [`round ${last.round} has no model`, ...broken].join('; ') };
  const setups = await ledger.listSetups(study, 1);
  const lacking = participants.filter((mspId) => !setups.some(({ statement }) => statement.participant === mspId));
  return { code: 'PAIR_KEY_MISSING', message: [`${lacking.join(', ')} could not agree on pair keys with all others, so the study was not opened`, ...broken].join('; ') };
}
