/**
 * The key length of a protocol with single photons and one key basis, after Tomamichel, Lim, Gisin and Renner, "Tight
 * finite-key analysis for quantum cryptography", Nat. Commun. 3, 634 (2012), equations 1 and 2, for perfectly complementary bases.
 * It asks that both bases find a photon equally well, and fits pairs whatever their source is.
 */
import { entropy } from './finite-key.js';

/** What was counted: sifted bits in the key basis, compared bits in the check basis, and how many of those differ. */
export interface OneBasisCounts {
  readonly keyBits: number;
  readonly checkBits: number;
  readonly checkErrors: number;
}

/** The secret key length in bits; 0 or less means none. */
export const tomamichelLength = (
  { keyBits, checkBits, checkErrors }: OneBasisCounts,
  { secrecyEpsilon, correctnessEpsilon }: { readonly secrecyEpsilon: number; readonly correctnessEpsilon: number },
  disclosedBits: number,
): number => {
  if (keyBits === 0 || checkBits === 0) return 0;
  const deviation = Math.sqrt(((keyBits + checkBits) / (keyBits * checkBits)) * ((checkBits + 1) / checkBits) * Math.log(4 / secrecyEpsilon));
  // More than one half is no better known than one half.
  const phaseError = Math.min(0.5, checkErrors / checkBits + deviation);
  return Math.floor(keyBits * (1 - entropy(phaseError)) - disclosedBits - Math.log2(2 / (secrecyEpsilon ** 2 * correctnessEpsilon)));
};
