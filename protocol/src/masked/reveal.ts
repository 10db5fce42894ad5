/** What a participant reveals once the set is sealed: its self-mask, its pair seeds with the drop-outs, shares of those who fell silent (PROTOCOL section 8, step 3). */
import { z } from 'zod';

import { concat, fromBase64Url, fromHex, toBase64Url, toHex } from '../encoding/digest.js';
import { CodedError, refuseUnless } from '../error.js';
import { base64url, digest, epochNumber, hex32, mspId, roundNumber, sortedBy } from '../encoding/fields.js';
import { openBundle } from './dealer.js';
import { pairOf } from './pair-key.js';
import { schemeOf } from './schemes.js';
import { secretIndex, type Roster } from './roster.js';

const ofSet = { study: digest, epoch: epochNumber, round: roundNumber, participant: mspId, record: digest, /** Digest of the set S, see `setDigest`. */ set: digest };

/**
 * Statement `acknowledgement`, signed by a member of S and served to all: nobody reveals before a threshold of the roster has
 * acknowledged one set, so that orderers who show hospitals different sets make none of them reveal (decision 0024).
 */
export const acknowledgement = z.strictObject(ofSet);
export type Acknowledgement = z.infer<typeof acknowledgement>;

/** A secret shared with a drop-out: a seed, or with `mask-otp` the pad's words and ρ as one text for each 6,144 bytes. */
const pairSecret = z.strictObject({ to: mspId, seed: hex32.optional(), pad: z.array(base64url).min(1).max(64).optional() }).refine(({ seed, pad }) => (seed === undefined) !== (pad === undefined), 'either a seed or a pad');
const textBytes = 6144;

/** The bytes of a secret as a reveal gives it. */
export const secretIn = ({ seed, pad = [] }: z.infer<typeof pairSecret>): Uint8Array => (seed === undefined ? concat(...pad.map(fromBase64Url)) : fromHex(seed));

function told(to: string, secret: Uint8Array, { expansion }: Pick<Roster, 'expansion'>): z.infer<typeof pairSecret> {
  if (expansion !== 'mask-otp') return { to, seed: toHex(secret) };
  return { to, pad: Array.from({ length: Math.ceil(secret.length / textBytes) }, (_, at) => toBase64Url(secret.subarray(at * textBytes, (at + 1) * textBytes))) };
}

/** Statement `reveal`, signed by its participant; it stays off the ledger, sealed to those who can open the masked update. */
export const reveal = z.strictObject({
  ...ofSet,
  /** b_i. */
  own: hex32,
  /** What is shared with each drop-out. */
  pairs: sortedBy(pairSecret, (entry) => entry.to, 64),
  /** Shares of members of S whose own reveal is missing; of each, the secrets that S permits. */
  shares: sortedBy(z.strictObject({ of: mspId, index: z.int().min(0).max(63), share: hex32 }), ({ of, index }) => `${of} ${String(index).padStart(2, '0')}`, 64 * 64),
});
export type Reveal = z.infer<typeof reveal>;

/** The participants of a roster that are not in S: their pair seeds are revealed, their self-masks never. */
export const dropOutsOf = ({ participants }: Pick<Roster, 'participants'>, set: readonly string[]): string[] => participants.filter((id) => !set.includes(id));

/** The secrets of a member of S that S permits to reveal, by number: b_i, and its seeds with the drop-outs. */
export const permittedSecrets = (roster: Roster, set: readonly string[], member: string): number[] => [0, ...dropOutsOf(roster, set).map((id) => secretIndex(roster, member, id))];

/** Those of the permitted secrets that others hold shares of: with `mask-otp` b_i alone. */
const dealtSecrets = (roster: Roster, set: readonly string[], member: string): number[] => permittedSecrets(roster, set, member).filter((index) => index < schemeOf(roster).dealt(roster.participants.length));

/** Whether shares can stand in for a member of S that falls silent: pads are not dealt out, so with `mask-otp` only while nobody has dropped out. */
export const canStandIn = (roster: Roster, set: readonly string[], member: string): boolean => dealtSecrets(roster, set, member).length === permittedSecrets(roster, set, member).length;

/**
 * That a reveal says what S permits and demands, and no more: never b_j of a drop-out, never a seed inside S.
 * @throws CodedError REVEAL_MISMATCH.
 */
export function assertPermitted(roster: Roster, set: readonly string[], { participant, pairs, shares }: Reveal): void {
  const refuse: (holds: boolean, why: string) => asserts holds = (holds, why) => { refuseUnless(holds, 'REVEAL_MISMATCH', `the reveal of ${participant} ${why}`); };
  refuse(set.includes(participant), 'is of no member of the sealed set');
  refuse(pairs.map(({ to }) => to).join() === dropOutsOf(roster, set).join(), 'does not give the pair seeds with the drop-outs and no others');
  refuse(shares.every(({ of, index }) => of !== participant && set.includes(of) && dealtSecrets(roster, set, of).includes(index)), 'gives a share that nobody may have');
}

/** A bundle of shares for this participant, as the dealer's blob holds it. */
export interface DealtBundle {
  readonly dealer: string;
  readonly bytes: Uint8Array;
}

/**
 * What `participant` reveals for a set.
 * @param own b_i of its masked update.
 * @param shared in this round with the others, K_r or a piece of a pad: of the drop-outs, and of the dealers of `silent`.
 * @param silent bundles of the members of S whose reveal is missing.
 * @throws CodedError PAIR_KEY_MISSING; UNOPENABLE for a bundle.
 */
export function revealFor(roster: Roster, set: readonly string[], participant: string, own: Uint8Array, shared: ReadonlyMap<string, Uint8Array>, silent: readonly DealtBundle[]): Pick<Reveal, 'own' | 'pairs' | 'shares'> {
  const keyWith = (mspId: string): Uint8Array => {
    const key = shared.get(mspId);
    if (key === undefined) throw new CodedError('PAIR_KEY_MISSING', `there is no pair key with ${mspId}`);
    return key;
  };
  return {
    own: toHex(own),
    pairs: dropOutsOf(roster, set).map((to) => told(to, schemeOf(roster).secret(keyWith(to), pairOf(roster, participant, to)), roster)),
    shares: [...silent].sort((a, b) => (a.dealer < b.dealer ? -1 : 1)).flatMap(({ dealer, bytes }) => {
      const shares = openBundle(keyWith(dealer), roster, { dealer, holder: participant }, bytes);
      return dealtSecrets(roster, set, dealer).map((index) => ({ of: dealer, index, share: toHex(shares[index] as Uint8Array) }));
    }),
  };
}

/** The share's bytes with the place of its holder. */
export const shareAt = ({ participants }: Pick<Roster, 'participants'>, holder: string, share: string): { x: number; bytes: Uint8Array } => ({ x: participants.indexOf(holder) + 1, bytes: fromHex(share) });
