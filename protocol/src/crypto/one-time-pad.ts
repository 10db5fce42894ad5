/** `otp-poly1305` (PROTOCOL section 6): a one-time pad and a one-time MAC, secure whatever an attacker computes, for small secrets only. */
import { timingSafeEqual } from 'node:crypto';

import { concat, frame } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { poly1305 } from './poly1305.js';
import { padSuites } from './suites.js';

const { extra, tag: tagBytes, plaintext: most } = padSuites['otp-poly1305'];

/** Bytes of QKD key that a plaintext costs: its own length for the pad, 32 for the MAC. */
export const padKeyBytes = (plaintextBytes: number): number => plaintextBytes + extra;

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, at) => byte ^ (b[at] ?? 0));
const tagOf = (key: Uint8Array, context: Uint8Array, ciphertext: Uint8Array): Uint8Array => poly1305(key.subarray(ciphertext.length), frame(context, ciphertext));

/**
 * Encrypts a small secret.
 * @param key exactly `padKeyBytes(plaintext.length)` bytes of QKD key, for this message alone: a second use gives both away.
 * @param context what the message is bound to; opening needs the same bytes.
 * @returns ciphertext ‖ tag, 16 bytes more than the plaintext.
 * @throws CodedError TOO_LARGE beyond 4,096 bytes, with the arithmetic; BAD_KEY for a key of another length.
 */
export function sealPad(key: Uint8Array, context: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const needed = padKeyBytes(plaintext.length);
  if (plaintext.length > most) throw new CodedError('TOO_LARGE', tooMuch(plaintext.length));
  if (key.length !== needed) throw new CodedError('BAD_KEY', `a pad for ${plaintext.length} bytes takes ${plaintext.length} + ${extra} = ${needed} bytes of key, not ${key.length}`);
  const ciphertext = xor(plaintext, key);
  return concat(ciphertext, tagOf(key, context, ciphertext));
}

/** What a pad would cost: the reason why there is a limit. */
function tooMuch(bytes: number): string {
  const bits = padKeyBytes(bytes) * 8;
  const hours = bits / 10_000 / 3600;
  const wait = hours < 1 ? `${Math.ceil(hours * 60)} min` : `${Math.ceil(hours)} h`;
  return `a one-time pad takes at most ${most} bytes: ${bytes} bytes would use (${bytes} + ${extra}) * 8 = ${bits} bits of QKD key, ${wait} of a link of 10 kb/s`;
}

/**
 * Decrypts, whole or not at all.
 * @throws CodedError UNOPENABLE, whatever is wrong.
 */
export function openPad(key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Uint8Array {
  const ciphertext = sealed.subarray(0, Math.max(0, sealed.length - tagBytes));
  const fits = sealed.length >= tagBytes && ciphertext.length <= most && key.length === padKeyBytes(ciphertext.length);
  if (!fits || !timingSafeEqual(tagOf(key, context, ciphertext), sealed.subarray(ciphertext.length))) throw new CodedError('UNOPENABLE', 'the pad does not open under this key and context');
  return xor(ciphertext, key);
}
