/** Runs targets: every changed input is refused by a coded error, or accepted where it may be. */
import { Chance } from './chance.js';
import { mutated } from './mutate.js';
import type { FuzzTarget } from './target.js';

/** What a case did that no input may do. */
export interface Failure {
  readonly target: string;
  readonly kind: 'crash' | 'false accept';
  /** Of the case, by which it is repeated. */
  readonly index: number;
  readonly what: string;
  /** base64 of the input. */
  readonly input: string;
}

/** What became of a target's cases. */
export interface Outcome {
  readonly target: string;
  readonly cases: number;
  readonly refused: number;
  /** Well-formed all the same, and taken as what they say. */
  readonly accepted: number;
  /** Of the slowest case, in ms of the clock that was given. */
  readonly slowestMs: number;
  readonly failures: readonly Failure[];
}

/** As many failures of one target are kept: the first says most. */
const mostFailures = 20;

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** One case. @returns whether the input was accepted; or what is wrong. */
async function judge({ read, isRefusal, changed }: FuzzTarget, input: Uint8Array): Promise<boolean | Pick<Failure, 'kind' | 'what'>> {
  try {
    // A reader may change what it is given, as one that wipes keys does.
    const result = read(Uint8Array.from(input));
    const value: unknown = result instanceof Promise ? await result : result;
    if (changed === 'refused') return { kind: 'false accept', what: 'a changed input is accepted' };
    if (changed === 'canonical' && !(value instanceof Uint8Array && same(value, input))) return { kind: 'false accept', what: 'an input is accepted that is not in its one form' };
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    return { kind: 'crash', what: error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 3).join(' ') : String(error) };
  }
}

/** The input of a case: never one of the samples. */
export function inputOf(target: FuzzTarget, samples: readonly Uint8Array[], seed: string, index: number): Uint8Array {
  const chance = new Chance(seed, target.name, index);
  for (;;) {
    const input = mutated(chance.of(samples), chance, samples);
    if (!samples.some((sample) => same(sample, input))) return input;
  }
}

/** Checks that the samples are accepted, without which a run would show nothing. @throws Error naming the target. */
export async function samplesOf(target: FuzzTarget): Promise<readonly Uint8Array[]> {
  const samples = await target.samples();
  if (samples.length === 0) throw new Error(`${target.name} has no samples`);
  for (const [at, sample] of samples.entries()) {
    const value = await Promise.resolve().then(() => target.read(Uint8Array.from(sample))).catch((cause: unknown) => {
      throw new Error(`sample ${at} of ${target.name} is not accepted: ${String(cause)}`, { cause });
    });
    if (target.changed === 'canonical' && !(value instanceof Uint8Array && same(value, sample))) throw new Error(`sample ${at} of ${target.name} is not what is written again`);
  }
  return samples;
}

/** Runs cases `from` to below `from + cases` of one target. @param now ms, of any clock. */
export async function fuzz(target: FuzzTarget, cases: number, seed: string, now: () => number, from = 0): Promise<Outcome> {
  const samples = await samplesOf(target);
  let [refused, accepted, slowestMs] = [0, 0, 0];
  const failures: Failure[] = [];
  for (let index = from; index < from + cases; index++) {
    const input = inputOf(target, samples, seed, index);
    const begun = now();
    const result = await judge(target, input);
    slowestMs = Math.max(slowestMs, now() - begun);
    if (result === true) accepted += 1;
    else if (result === false) refused += 1;
    else if (failures.length < mostFailures) failures.push({ target: target.name, index, ...result, input: Buffer.from(input).toString('base64') });
  }
  return { target: target.name, cases, refused, accepted, slowestMs, failures };
}

/** Divides cases among targets by their weights; each gets at least one. */
export function shares(targets: readonly FuzzTarget[], cases: number): number[] {
  const sum = targets.reduce((total, { weight }) => total + weight, 0);
  return targets.map(({ weight }) => Math.max(1, Math.ceil((cases * weight) / sum)));
}
