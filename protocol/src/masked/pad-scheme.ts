/** `mask-otp`: the masks are QKD key, word for word, and so are the pads of the bundles: what hides a member of the set needs no cipher (PROTOCOL section 8, "mask-otp"; decision 0025). */
import { openPad, sealPad } from '../crypto/one-time-pad.js';
import { maskSuites } from '../crypto/suites.js';
import { frame } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import type { Deal, MaskScheme } from './mask-scheme.js';
import { furtherBytes } from './pad-need.js';
import type { MaskedRound } from './roster.js';

const parts = maskSuites['mask-otp'];

/**
 * A pad as the pieces of its rounds.
 * @param bytes P.
 * @throws CodedError BAD_KEY for a pad that is too short; what is left over is not used.
 */
export function padPieces(pad: Uint8Array, bytes: number, rounds: number): Uint8Array[] {
  if (pad.length < bytes * rounds) throw new CodedError('BAD_KEY', `the pad has ${pad.length} bytes, ${rounds} rounds need ${bytes * rounds}`);
  return Array.from({ length: rounds }, (_, at) => pad.slice(at * bytes, (at + 1) * bytes));
}

const wordBytes = (piece: Uint8Array): number => piece.length - furtherBytes;

function bundlePad(piece: Uint8Array, { dealer, holder }: Deal): Uint8Array {
  const from = wordBytes(piece) + parts.rho + (dealer < holder ? 0 : parts.bundle);
  return piece.subarray(from, from + parts.bundle);
}

const contextOf = ({ study, epoch, round }: MaskedRound, { dealer, holder }: Deal): Uint8Array => frame('epione/v1/share', study, epoch, round, dealer, holder);

/** Shares of b_i only: pads are too long to be dealt out. */
export const padScheme: MaskScheme = {
  dealt: () => 1,
  secret: (piece) => {
    if (wordBytes(piece) <= 0) throw new CodedError('BAD_KEY', `a round's piece of a pad has more than ${furtherBytes} bytes, not ${piece.length}`);
    return piece.subarray(0, wordBytes(piece) + parts.rho);
  },
  mask: (secret, vectorBytes, sign) => (secret.length === vectorBytes + parts.rho ? { words: secret.subarray(0, vectorBytes), sign } : undefined),
  sealBundle: (piece, at, deal, share) => sealPad(bundlePad(piece, deal), contextOf(at, deal), share),
  openBundle: (piece, at, deal, bundle) => openPad(bundlePad(piece, deal), contextOf(at, deal), bundle),
};
