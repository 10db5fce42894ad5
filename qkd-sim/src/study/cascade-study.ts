/** What a variant of Cascade discloses, and how often it leaves errors, over many frames with independent errors. */
import { type CascadeVariant, type CascadeVariantName, cascadeVariantNames, cascadeVariants } from '../distillation/cascade-variant.js';
import { Cascade } from '../distillation/cascade.js';
import { xor } from '../distillation/authentication.js';
import { entropy } from '../distillation/finite-key.js';
import { type FillRandom, RandomNumbers, randomBytesOf } from '../random.js';
import { publishedEfficiency } from './published-cascade.js';

/** One row of the study. */
export interface CascadePoint {
  readonly variant: CascadeVariantName;
  readonly qber: number;
  readonly frameBits: number;
  readonly frames: number;
  /** Parity bits disclosed over n·h(Q), Q being the errors that were there. */
  readonly efficiency: number;
  /** The published value at the same variant, Q and n, where there is one. */
  readonly published?: number;
  readonly difference?: number;
  readonly failedFrames: number;
  readonly frameErrorRate: number;
  /** Efficiency where a frame with errors left is disclosed whole: (1 − FER)·f + FER/h(Q). */
  readonly effectiveEfficiency: number;
  /** Mean of the round trips of 32 frames in lock-step. */
  readonly roundTrips: number;
}

/** A group of 32 frames at both ends. */
interface FramePair {
  readonly alice: Int32Array;
  readonly bob: Int32Array;
  readonly errors: number;
}

/** Random frames of which each of Bob's bits differs from Alice's with probability `qber`. */
export const noisyFrames = (fill: FillRandom, frameBits: number, qber: number): FramePair => {
  const alice = new Int32Array(randomBytesOf(fill, 4 * frameBits).buffer);
  const bob = alice.slice();
  const numbers = new RandomNumbers(fill);
  let errors = 0;
  // Gaps between errors are geometric.
  const gap = (): number => Math.floor(Math.log(numbers.uniform()) / Math.log1p(-qber));
  for (let at = gap(); at < 32 * frameBits; at += 1 + gap(), errors++) bob[at >> 5] = (bob[at >> 5] ?? 0) ^ (1 << (at & 31));
  return { alice, bob, errors };
};

/** Reconciles Bob's frames with Alice's. @returns Alice's end, which has counted, and the round trips */
export const reconcileFrames = ({ alice, bob }: FramePair, frameBits: number, qber: number, variant: CascadeVariant): { end: Cascade; roundTrips: number } => {
  const ends = [new Cascade(alice, frameBits, qber, variant, false), new Cascade(bob, frameBits, qber, variant, true)] as const;
  let roundTrips = 0;
  for (; !ends[0].done; roundTrips++) {
    const differences = xor(ends[1].parities(), ends[0].parities());
    for (const end of ends) end.advance(differences);
  }
  return { end: ends[0], roundTrips };
};

/** The frames of a group, of 32, that differ. */
const failedIn = ({ alice, bob }: FramePair): number => {
  let differing = 0;
  alice.forEach((word, index) => { differing |= word ^ (bob[index] ?? 0); });
  return (differing >>> 0).toString(2).replaceAll('0', '').length;
};

/**
 * Measures a variant at one error rate.
 * @param groups of 32 frames
 * @param fill a source from a seed gives the same point again
 */
export const cascadePoint = (name: CascadeVariantName, qber: number, groups: number, fill: FillRandom, frameBits = 10_000): CascadePoint => {
  let [disclosed, errors, failedFrames, rounds] = [0, 0, 0, 0];
  for (let group = 0; group < groups; group++) {
    const frames = noisyFrames(fill, frameBits, qber);
    const { end, roundTrips } = reconcileFrames(frames, frameBits, qber, cascadeVariants[name]);
    disclosed += end.disclosedBits;
    errors += frames.errors;
    failedFrames += failedIn(frames);
    rounds += roundTrips;
  }
  const bits = 32 * frameBits * groups;
  const limit = entropy(errors / bits);
  const efficiency = disclosed / (bits * limit);
  const frameErrorRate = failedFrames / (32 * groups);
  const published = frameBits === 10_000 ? publishedEfficiency(name, qber) : undefined;
  return {
    variant: name, qber, frameBits, frames: 32 * groups, efficiency, ...(published !== undefined && { published, difference: efficiency - published }),
    failedFrames, frameErrorRate, effectiveEfficiency: effectiveEfficiency(efficiency, frameErrorRate, limit), roundTrips: rounds / groups,
  };
};

/** f_FER: a frame that fails counts as disclosed whole. */
export const effectiveEfficiency = (efficiency: number, frameErrorRate: number, entropyOfQber: number): number =>
  (1 - frameErrorRate) * efficiency + frameErrorRate / entropyOfQber;

/** Every variant at every error rate. */
export function* cascadeStudy(qbers: readonly number[], groups: number, fill: FillRandom, variants = cascadeVariantNames): Generator<CascadePoint> {
  for (const variant of variants) for (const qber of qbers) yield cascadePoint(variant, qber, groups, fill);
}
