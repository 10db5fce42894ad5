/** The checks of a verification in their order, and what each found (PROTOCOL section 11). */

/** All checks, in the order in which the first failure is the verdict. */
export const CHECKS = [
  'trust.root', 'chain.headers', 'chain.validity', 'anchor.checkpoint', 'encoding.canonical', 'study.digest', 'study.approved', 'record.possession',
  'record.chain', 'keys.suspect', 'course.epochs', 'beacon.chain', 'round.opened', 'submission.signature', 'submission.once', 'round.sealed', 'keys.once',
  'suite.allowed', 'blob.digest', 'blob.header', 'privacy.budget', 'consent.snapshot', 'attestation.signature', 'attestation.quorum', 'mask.reveals',
  'aggregate.recomputed',
] as const;

export type CheckName = (typeof CHECKS)[number];

/** What one check found. */
export interface Check {
  readonly name: CheckName;
  /** `absent`: there is nothing to check it by, for the reason in `message`. */
  readonly result: 'pass' | 'fail' | 'absent';
  /** What the failure is about: a block, a transaction, a digest, a key. */
  readonly object?: string;
  /** Why it failed or is absent; with `pass`, what is worth knowing. */
  readonly message?: string;
}

/** The outcome of a verification. */
export interface Verdict {
  readonly verdict: 'valid' | 'invalid';
  readonly checks: readonly Check[];
  /** What was looked at, so that a `valid` over nothing is seen. */
  readonly counts: { readonly blocks: number; readonly transactions: number; readonly studies: number; readonly rounds: number; readonly submissions: number; readonly blobs: number };
}

/** Ends a stage on which all later ones stand. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** Collects findings; a check's first failure is the one that counts. */
export class Report {
  /** Digest of the pinned first block; statements that name a channel name it too. */
  readonly genesis: string;
  readonly #found = new Map<CheckName, Check>();

  constructor(genesis: string) {
    this.genesis = genesis;
  }

  /** A failure of a check, about one object. */
  fail(name: CheckName, object: string, message: string): void {
    if (this.#found.get(name)?.result !== 'fail') this.#found.set(name, { name, result: 'fail', object, message });
  }

  /** A failure after which nothing behind it can be judged. */
  broken(name: CheckName, object: string, message: string): never {
    this.fail(name, object, message);
    throw new Broken(`${name}: ${object}: ${message}`);
  }

  absent(name: CheckName, message: string): void {
    if (!this.#found.has(name)) this.#found.set(name, { name, result: 'absent', message });
  }

  /** A check that was made; passes unless it has failed. */
  pass(name: CheckName, message?: string): void {
    if (!this.#found.has(name)) this.#found.set(name, { name, result: 'pass', ...(message === undefined ? {} : { message }) });
  }

  /** All checks in order; those that nobody got to are absent. */
  checks(): Check[] {
    const failed = CHECKS.map((name) => this.#found.get(name)).find((check) => check?.result === 'fail');
    const unreached = failed === undefined ? 'not made' : `not reached: ${failed.name} failed`;
    return CHECKS.map((name) => this.#found.get(name) ?? { name, result: 'absent', message: unreached });
  }

  get verdict(): 'valid' | 'invalid' {
    return [...this.#found.values()].some((check) => check.result === 'fail') ? 'invalid' : 'valid';
  }
}
