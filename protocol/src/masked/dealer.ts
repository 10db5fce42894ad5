/** A participant's masked update: the masked words, the commitments to its secrets and their shares for the others (PROTOCOL section 8, step 1). */
import { GCM, gcmKey, openGcm, sealGcm } from '../crypto/aes-gcm.js';
import { concat, frame } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import type { FixedPoint } from '../fixed-point.js';
import { expand } from '../crypto/hkdf.js';
import { pairCommitment, selfCommitment, shareCommitment } from './commitment.js';
import { applyMasks } from './masks.js';
import { pairOf, pairSeed } from './pair-key.js';
import { othersOf, signOf, thresholdOf, type MaskedRound, type Roster } from './roster.js';
import { splitSecret } from './shamir.js';

/** Bytes of b_i, of a pair seed and of each of their shares. */
export const secretBytes = 32;
/** Fixed, because a bundle's key encrypts one bundle and is never used again. */
const iv = new Uint8Array(GCM.nonceBytes);

/** What a participant puts into the blob store. */
export interface MaskedUpdate {
  readonly words: Uint8Array;
  /** n² commitments of 32 bytes: self; pairs by MSP ID; shares by holder, then index. */
  readonly commitments: Uint8Array;
  /** The sealed bundle of shares for each other participant, by MSP ID. */
  readonly bundles: readonly { readonly to: string; readonly bytes: Uint8Array }[];
}

/** The two ends of a bundle: who dealt the shares and who holds them. */
interface Deal {
  readonly dealer: string;
  readonly holder: string;
}

const bundleKey = (pairKey: Uint8Array, { study, epoch, round }: MaskedRound, { dealer, holder }: Deal): Uint8Array => expand(pairKey, frame('epione/v1/share', study, epoch, round, dealer, holder), 32);

function sealBundle(pairKey: Uint8Array, at: MaskedRound, deal: Deal, shares: readonly Uint8Array[]): Uint8Array {
  return sealGcm(gcmKey(bundleKey(pairKey, at, deal)), iv, concat(...shares), new Uint8Array(shares.length * secretBytes + GCM.tagBytes));
}

/**
 * Opens the bundle of shares that `dealer` made for `holder`.
 * @param pairKey K_r of the two, 64 bytes.
 * @returns n shares of 32 bytes, in the order of the dealer's secrets.
 * @throws CodedError UNOPENABLE, releasing nothing.
 */
export function openBundle(pairKey: Uint8Array, roster: Roster, deal: Deal, bundle: Uint8Array): Uint8Array[] {
  const count = roster.participants.length;
  try {
    if (bundle.length !== count * secretBytes + GCM.tagBytes) throw new RangeError('another length');
    const opened = openGcm(gcmKey(bundleKey(pairKey, roster, deal)), iv, bundle, new Uint8Array(count * secretBytes));
    return Array.from({ length: count }, (_, index) => opened.subarray(index * secretBytes, (index + 1) * secretBytes));
  } catch {
    throw new CodedError('UNOPENABLE', `the bundle of ${deal.dealer} for ${deal.holder} does not open`);
  }
}

/**
 * Masks an update and deals the shares of what masks it.
 * @param words the update as `encodeUpdate` gives it.
 * @param own b_i: 32 random bytes, for this update alone.
 * @param pairKeys K_r with every other participant of the epoch, whether it will submit or not.
 * @param random gives so many random bytes, for the shares' coefficients.
 * @throws CodedError PAIR_KEY_MISSING; TOO_FEW for fewer than three participants; NOT_A_PARTICIPANT.
 */
export function maskUpdate(words: Uint8Array, bits: FixedPoint['bits'], roster: Roster, dealer: string, own: Uint8Array, pairKeys: ReadonlyMap<string, Uint8Array>, random: (bytes: number) => Uint8Array): MaskedUpdate {
  const { participants } = roster;
  if (participants.length < 3) throw new CodedError('TOO_FEW', 'the sum of fewer than three updates would tell them');
  if (!participants.includes(dealer)) throw new CodedError('NOT_A_PARTICIPANT', `${dealer} takes no part in epoch ${roster.epoch}`);
  const others = othersOf(roster, dealer).map((mspId) => {
    const key = pairKeys.get(mspId);
    if (key === undefined) throw new CodedError('PAIR_KEY_MISSING', `there is no pair key with ${mspId}`);
    return { mspId, key, x: participants.indexOf(mspId) + 1, pair: pairOf(roster, dealer, mspId), seed: pairSeed(key, pairOf(roster, dealer, mspId)) };
  });
  const places = others.map(({ x }) => x);
  const dealt = [own, ...others.map(({ seed }) => seed)].map((secret) => splitSecret(secret, places, Array.from({ length: thresholdOf(roster) - 1 }, () => random(secretBytes))));
  const held = others.map((holder, at) => ({ ...holder, shares: dealt.map((shares) => shares[at] as Uint8Array) }));
  return {
    words: applyMasks(words, bits, [{ seed: own, sign: 1 }, ...others.map(({ mspId, seed }) => ({ seed, sign: signOf(dealer, mspId) }))]),
    commitments: concat(
      selfCommitment(roster, dealer, own),
      ...others.map(({ pair, seed }) => pairCommitment(seed, pair)),
      ...held.flatMap(({ mspId, shares }) => shares.map((share, index) => shareCommitment(roster, dealer, mspId, index, share))),
    ),
    bundles: held.map(({ mspId, key, shares }) => ({ to: mspId, bytes: sealBundle(key, roster, { dealer, holder: mspId }, shares) })),
  };
}
