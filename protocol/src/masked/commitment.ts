/** What a participant publishes of its masks' secrets, so that a wrong seed or share names its author (PROTOCOL section 8, "Commitments"). */
import { frame, hashOf, type Framed } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { pairOf, type PairRound } from './pair-key.js';
import { schemeOf } from './schemes.js';
import { secretIndex, type MaskedRound, type Roster } from './roster.js';

/** Bytes of a commitment, with either hash of a study. */
export const commitmentBytes = 32;

/** H(frame(label, study, epoch, round, …)), of SHA-512 the first half. Hiding, because all that is committed to has 256 random bits. */
function commitment(label: string, { study, epoch, round }: MaskedRound, ...items: readonly Framed[]): Uint8Array {
  return hashOf(study)(frame(label, study, epoch, round, ...items)).subarray(0, commitmentBytes);
}

/** To b_i, the seed of the self-mask of `dealer`. */
export const selfCommitment = (at: MaskedRound, dealer: string, own: Uint8Array): Uint8Array => commitment('epione/v1/commit-self', at, dealer, own);

/** To what a pair shares, a seed or a pad with ρ; equal at both ends. */
export const pairCommitment = (secret: Uint8Array, pair: PairRound): Uint8Array => commitment('epione/v1/commit-pair', pair, pair.lower, pair.higher, secret);

/** To the share that `dealer` deals to `holder` of its secret number `index` (0 is b_i). */
export const shareCommitment = (at: MaskedRound, dealer: string, holder: string, index: number, share: Uint8Array): Uint8Array => commitment('epione/v1/commit-share', at, dealer, holder, index, share);

/** The commitments of one participant, as its blob holds them. */
export class Commitments {
  readonly #roster: Roster;
  readonly #dealer: string;
  readonly #bytes: Uint8Array;

  /** @throws CodedError BAD_ENCODING for a section of another length than so many commitments: of all secrets, and of the dealt ones' shares. */
  constructor(roster: Roster, dealer: string, bytes: Uint8Array) {
    const n = roster.participants.length;
    if (bytes.length !== commitmentBytes * (n + (n - 1) * schemeOf(roster).dealt(n))) throw new CodedError('BAD_ENCODING', `the commitments of ${dealer} have ${bytes.length} bytes`);
    this.#roster = roster;
    this.#dealer = dealer;
    this.#bytes = bytes;
  }

  #equal(place: number, found: Uint8Array): boolean {
    return Buffer.compare(this.#bytes.subarray(place * commitmentBytes, (place + 1) * commitmentBytes), found) === 0;
  }

  /** Whether `own` is the b_i that the dealer committed to. */
  isSelf(own: Uint8Array): boolean {
    return this.#equal(0, selfCommitment(this.#roster, this.#dealer, own));
  }

  /** Whether `secret` is what the dealer committed to sharing with `other`. */
  isPair(other: string, secret: Uint8Array): boolean {
    return this.#equal(secretIndex(this.#roster, this.#dealer, other), pairCommitment(secret, pairOf(this.#roster, this.#dealer, other)));
  }

  /** Whether `share` is what the dealer dealt to `holder` of its secret number `index`. */
  isShare(holder: string, index: number, share: Uint8Array): boolean {
    const n = this.#roster.participants.length;
    const dealt = schemeOf(this.#roster).dealt(n);
    return index < dealt && this.#equal(n + dealt * (secretIndex(this.#roster, this.#dealer, holder) - 1) + index, shareCommitment(this.#roster, this.#dealer, holder, index, share));
  }

  /** The commitment to the pair secret with `other`, to be compared with the other's. */
  pair(other: string): Uint8Array {
    const place = secretIndex(this.#roster, this.#dealer, other);
    return this.#bytes.subarray(place * commitmentBytes, (place + 1) * commitmentBytes);
  }
}
