/** The command `fl-worker study price`: what noise costs, without a study: epsilon for steps, steps for an epsilon, noise for both. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { UsageError } from '@epione/client';
import { epsilonOf, noiseWithin, stepsWithin, type AccountantName, type Mechanism } from '@epione/protocol';
import type { Print } from './member-command.js';

interface PriceOptions {
  readonly samplingRate: number;
  readonly fixed?: boolean;
  readonly noise?: number;
  readonly steps?: number;
  readonly epsilon?: number;
  readonly delta: number;
  readonly accountant: AccountantName;
  readonly json?: boolean;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

/** Two of noise, steps and epsilon give the third. @throws UsageError for another number of them, or for values that no accountant prices. */
export function price({ samplingRate, fixed, noise, steps, epsilon, delta, accountant }: PriceOptions): { noiseMultiplier: number; steps: number; epsilon: number } {
  const mechanism = (noiseMultiplier: number): Mechanism => (fixed === true ? { kind: 'fixed-size', samplingRate, noiseMultiplier: noiseMultiplier / 2 } : { kind: 'gaussian', samplingRate, noiseMultiplier });
  const priced = (multiplier: number, count: number) => ({ noiseMultiplier: multiplier, steps: count, epsilon: epsilonOf(accountant, mechanism(multiplier), count, delta) });
  try {
    if (noise !== undefined && steps !== undefined && epsilon === undefined) return priced(noise, steps);
    if (noise !== undefined && steps === undefined && epsilon !== undefined) return priced(noise, stepsWithin(accountant, mechanism(noise), epsilon, delta));
    if (noise === undefined && steps !== undefined && epsilon !== undefined) return priced(noiseWithin(accountant, mechanism, steps, epsilon, delta), steps);
  } catch (cause) {
    if (cause instanceof RangeError) throw new UsageError(cause.message);
    throw cause;
  }
  throw new UsageError('give two of --noise, --steps and --epsilon; the third is the answer');
}

/** Adds `study price`. */
export function addPriceCommand(study: Command, print: Print): void {
  study
    .command('price')
    .description('what noise costs: of noise multiplier, steps and epsilon, give two')
    .requiredOption('--sampling-rate <share>', 'probability of a person in one step; 1 for all', positive)
    .option('--fixed', 'the share is drawn without replacement, not person by person')
    .option('--noise <multiplier>', 'deviation of the noise over the clipping norm', positive)
    .option('--steps <count>', 'steps of training', positive)
    .option('--epsilon <epsilon>', 'budget', positive)
    .requiredOption('--delta <delta>', 'probability in which the promise may fail', positive)
    .addOption(new Option('--accountant <name>', 'rdp, or pld: tighter and slower').choices(['rdp', 'pld']).default('rdp'))
    .option('--json', 'the answer as JSON')
    .addHelpText('before', 'Example:\n  $ fl-worker study price --sampling-rate 0.04 --noise 1.5 --steps 2250 --delta 0.00001\n')
    .action((options: PriceOptions) => {
      const found = price(options);
      print(options.json, found, `epsilon ${found.epsilon.toFixed(6)} at delta ${options.delta}: noise multiplier ${found.noiseMultiplier}, ${found.steps} steps, ${options.accountant} accountant`);
    });
}
