/** Seeds divided among people, so that some of them together can bring them back and fewer learn nothing (Shamir over GF(2^8); decision 0027). */
import { canonicalText, combineShares, concat, decodeCanonical, digestOf, frame, fromHex, kemSuite, parse, signatureSuite, splitSecret, toHex, type Digest } from '@epione/protocol';
import { z } from 'zod';
import { WorkerError } from '../error.js';
import { chainBytes } from './chain-secret.js';
import type { RandomBytes } from './seed-lock.js';
import { seedLengths, wipe, type KeySuites, type Seeds } from './seeds.js';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/).transform((text) => text as Digest);
const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

const fields = {
  mspId: z.string().regex(/^[A-Za-z0-9.-]{1,64}$/),
  suites: z.strictObject({ signature: signatureSuite, kem: kemSuite }),
  /** When the seeds were divided, ms since 1970 UTC. */
  dividedAt: z.int().min(0),
  threshold: z.int().min(2).max(255),
  /** Digest of the seeds: what comes back is what was divided. */
  secret: digest,
  /** One a share, in order: who brings a changed share is named. */
  commitments: z.array(digest).min(2).max(255),
  /** This share's place on the polynomial, from 1. */
  index: z.int().min(1).max(255),
};
/** The first format has the two seeds of the record; the second has the seed of the chains behind them. */
const shareFile = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('epione-key-share-1'), ...fields, share: hex(96) }),
  z.strictObject({ format: z.literal('epione-key-share-2'), ...fields, share: hex(96 + chainBytes) }),
]);

/** One person's share of a site's seeds, as it stands in a file. */
export type KeyShare = z.infer<typeof shareFile>;
/** Whose keys they are, and of which suites. */
export interface KeyOwner {
  readonly mspId: string;
  readonly suites: KeySuites;
}

/** What all shares of one division have in common. */
type Division = Omit<KeyShare, 'index' | 'share'>;

/** What is divided: the seeds of the record, and that of the site's chains, which shares of the first format do not have. */
export interface SharedSeeds extends Seeds {
  readonly chain?: Uint8Array;
}

/** The seeds in one piece; the suites fix their lengths. */
const joined = ({ signing, kem, chain = new Uint8Array() }: SharedSeeds): Uint8Array => concat(signing, kem, chain);

const namedDigest = (label: string, { mspId, suites, dividedAt, threshold }: Omit<Division, 'secret' | 'commitments' | 'format'>, ...rest: (Uint8Array | number)[]): Digest =>
  digestOf(frame(label, mspId, suites.signature, suites.kem, dividedAt, threshold, ...rest));
const commitmentTo = (division: Omit<Division, 'secret' | 'commitments' | 'format'>, index: number, share: Uint8Array): Digest => namedDigest('epione/v1/key-share', division, index, share);

/**
 * Divides seeds.
 * @param shares how many, 2 to 255. @param threshold how many bring the seeds back, 2 to `shares`.
 * @param now ms since 1970 UTC. @param random of a secure source, for the polynomial.
 * @throws WorkerError CONFIG_INVALID for other numbers.
 */
export function divide({ mspId, suites: { signature, kem } }: KeyOwner, seeds: SharedSeeds, shares: number, threshold: number, now: number, random: RandomBytes): KeyShare[] {
  const numbers = [shares, threshold].every(Number.isInteger) && threshold >= 2 && threshold <= shares && shares <= 255;
  if (!numbers) throw new WorkerError('CONFIG_INVALID', `${shares} shares of which ${threshold} are needed cannot be made`, { remedy: 'At least 2 must be needed, and no more than there are; at most 255.' });
  const secret = joined(seeds);
  try {
    const coefficients = Array.from({ length: threshold - 1 }, () => random(secret.length));
    const parts = splitSecret(secret, Array.from({ length: shares }, (_, at) => at + 1), coefficients);
    wipe(...coefficients);
    const common = { mspId, suites: { signature, kem }, dividedAt: now, threshold };
    const commitments = parts.map((part, at) => commitmentTo(common, at + 1, part));
    const division: Division = { format: seeds.chain === undefined ? 'epione-key-share-1' : 'epione-key-share-2', ...common, secret: namedDigest('epione/v1/key-secret', common, secret), commitments };
    return parts.map((part, at) => {
      const share = toHex(part);
      wipe(part);
      return { ...division, index: at + 1, share };
    });
  } finally {
    wipe(secret);
  }
}

