/**
 * What hides and authenticates keys on one hop: a one-time pad and a Wegman–Carter tag, both from fresh key of that
 * link, so that a hop is as safe as the link itself, whatever becomes of TLS (the relay of ETSI GS QKD 014, Annex B).
 */
import { ATTEMPT_BYTES, TAG_BYTES, authenticationTag, sameTag, xor } from '../distillation/authentication.js';

/** Bytes of link key that the tag takes, beside one byte for each byte of key. */
const TAG_KEY_BYTES = ATTEMPT_BYTES / 2;

/** Keys as they go over one hop. */
export interface Covered {
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** Bytes of link key for keys of so many bytes in sum. */
export const padBytes = (keyBytes: number): number => keyBytes + TAG_KEY_BYTES;

const tagOf = (pad: Uint8Array, ciphertext: Uint8Array, about: Uint8Array): Uint8Array =>
  authenticationTag({ hashKey: pad.subarray(0, TAG_BYTES), pad: pad.subarray(TAG_BYTES, TAG_KEY_BYTES) }, [{ type: 0, payload: about }, { type: 1, payload: ciphertext }]);

/**
 * Covers keys, one after another.
 * @param pad `padBytes` of fresh link key
 * @param about everything else that is said with them
 */
export const cover = (pad: Uint8Array, keys: Uint8Array, about: Uint8Array): Covered => {
  if (pad.length !== padBytes(keys.length)) throw new RangeError(`${keys.length} bytes need a pad of ${padBytes(keys.length)}, not ${pad.length}`);
  const ciphertext = xor(keys, pad.subarray(TAG_KEY_BYTES));
  return { ciphertext, tag: tagOf(pad, ciphertext, about) };
};

/** The keys under a cover; undefined when the pad has another length, or the tag is not right. */
export const uncover = (pad: Uint8Array, { ciphertext, tag }: Covered, about: Uint8Array): Uint8Array | undefined =>
  pad.length === padBytes(ciphertext.length) && sameTag(tag, tagOf(pad, ciphertext, about)) ? xor(ciphertext, pad.subarray(TAG_KEY_BYTES)) : undefined;
