/** The key that two participants share in an epoch of masked mode, its ratchet and what is derived from it (PROTOCOL section 8). Pure: whoever keeps a key destroys it. */
import { frame } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { expand } from '../crypto/hkdf.js';
import type { MaskedRound } from './roster.js';

/** Bytes of K, of a pair seed and of a check. */
export const pairKeyLengths = { key: 64, seed: 32, check: 16 } as const;

/** Which pair of participants, in which round of which epoch. */
export interface PairRound extends MaskedRound {
  /** The two MSP IDs in the order of their bytes. */
  readonly lower: string;
  readonly higher: string;
}

/** The pair that two participants are in a round. */
export const pairOf = ({ study, epoch, round }: MaskedRound, one: string, other: string): PairRound => ({ study, epoch, round, lower: one < other ? one : other, higher: one < other ? other : one });

function assertKey(key: Uint8Array): void {
  if (key.length !== pairKeyLengths.key) throw new CodedError('BAD_KEY', `a pair key has ${pairKeyLengths.key} bytes, not ${key.length}`);
}

function assertPair({ lower, higher }: PairRound): void {
  if (lower >= higher) throw new CodedError('BAD_FIELD', 'a pair is two MSP IDs, the lower one first');
}

/**
 * `check`: proves to the other end of the pair, before it is used, that both have K; 16 bytes.
 * @param key K as the set-up made it, 64 bytes.
 * @throws CodedError BAD_KEY for another length.
 */
export function pairCheck(key: Uint8Array): Uint8Array {
  assertKey(key);
  return expand(key, frame('epione/v1/check'), pairKeyLengths.check);
}

/**
 * K_(r+1) from K_r: one way, so that who has the later key opens no earlier round. The caller overwrites K_r when round r has ended.
 * @param round r, the round of `key`, from 1.
 * @throws CodedError BAD_KEY for a key of another length.
 */
export function nextPairKey(key: Uint8Array, round: number): Uint8Array {
  assertKey(key);
  return expand(key, frame('epione/v1/ratchet', round), pairKeyLengths.key);
}

/**
 * s_ij, from which both of a pair expand the same mask; 32 bytes, used in one round.
 * @param key K of `at.round`.
 * @throws CodedError BAD_KEY; BAD_FIELD for MSP IDs that are equal or in the other order.
 */
export function pairSeed(key: Uint8Array, at: PairRound): Uint8Array {
  assertKey(key);
  assertPair(at);
  return expand(key, frame('epione/v1/mask', at.study, at.epoch, at.round, at.lower, at.higher), pairKeyLengths.seed);
}
