/** From the masked updates of a sealed set and the reveals to the sum, each secret checked against its commitment (PROTOCOL section 8, "Unmask"). */
import { fromHex } from '../encoding/digest.js';
import { CodedError, type Code } from '../error.js';
import { sumVectors, type FixedPoint } from '../fixed-point.js';
import { Commitments } from './commitment.js';
import { applyMasks, type Mask } from './masks.js';
import { assertPermitted, canStandIn, dropOutsOf, permittedSecrets, secretIn, shareAt, type Reveal } from './reveal.js';
import { schemeOf } from './schemes.js';
import { othersOf, signOf, thresholdOf, type Roster } from './roster.js';
import { combineShares } from './shamir.js';

/** A masked update as its blob holds it. */
export interface MaskedSubmission {
  readonly participant: string;
  readonly words: Uint8Array;
  readonly commitments: Uint8Array;
}

/** The plain sum, or why there is none and who is the cause. */
export type Unmasked = { readonly sum: Uint8Array } | { readonly code: Code; readonly culprits: readonly string[] };

/** The secrets of one member of S that are to be taken off, in the order of `permittedSecrets`. */
type Secrets = readonly Uint8Array[];

/** Whether a secret is the one that its owner committed to. */
const isCommitted = (roster: Roster, commitments: Commitments, member: string, index: number, secret: Uint8Array): boolean =>
  index === 0 ? commitments.isSelf(secret) : commitments.isPair(othersOf(roster, member)[index - 1] as string, secret);

class Unmasking {
  readonly #roster: Roster;
  readonly #set: readonly string[];
  readonly #commitments: ReadonlyMap<string, Commitments>;
  readonly #reveals: ReadonlyMap<string, Reveal>;

  constructor(roster: Roster, commitments: ReadonlyMap<string, Commitments>, reveals: ReadonlyMap<string, Reveal>) {
    this.#roster = roster;
    this.#set = [...commitments.keys()];
    this.#commitments = commitments;
    this.#reveals = reveals;
  }

  /** Two ends of a pair that committed to different seeds: their masks would not cancel. */
  assertPairs(): void {
    this.#set.forEach((one, at) => {
      for (const other of this.#set.slice(at + 1)) {
        if (Buffer.compare(this.#of(one).pair(other), this.#of(other).pair(one)) !== 0) throw new Fault('PAIR_MISMATCH', [one, other]);
      }
    });
  }

  /** The secrets of a member, from its own reveal or from shares. @throws Fault. */
  secretsOf(member: string): Secrets {
    const own = this.#reveals.get(member);
    const revealed = own === undefined ? undefined : this.#revealed(member, own);
    if (revealed !== undefined) return revealed;
    const indices = permittedSecrets(this.#roster, this.#set, member);
    if (!canStandIn(this.#roster, this.#set, member)) throw new Fault(own === undefined ? 'PAD_LOST' : 'REVEAL_MISMATCH', [member]);
    const liars = new Set<string>();
    const shares = indices.map((index) => this.#shares(member, index, liars));
    if (shares.some((found) => found.length < thresholdOf(this.#roster))) {
      if (own !== undefined) throw new Fault('REVEAL_MISMATCH', [member]);
      throw liars.size > 0 ? new Fault('SHARE_MISMATCH', [...liars].sort()) : new Fault(shares.every((found) => found.length === 0) ? 'REVEAL_MISSING' : 'TOO_FEW_SHARES', [member]);
    }
    const secrets = shares.map((found) => combineShares(found, thresholdOf(this.#roster)));
    if (!indices.every((index, at) => isCommitted(this.#roster, this.#of(member), member, index, secrets[at] as Uint8Array))) throw new Fault('SHARE_MISMATCH', [member]);
    return secrets;
  }

  #of(member: string): Commitments {
    return this.#commitments.get(member) as Commitments;
  }

  /** The secrets as the member itself gives them; undefined when one is not what it committed to. */
  #revealed(member: string, given: Reveal): Secrets | undefined {
    try {
      assertPermitted(this.#roster, this.#set, given);
    } catch {
      return undefined;
    }
    const secrets = [fromHex(given.own), ...given.pairs.map(secretIn)];
    const indices = permittedSecrets(this.#roster, this.#set, member);
    return indices.every((index, at) => isCommitted(this.#roster, this.#of(member), member, index, secrets[at] as Uint8Array)) ? secrets : undefined;
  }

  /** The good shares of one secret; who gives a bad one is a liar. */
  #shares(member: string, index: number, liars: Set<string>): { x: number; bytes: Uint8Array }[] {
    return [...this.#reveals].filter(([holder]) => holder !== member && this.#roster.participants.includes(holder)).flatMap(([holder, { shares }]) => {
      const given = shares.find((entry) => entry.of === member && entry.index === index);
      if (given === undefined) return [];
      if (this.#of(member).isShare(holder, index, fromHex(given.share))) return [shareAt(this.#roster, holder, given.share)];
      liars.add(holder);
      return [];
    });
  }
}

/** Why a round has no sum; a class of its own, so that no other fault is taken for one. */
class Fault extends Error {
  readonly code: Code;
  readonly culprits: readonly string[];

  constructor(code: Code, culprits: readonly string[]) {
    super(code);
    this.code = code;
    this.culprits = culprits;
  }
}

function commitmentsOf(roster: Roster, { participant, commitments }: MaskedSubmission): Commitments {
  try {
    return new Commitments(roster, participant, commitments);
  } catch (error) {
    if (error instanceof CodedError) throw new Fault('BAD_ENCODING', [participant]);
    throw error;
  }
}

/**
 * Takes the masks off the sum of a sealed set.
 * @param vectorBytes that a masked update of the study has.
 * @param submissions of S, by MSP ID.
 * @param reveals signed by their participants; one that does not say what S permits counts as missing.
 * @returns the words of the plain sum; or REVEAL_MISSING, TOO_FEW_SHARES, PAD_LOST (more reveals may still mend it), BAD_ENCODING,
 *   PAIR_MISMATCH, REVEAL_MISMATCH, SHARE_MISMATCH, with the culprits: the revealer, else the dealer, or both of a pair.
 */
export function unmask(roster: Roster, bits: FixedPoint['bits'], vectorBytes: number, submissions: readonly MaskedSubmission[], reveals: ReadonlyMap<string, Reveal>): Unmasked {
  const set = submissions.map(({ participant }) => participant);
  try {
    const odd = submissions.filter(({ words }) => words.length !== vectorBytes).map(({ participant }) => participant);
    if (odd.length > 0) throw new Fault('BAD_ENCODING', odd);
    const unmasking = new Unmasking(roster, new Map(submissions.map((one) => [one.participant, commitmentsOf(roster, one)])), reveals);
    unmasking.assertPairs();
    const dropOuts = dropOutsOf(roster, set);
    const masks = set.flatMap((member): Mask[] => unmasking.secretsOf(member).map((secret, at) => {
      if (at === 0) return { seed: secret, sign: -1 };
      const mask = schemeOf(roster).mask(secret, vectorBytes, signOf(dropOuts[at - 1] as string, member));
      if (mask === undefined) throw new Fault('BAD_ENCODING', [member]); // both of the pair committed to it
      return mask;
    }));
    return { sum: applyMasks(sumVectors(submissions.map(({ words }) => words), bits), bits, masks) };
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, culprits: error.culprits };
    throw error;
  }
}
