/** What a participant reveals once the set is sealed: its self-mask, its pair seeds with the drop-outs, shares of those who fell silent (PROTOCOL section 8, step 3). */
import { z } from 'zod';

import { fromHex, toHex } from '../encoding/digest.js';
import { CodedError, refuseUnless } from '../error.js';
import { digest, epochNumber, hex32, mspId, roundNumber, sortedBy } from '../encoding/fields.js';
import { openBundle } from './dealer.js';
import { pairOf, pairSeed } from './pair-key.js';
import { secretIndex, type Roster } from './roster.js';

const ofSet = { study: digest, epoch: epochNumber, round: roundNumber, participant: mspId, record: digest, /** Digest of the set S, see `setDigest`. */ set: digest };

/**
 * Statement `acknowledgement`, signed by a member of S and served to all: nobody reveals before a threshold of the roster has
 * acknowledged one set, so that orderers who show hospitals different sets make none of them reveal (decision 0024).
 */
export const acknowledgement = z.strictObject(ofSet);
export type Acknowledgement = z.infer<typeof acknowledgement>;

/** Statement `reveal`, signed by its participant; it stays off the ledger, sealed to those who can open the masked update. */
export const reveal = z.strictObject({
  ...ofSet,
  /** b_i. */
  own: hex32,
  /** Pair seeds with each drop-out. */
  pairs: sortedBy(z.strictObject({ to: mspId, seed: hex32 }), (entry) => entry.to, 64),
  /** Shares of members of S whose own reveal is missing; of each, the secrets that S permits. */
  shares: sortedBy(z.strictObject({ of: mspId, index: z.int().min(0).max(63), share: hex32 }), ({ of, index }) => `${of} ${String(index).padStart(2, '0')}`, 64 * 64),
});
export type Reveal = z.infer<typeof reveal>;

/** The participants of a roster that are not in S: their pair seeds are revealed, their self-masks never. */
export const dropOutsOf = ({ participants }: Pick<Roster, 'participants'>, set: readonly string[]): string[] => participants.filter((id) => !set.includes(id));

/** The secrets of a member of S that S permits to reveal, by number: b_i, and its seeds with the drop-outs. */
export const permittedSecrets = (roster: Roster, set: readonly string[], member: string): number[] => [0, ...dropOutsOf(roster, set).map((id) => secretIndex(roster, member, id))];

/**
 * That a reveal says what S permits and demands, and no more: never b_j of a drop-out, never a seed inside S.
 * @throws CodedError REVEAL_MISMATCH.
 */
export function assertPermitted(roster: Roster, set: readonly string[], { participant, pairs, shares }: Reveal): void {
  const refuse: (holds: boolean, why: string) => asserts holds = (holds, why) => { refuseUnless(holds, 'REVEAL_MISMATCH', `the reveal of ${participant} ${why}`); };
  refuse(set.includes(participant), 'is of no member of the sealed set');
  refuse(pairs.map(({ to }) => to).join() === dropOutsOf(roster, set).join(), 'does not give the pair seeds with the drop-outs and no others');
  refuse(shares.every(({ of, index }) => of !== participant && set.includes(of) && permittedSecrets(roster, set, of).includes(index)), 'gives a share that nobody may have');
}

/** A bundle of shares for this participant, as the dealer's blob holds it. */
export interface DealtBundle {
  readonly dealer: string;
  readonly bytes: Uint8Array;
}

/**
 * What `participant` reveals for a set.
 * @param own b_i of its masked update.
 * @param pairKeys K_r with the others: of the drop-outs, and of the dealers of `silent`.
 * @param silent bundles of the members of S whose reveal is missing.
 * @throws CodedError PAIR_KEY_MISSING; UNOPENABLE for a bundle.
 */
export function revealFor(roster: Roster, set: readonly string[], participant: string, own: Uint8Array, pairKeys: ReadonlyMap<string, Uint8Array>, silent: readonly DealtBundle[]): Pick<Reveal, 'own' | 'pairs' | 'shares'> {
  const keyWith = (mspId: string): Uint8Array => {
    const key = pairKeys.get(mspId);
    if (key === undefined) throw new CodedError('PAIR_KEY_MISSING', `there is no pair key with ${mspId}`);
    return key;
  };
  return {
    own: toHex(own),
    pairs: dropOutsOf(roster, set).map((to) => ({ to, seed: toHex(pairSeed(keyWith(to), pairOf(roster, participant, to))) })),
    shares: [...silent].sort((a, b) => (a.dealer < b.dealer ? -1 : 1)).flatMap(({ dealer, bytes }) => {
      const shares = openBundle(keyWith(dealer), roster, { dealer, holder: participant }, bytes);
      return permittedSecrets(roster, set, dealer).map((index) => ({ of: dealer, index, share: toHex(shares[index] as Uint8Array) }));
    }),
  };
}

/** The share's bytes with the place of its holder. */
export const shareAt = ({ participants }: Pick<Roster, 'participants'>, holder: string, share: string): { x: number; bytes: Uint8Array } => ({ x: participants.indexOf(holder) + 1, bytes: fromHex(share) });
