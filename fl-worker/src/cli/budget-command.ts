/** The command `fl-worker study budget`: what a study's privacy costs, before anyone signs it. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { epsilonAfter, mechanismOf, noiseWithin, readStudy, roundsWithin, stepsPerRound, type BudgetTerms } from '@epione/protocol';
import { parse as parseYaml } from 'yaml';
import { WorkerError } from '../error.js';
import type { Print } from './member-command.js';
import { readStudyTemplate, type StudyTemplate } from '../study-template.js';

/** The answer of `fl-worker study budget --json`. */
export interface BudgetPlan {
  readonly unit: BudgetTerms['unit'];
  readonly stepsPerRound: number;
  /** Rounds that the study has, and those that its budget allows. */
  readonly rounds: number;
  readonly affordable: number;
  /** Epsilon after the first round, after the last one allowed, and after all. */
  readonly epsilon: { readonly first: string; readonly affordable: string; readonly all: string; readonly budget: string };
  readonly delta: string;
  /** Least noise multiplier with which all rounds stay within the budget. */
  readonly noiseMultiplier: number;
}

type Planned = Pick<StudyTemplate, 'privacy' | 'training' | 'rounds'>;

/** Prices a study. @throws WorkerError STUDY_INVALID for one without a budget. */
export function planBudget({ privacy, training, rounds }: Planned): BudgetPlan {
  if (privacy.unit === 'none') throw new WorkerError('STUDY_INVALID', 'the study has no privacy budget: its privacy.unit is none');
  const steps = stepsPerRound({ privacy, training });
  const affordable = roundsWithin({ privacy, training, rounds });
  const withNoise = (noiseMultiplier: number) => mechanismOf({ ...privacy, noiseMultiplier: String(noiseMultiplier) });
  return {
    unit: privacy.unit, stepsPerRound: steps, rounds: rounds.count, affordable,
    epsilon: { first: epsilonAfter(privacy, steps), affordable: affordable === 0 ? '0' : epsilonAfter(privacy, affordable * steps), all: epsilonAfter(privacy, rounds.count * steps), budget: privacy.epsilon },
    delta: privacy.delta,
    noiseMultiplier: noiseWithin(privacy.accountant, withNoise, rounds.count * steps, Number(privacy.epsilon), Number(privacy.delta)),
  };
}

function tell({ unit, stepsPerRound: steps, rounds, affordable, epsilon, delta, noiseMultiplier }: BudgetPlan): string {
  return [
    `hides one ${unit} at delta ${delta}; a round takes ${steps} ${steps === 1 ? 'step' : 'steps'}`,
    `epsilon ${epsilon.first} after 1 round, ${epsilon.all} after all ${rounds}; the budget is ${epsilon.budget}`,
    affordable < rounds ? `the budget allows ${affordable} of ${rounds} rounds: training stops then` : `the budget allows all ${rounds} rounds`,
    `least noise multiplier for all rounds: ${noiseMultiplier}`,
  ].join('\n');
}

/** Adds `study budget`. */
export function addBudgetCommand(study: Command, print: Print): void {
  study
    .command('budget <file>')
    .description('what the privacy of a study costs: epsilon by round, rounds that its budget allows, noise that all rounds need')
    .option('--json', 'the answer as JSON')
    .addHelpText('before', 'Example:\n  $ fl-worker study budget study.yaml\n')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const yaml = await readFile(file, 'utf8');
      const value = parseYaml(yaml) as unknown;
      const plan = planBudget(typeof value === 'object' && value !== null && 'genesis' in value ? readStudy(value) : readStudyTemplate(yaml));
      print(json, plan, tell(plan));
    });
}
