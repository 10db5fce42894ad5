/** What a worker has done and is doing, read from its state folder while it runs or afterwards. */
import type { WorkerConfig } from './config.js';
import type { BudgetReport } from './privacy/budget.js';
import { studyDigestOf } from './site/study-desk.js';
import { readState } from './state/database.js';
import { studyState } from './state/study-state.js';
import type { RoundReport } from './state/round-log.js';

/** A round, with the epsilon spent up to it where the study has a budget. */
export interface ChargedRound extends RoundReport {
  readonly epsilon?: string;
}

/** The answer of `fl-worker status --json`. */
export interface WorkerStatus {
  readonly mspId: string;
  readonly study: string;
  /** The round that the worker is or was last in; 0 before the first. */
  readonly round: number;
  /** What it does there, in one word; `complete` at the end. */
  readonly state: string;
  /** Privacy spent on this site's data, where the study has a budget and a round was charged. */
  readonly privacy?: BudgetReport;
  readonly rounds: readonly ChargedRound[];
}

/** Reads the status. @throws WorkerError CONFIG_INVALID. */
export async function workerStatus(config: WorkerConfig): Promise<WorkerStatus> {
  const study = await studyDigestOf(config.study);
  using database = readState(config.state, study);
  if (database === undefined) return { mspId: config.mspId, study, round: 0, state: 'not started', rounds: [] };
  const { log, budget } = studyState(database);
  const [spent, byRound] = [budget.report, budget.byRound()];
  const charged = (report: RoundReport): ChargedRound => {
    const epsilon = byRound.get(report.round);
    return { ...report, ...(epsilon === undefined ? {} : { epsilon }) };
  };
  return { mspId: config.mspId, study, ...log.current, ...(spent === undefined ? {} : { privacy: spent }), rounds: log.reports().map(charged) };
}

const cell = (value: string | number | undefined, width: number): string => String(value ?? '').padStart(width);

/** The status as a table for people. */
export function statusTable({ mspId, study, round, state, privacy, rounds }: WorkerStatus): string {
  const head = `${mspId}, study ${study}: round ${round}, ${state}`;
  const budget = privacy === undefined ? [] : [`privacy: epsilon ${privacy.epsilon} of ${privacy.budget} spent at delta ${privacy.delta}, in ${privacy.steps} steps`];
  const columns = ['round', 'outcome', 'seconds', 'training', 'keys', 'sealing', 'ledger', 'aggregation', 'QKD bits', ...(privacy === undefined ? [] : ['epsilon'])];
  const rows = rounds.map((line) => [line.round, line.outcome ?? 'running', line.seconds?.toFixed(1), ...[line.trainingMs, line.keysMs, line.sealingMs, line.ledgerMs, line.aggregationMs].map((ms) => `${ms.toFixed(0)} ms`), line.qkdBits, ...(privacy === undefined ? [] : [line.epsilon])]);
  return [head, ...budget, columns.map((name) => cell(name, 12)).join(''), ...rows.map((row) => row.map((value) => cell(value, 12)).join(''))].join('\n');
}