/** A share as a file's text. */
export const encodeShare = (share: KeyShare): string => `${canonicalText(share)}\n`;

/** Reads a share. @throws WorkerError SHARES_INVALID, without a word of it. */
export function readShare(name: string, bytes: Uint8Array): KeyShare {
  try {
    return parse(shareFile, decodeCanonical(bytes.subarray(0, bytes.at(-1) === 0x0a ? -1 : undefined)), 'share');
  } catch {
    throw new WorkerError('SHARES_INVALID', `${name} is no key share of this version`, { remedy: 'Ask its keeper for the file as it was handed out.' });
  }
}

const divisionOf = (share: KeyShare): string => canonicalText({ ...share, index: undefined, share: undefined });

/** The division that most of the shares belong to. */
function commonDivision(shares: ReadonlyMap<string, KeyShare>): string {
  const votes = Map.groupBy(shares.values(), divisionOf);
  return [...votes].reduce((most, entry) => (entry[1].length > most[1].length ? entry : most), ['', [] as KeyShare[]])[0];
}

const isGood = ({ commitments, index, share, ...division }: KeyShare): boolean => commitments[index - 1] === commitmentTo(division, index, fromHex(share));

/** Seeds that came back, and who brought something else. */
export interface Restored {
  readonly seeds: SharedSeeds;
  /** Names of shares that were changed, or belong to another division; they were not used. */
  readonly refused: readonly string[];
}

/**
 * Brings seeds back from enough shares; shares that do not fit are named and left out.
 * @param shares by the name of their file.
 * @throws WorkerError SHARES_INVALID: too few good ones, another organization's or suites, or seeds that are not those that were divided.
 */
export function bringBack({ mspId, suites }: KeyOwner, shares: ReadonlyMap<string, KeyShare>): Restored {
  const common = commonDivision(shares);
  const fits = new Map<number, KeyShare>();
  const refused: string[] = [];
  for (const [name, share] of shares) {
    if (divisionOf(share) === common && isGood(share)) fits.set(share.index, share);
    else refused.push(name);
  }
  const [first] = fits.values();
  const said = refused.length === 0 ? '' : `; changed, or of another division: ${refused.join(', ')}`;
  if (first === undefined || fits.size < first.threshold) throw new WorkerError('SHARES_INVALID', `${fits.size} good shares${first === undefined ? '' : `, ${first.threshold} are needed`}${said}`, { remedy: 'Bring more shares of the same division.' });
  if (first.mspId !== mspId || first.suites.signature !== suites.signature || first.suites.kem !== suites.kem) throw new WorkerError('SHARES_INVALID', `the shares are of ${first.mspId} with ${first.suites.signature} and ${first.suites.kem}`, { remedy: 'Correct mspId and suites of the configuration, or bring its own shares.' });
  const parts = [...fits.values()].map(({ index, share }) => ({ x: index, bytes: fromHex(share) }));
  const secret = combineShares(parts, first.threshold);
  wipe(...parts.map(({ bytes }) => bytes));
  if (namedDigest('epione/v1/key-secret', first, secret) !== first.secret) throw new WorkerError('SHARES_INVALID', 'the shares give other seeds than were divided', { remedy: 'Bring other shares.' });
  const { signing, kem } = seedLengths(suites);
  const chain = first.format === 'epione-key-share-1' ? {} : { chain: secret.slice(signing + kem) };
  const seeds = { signing: secret.slice(0, signing), kem: secret.slice(signing, signing + kem), ...chain };
  wipe(secret);
  return { seeds, refused };
}
