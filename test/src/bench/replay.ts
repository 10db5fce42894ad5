/** Whether a round and a question about it cost the same at the end of a long study as at its beginning. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repository } from '../study/command.js';
import { figure, type Figure } from './figure.js';
import { median } from './statistics.js';

/** What the replay prints; CPU times in ms. */
interface Replayed {
  readonly roundMs: readonly number[];
  readonly questionMs: readonly number[];
  readonly lateQuestionMs: readonly number[];
}

/** One of these many rounds at either end is compared. */
const tenth = 10;

/** Figures of a replay: cost at the end against cost at the beginning, which are 1 : 1 where cost grows linearly. */
export function figuresOf({ roundMs, questionMs, lateQuestionMs }: Replayed): Figure[] {
  const part = Math.max(1, Math.floor(roundMs.length / tenth));
  return [
    figure('state.replay.round', 'ms', [median(roundMs.slice(-part))], `first ${part} rounds`, [median(roundMs.slice(0, part))]),
    figure('state.replay.getRound', 'ms', [median(lateQuestionMs)], 'first rounds', [median(questionMs)]),
  ];
}

/** Plays a study on the ledger in memory, in a process of its own. */
export async function replayFigures(rounds: number, participants: number): Promise<Figure[]> {
  const script = join(repository, 'chaincode', 'dist', 'testing', 'replay.js');
  const env = { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR' };
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(rounds), String(participants)], { env, maxBuffer: 2 ** 26 });
  return figuresOf(JSON.parse(stdout) as Replayed);
}
