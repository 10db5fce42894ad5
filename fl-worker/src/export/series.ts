/** The rounds of a study as series of numbers, for the tools that draw them: what the site may show, and no more. */
import type { WorkerStatus } from '../status.js';

/** One number of one round. */
export interface Point {
  /** Such as `time/training_ms`. */
  readonly name: string;
  readonly round: number;
  readonly value: number;
}

/**
 * All series of a worker's state: durations, outcomes, QKD bits, and epsilon where the study has a budget. Losses of the
 * site's own rows are not among them: the worker keeps none, because a loss tells of patients and no budget pays for it.
 */
export const seriesOf = ({ rounds }: WorkerStatus): Point[] =>
  rounds.flatMap(({ round, outcome, seconds, trainingMs, keysMs, sealingMs, ledgerMs, aggregationMs, qkdBits, epsilon }) => {
    const values: Readonly<Record<string, number | undefined>> = {
      'round/final': outcome === undefined ? undefined : Number(outcome === 'final'), 'round/seconds': seconds,
      'time/training_ms': trainingMs, 'time/keys_ms': keysMs, 'time/sealing_ms': sealingMs, 'time/ledger_ms': ledgerMs, 'time/aggregation_ms': aggregationMs,
      'qkd/bits': qkdBits, 'privacy/epsilon': epsilon === undefined ? undefined : Number(epsilon),
    };
    return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ name, round, value }]));
  });
