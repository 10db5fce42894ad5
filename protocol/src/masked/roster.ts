/** Who is in a round of masked mode, in which order, and how many of them give a secret back (PROTOCOL section 8). */
import type { Digest } from '../encoding/digest.js';
import type { MaskSuite } from '../crypto/suites.js';
import { refuseUnless } from '../error.js';
import type { AggregationRules } from '../strategy/study-strategy.js';

/** The round to which the secrets of masked mode belong. */
export interface MaskedRound {
  readonly study: Digest;
  readonly epoch: number;
  readonly round: number;
}

/** A round of masked mode with its roster. MSP IDs are ASCII, so that comparing texts compares their bytes. */
export interface Roster extends MaskedRound {
  /** The epoch's participants by MSP ID; a share's x is its place here, from 1. */
  readonly participants: readonly string[];
  readonly expansion: MaskSuite;
}

/** How a study's pairwise masks come about. @throws CodedError BAD_FIELD in visible mode. */
export function expansionOf({ aggregation }: Pick<AggregationRules, 'aggregation'>): MaskSuite {
  refuseUnless(aggregation.mode === 'masked', 'BAD_FIELD', 'aggregation: the study is in visible mode');
  return aggregation.expansion;
}

/** t: how many of the n − 1 others must give their share of a secret. */
export const thresholdOf = ({ participants }: Pick<Roster, 'participants'>): number => Math.floor(participants.length / 2) + 1;

/** The other participants of a roster, in its order. */
export const othersOf = ({ participants }: Pick<Roster, 'participants'>, mspId: string): string[] => participants.filter((id) => id !== mspId);

/** Place of the pair seed with `other` among the secrets of `dealer`, from 1; its self-mask's seed stands at 0. */
export const secretIndex = (roster: Pick<Roster, 'participants'>, dealer: string, other: string): number => 1 + othersOf(roster, dealer).indexOf(other);

/** The sign of the mask that `own` shares with `other`: added by the lower MSP ID of the two, taken away by the higher. */
export const signOf = (own: string, other: string): 1 | -1 => (own < other ? 1 : -1);
