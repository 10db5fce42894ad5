/** A participant's masked update: the masked words, the commitments to its secrets and their shares for the others (PROTOCOL section 8, step 1). */
import { concat } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import type { FixedPoint } from '../fixed-point.js';
import { pairCommitment, selfCommitment, shareCommitment } from './commitment.js';
import { applyMasks } from './masks.js';
import { pairOf } from './pair-key.js';
import { othersOf, signOf, thresholdOf, type Roster } from './roster.js';
import type { Deal } from './mask-scheme.js';
import { schemeOf } from './schemes.js';
import { splitSecret } from './shamir.js';

/** Bytes of b_i, of a pair seed and of each of their shares. */
export const secretBytes = 32;

/** What a participant puts into the blob store. */
export interface MaskedUpdate {
  readonly words: Uint8Array;
  /** Commitments of 32 bytes: self; pairs by MSP ID; shares of what is dealt out by holder, then index. */
  readonly commitments: Uint8Array;
  /** The sealed bundle of shares for each other participant, by MSP ID. */
  readonly bundles: readonly { readonly to: string; readonly bytes: Uint8Array }[];
}

/**
 * Opens the bundle of shares that `dealer` made for `holder`.
 * @param shared by the two in this round: K_r, or a piece of a pad.
 * @returns shares of 32 bytes of what is dealt out, in the order of the dealer's secrets.
 * @throws CodedError UNOPENABLE, releasing nothing.
 */
export function openBundle(shared: Uint8Array, roster: Roster, deal: Deal, bundle: Uint8Array): Uint8Array[] {
  const scheme = schemeOf(roster);
  const count = scheme.dealt(roster.participants.length);
  try {
    const opened = scheme.openBundle(shared, roster, deal, bundle);
    if (opened.length !== count * secretBytes) throw new RangeError('another length');
    return Array.from({ length: count }, (_, index) => opened.subarray(index * secretBytes, (index + 1) * secretBytes));
  } catch {
    throw new CodedError('UNOPENABLE', `the bundle of ${deal.dealer} for ${deal.holder} does not open`);
  }
}

/**
 * Masks an update and deals the shares of what masks it.
 * @param words the update as `encodeUpdate` gives it.
 * @param own b_i: 32 random bytes, for this update alone.
 * @param shared in this round with every other participant of the epoch, whether it will submit or not: K_r, or a piece of a pad.
 * @param random gives so many random bytes, for the shares' coefficients.
 * @throws CodedError PAIR_KEY_MISSING; BAD_KEY for a pad of another length; TOO_FEW for fewer than three participants; NOT_A_PARTICIPANT.
 */
export function maskUpdate(words: Uint8Array, bits: FixedPoint['bits'], roster: Roster, dealer: string, own: Uint8Array, shared: ReadonlyMap<string, Uint8Array>, random: (bytes: number) => Uint8Array): MaskedUpdate {
  const { participants } = roster;
  const scheme = schemeOf(roster);
  if (participants.length < 3) throw new CodedError('TOO_FEW', 'the sum of fewer than three updates would tell them');
  if (!participants.includes(dealer)) throw new CodedError('NOT_A_PARTICIPANT', `${dealer} takes no part in epoch ${roster.epoch}`);
  const others = othersOf(roster, dealer).map((mspId) => {
    const bytes = shared.get(mspId);
    if (bytes === undefined) throw new CodedError('PAIR_KEY_MISSING', `there is no pair key with ${mspId}`);
    const pair = pairOf(roster, dealer, mspId);
    const secret = scheme.secret(bytes, pair);
    const mask = scheme.mask(secret, words.length, signOf(dealer, mspId));
    if (mask === undefined) throw new CodedError('BAD_KEY', `what is shared with ${mspId} does not mask ${words.length} bytes`);
    return { mspId, bytes, x: participants.indexOf(mspId) + 1, pair, secret, mask };
  });
  const places = others.map(({ x }) => x);
  const dealt = [own, ...others.map(({ secret }) => secret)].slice(0, scheme.dealt(participants.length)).map((secret) => splitSecret(secret, places, Array.from({ length: thresholdOf(roster) - 1 }, () => random(secretBytes))));
  const held = others.map((holder, at) => ({ ...holder, shares: dealt.map((shares) => shares[at] as Uint8Array) }));
  return {
    words: applyMasks(words, bits, [{ seed: own, sign: 1 }, ...others.map(({ mask }) => mask)]),
    commitments: concat(
      selfCommitment(roster, dealer, own),
      ...others.map(({ pair, secret }) => pairCommitment(secret, pair)),
      ...held.flatMap(({ mspId, shares }) => shares.map((share, index) => shareCommitment(roster, dealer, mspId, index, share))),
    ),
    bundles: held.map(({ mspId, bytes, shares }) => ({ to: mspId, bytes: scheme.sealBundle(bytes, roster, { dealer, holder: mspId }, concat(...shares)) })),
  };
}
