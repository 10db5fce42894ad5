/** What an expansion of masked mode decides: how the masks of a round come from what two participants share (PROTOCOL section 8). */
import type { Mask } from './masks.js';
import type { PairRound } from './pair-key.js';
import type { MaskedRound } from './roster.js';

/** The two ends of a bundle: who dealt the shares and who holds them. */
export interface Deal {
  readonly dealer: string;
  readonly holder: string;
}

/** What an expansion makes of the bytes that two participants share in a round: K_r, or the round's piece of a pad. */
export interface MaskScheme {
  /** How many of a participant's n secrets are dealt out in shares, from b_i on. */
  readonly dealt: (participants: number) => number;
  /** What both ends commit to, and reveal when one of them drops out. @throws CodedError BAD_KEY. */
  readonly secret: (shared: Uint8Array, pair: PairRound) => Uint8Array;
  /** The mask that a secret stands for, for a vector of so many bytes; undefined for a secret of another length. */
  readonly mask: (secret: Uint8Array, vectorBytes: number, sign: Mask['sign']) => Mask | undefined;
  /** Encrypts shares of 32 bytes for their holder; one bundle for each direction and round. */
  readonly sealBundle: (shared: Uint8Array, at: MaskedRound, deal: Deal, shares: Uint8Array) => Uint8Array;
  /** @throws when it does not open. */
  readonly openBundle: (shared: Uint8Array, at: MaskedRound, deal: Deal, bundle: Uint8Array) => Uint8Array;
}
