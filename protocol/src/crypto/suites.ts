/** The registry of cryptographic suites (PROTOCOL section 2, "Suites"; decision 0026): what each name stands for. Unknown names are refused. */
import { z } from 'zod';

import { CodedError } from '../error.js';

/** What is said of a name that is not in the registry; `parse` gives it the code UNKNOWN_SUITE. */
export const unknownSuite = 'not a suite of this protocol version';

/** A list of the registry as a field's type: one of its names, nothing else. */
const namesOf = <T extends object>(suites: T) =>
  z.enum(Object.keys(suites) as [keyof T & string, ...(keyof T & string)[]], { error: ({ input }) => (typeof input === 'string' ? unknownSuite : undefined) });

/** Signatures of statements: ML-DSA (FIPS 204), pure, empty context. Sizes in bytes, from table 2 and section 5.1. */
export const signatureSuites = {
  mldsa65: { algorithm: 'ML-DSA-65', publicKey: 1952, signature: 3309, seed: 32 },
  mldsa87: { algorithm: 'ML-DSA-87', publicKey: 2592, signature: 4627, seed: 32 },
} as const;

/** Key encapsulation: ML-KEM (FIPS 203). Sizes in bytes, from table 3 and section 7.1 (seed d ‖ z). */
export const kemSuites = {
  mlkem768: { algorithm: 'ML-KEM-768', encapsulationKey: 1184, ciphertext: 1088, seed: 64, sharedSecret: 32 },
  mlkem1024: { algorithm: 'ML-KEM-1024', encapsulationKey: 1568, ciphertext: 1568, seed: 64, sharedSecret: 32 },
} as const;

/** Signatures of anchors: SLH-DSA (FIPS 205), pure, which rests on SHA-2 alone. Sizes in bytes, from table 2 (seed SK.seed ‖ SK.prf ‖ PK.seed). */
export const anchorSuites = {
  slhdsa128s: { algorithm: 'SLH-DSA-SHA2-128s', publicKey: 32, signature: 7856, seed: 48 },
  slhdsa256s: { algorithm: 'SLH-DSA-SHA2-256s', publicKey: 64, signature: 29_792, seed: 96 },
} as const;

/**
 * How a content key is wrapped. `secrets`: what goes into the key derivation, 32 bytes each, in this order (SP 800-56C: Z first).
 * All derive by HKDF with SHA-512 over the transcript of PROTOCOL section 6 and wrap with AES-256-GCM under a key used once.
 */
export const sealingSuites = {
  'seal-mlkem768-qkd': { kem: 'mlkem768', secrets: ['mlkem', 'qkd'] },
  'seal-mlkem1024-qkd': { kem: 'mlkem1024', secrets: ['mlkem', 'qkd'] },
  'seal-mlkem768-x25519-qkd': { kem: 'mlkem768', secrets: ['mlkem', 'x25519', 'qkd'] },
  'seal-mlkem768': { kem: 'mlkem768', secrets: ['mlkem'] },
  'seal-mlkem1024': { kem: 'mlkem1024', secrets: ['mlkem'] },
} as const satisfies Record<string, { readonly kem: keyof typeof kemSuites; readonly secrets: readonly ('mlkem' | 'x25519' | 'qkd')[] }>;

/** A one-time pad with a one-time MAC for small secrets. `extra`: bytes of key beyond the plaintext's; `plaintext`: the most it takes. */
export const padSuites = { 'otp-poly1305': { extra: 32, tag: 16, plaintext: 4096 } } as const;

/**
 * How pairwise masks come from what two share (PROTOCOL section 8, "Expansion", "mask-otp"): a seed of 32 bytes for each pair and round, expanded by the cipher;
 * or QKD key itself, a piece of a pad for each pair and round: the words, ρ, which hides them in their commitment, and one bundle's pad for each direction. Sizes in bytes.
 */
export const maskSuites = { 'mask-aes256ctr': { cipher: 'aes-256-ctr', seed: 32 }, 'mask-otp': { rho: 64, bundle: 64 } } as const;

/** A signature suite's name. */
export const signatureSuite = namesOf(signatureSuites);
/** A key encapsulation suite's name. */
export const kemSuite = namesOf(kemSuites);
/** A sealing suite's name. */
export const sealingSuite = namesOf(sealingSuites);
/** An anchor signature suite's name. */
export const anchorSuite = namesOf(anchorSuites);

/** A mask suite's name. */
export const maskSuite = namesOf(maskSuites);
export type MaskSuite = z.infer<typeof maskSuite>;

/** What a study's profile stands for: category 3 with SHA-256, or category 5 (after 2030 the only one that some authorities accept) with SHA-512. */
export const profiles = {
  default: { signature: 'mldsa65', kem: 'mlkem768', anchor: 'slhdsa128s' },
  'long-term': { signature: 'mldsa87', kem: 'mlkem1024', anchor: 'slhdsa256s' },
} as const satisfies Record<string, { signature: keyof typeof signatureSuites; kem: keyof typeof kemSuites; anchor: keyof typeof anchorSuites }>;

/** A profile's name. */
export const profile = namesOf(profiles);

/**
 * What a name stands for.
 * @throws CodedError UNKNOWN_SUITE: names come from outside, whatever their type says.
 */
export function suiteOf<T extends object, K extends keyof T & string>(suites: T, name: K): T[K] {
  if (!Object.hasOwn(suites, name)) throw new CodedError('UNKNOWN_SUITE', `${JSON.stringify(name).slice(0, 80)} is ${unknownSuite}`);
  return suites[name];
}

/** Tells whether a sealing suite takes a secret of this kind. False for a name that is not ours. */
function takes(suite: z.infer<typeof sealingSuite>, secret: 'x25519' | 'qkd'): boolean {
  const secrets: readonly string[] = Object.hasOwn(sealingSuites, suite) ? sealingSuites[suite].secrets : [];
  return secrets.includes(secret);
}

/** Tells whether a sealing suite takes a QKD key. */
export const needsQkd = (suite: z.infer<typeof sealingSuite>): boolean => takes(suite, 'qkd');

/** Tells whether a sealing suite takes an X25519 secret. */
export const needsX25519 = (suite: z.infer<typeof sealingSuite>): boolean => takes(suite, 'x25519');
