/** The committee that aggregates a round, drawn by a beacon to which every participant contributes and which none can choose (PROTOCOL section 9, decision 0031). */
import { frame, fromHex, hashOf, sha256, sha512, toHex, type Digest } from '../encoding/digest.js';
import type { Study } from '../statements/study.js';
import { committeeSize } from '../strategy/study-strategy.js';
import { statementDigest } from '../statements/statement.js';

/** H of the study behind a value of H, which its length tells. */
const hashBehind = (value: string): ((bytes: Uint8Array) => Uint8Array) => (value.length === 64 ? sha256 : sha512);

function hashed(hash: (bytes: Uint8Array) => Uint8Array, from: Uint8Array, times: number): Uint8Array {
  let value = from;
  for (let done = 0; done < times; done++) value = hash(value);
  return value;
}

/**
 * The link H^(N−round)(ρ) of a participant's chain, in hex: round 0 is its anchor, and each round's submission reveals the one before.
 * @param secret ρ, random, as long as H: round N reveals it as it is.
 * @param count N, the study's `rounds.count`; `round` is at most that.
 */
export const chainLink = (study: Digest, secret: Uint8Array, count: number, round: number): string => toHex(hashed(hashOf(study), secret, count - round));

/** Whether a revealed link is the one of this round: so many hashes lead to the anchor. */
export const leadsToAnchor = (link: string, round: number, anchor: string): boolean => link.length === anchor.length && toHex(hashed(hashBehind(anchor), fromHex(link), round)) === anchor;

/** beacon_0, by which the committee of round 1 is drawn; hex. */
export const firstBeacon = (study: Digest): string => toHex(hashOf(study)(frame('epione/v1/beacon', study)));

/** beacon_r from the one before and what the members of the round's set revealed, by MSP ID; nothing after an abort. */
export const nextBeacon = (before: string, round: number, contributions: readonly string[]): string =>
  toHex(hashBehind(before)(frame('epione/v1/beacon', fromHex(before), round, ...contributions.map(fromHex))));

/** The beacon that a round starts with, where its study has a committee. */
export const startingBeacon = (study: Study): { readonly beacon?: string } => (committeeSize(study) === undefined ? {} : { beacon: firstBeacon(statementDigest('study', study)) });

/** The organizations that aggregate a round, sorted: those of its epoch or, with a committee, the ones with the smallest H(frame("epione/v1/committee", beacon, MSP ID)). */
export function aggregatorsIn(study: Pick<Study, 'aggregation'>, { aggregators }: { readonly aggregators: readonly string[] }, { beacon }: { readonly beacon?: string }): readonly string[] {
  const size = committeeSize(study);
  if (size === undefined || beacon === undefined) return aggregators;
  const lot = (mspId: string): string => toHex(hashBehind(beacon)(frame('epione/v1/committee', fromHex(beacon), mspId)));
  const lots = aggregators.map((mspId) => ({ mspId, lot: lot(mspId) })).sort((a, b) => (a.lot < b.lot ? -1 : 1));
  return lots.slice(0, size).map(({ mspId }) => mspId).sort();
}
