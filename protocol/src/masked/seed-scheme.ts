/** `mask-aes256ctr`: seeds and bundle keys are derived from K_r, masks are expanded from seeds (PROTOCOL section 8, "Pair seed", "Expansion", "Shares"). */
import { GCM, gcmKey, openGcm, sealGcm } from '../crypto/aes-gcm.js';
import { expand } from '../crypto/hkdf.js';
import { frame } from '../encoding/digest.js';
import { pairKeyLengths, pairSeed } from './pair-key.js';
import type { MaskedRound } from './roster.js';
import type { Deal, MaskScheme } from './mask-scheme.js';

/** Fixed, because a bundle's key encrypts one bundle and is never used again. */
const iv = new Uint8Array(GCM.nonceBytes);
const bundleKey = (pairKey: Uint8Array, { study, epoch, round }: MaskedRound, { dealer, holder }: Deal): Uint8Array => expand(pairKey, frame('epione/v1/share', study, epoch, round, dealer, holder), 32);

/** All secrets are dealt out: whoever falls silent after the seal is stood in for, drop-outs or not. */
export const seedScheme: MaskScheme = {
  dealt: (participants) => participants,
  secret: pairSeed,
  mask: (seed, _, sign) => (seed.length === pairKeyLengths.seed ? { seed, sign } : undefined),
  sealBundle: (shared, at, deal, shares) => sealGcm(gcmKey(bundleKey(shared, at, deal)), iv, shares, new Uint8Array(shares.length + GCM.tagBytes)),
  openBundle: (shared, at, deal, bundle) => openGcm(gcmKey(bundleKey(shared, at, deal)), iv, bundle, new Uint8Array(Math.max(0, bundle.length - GCM.tagBytes))),
};
