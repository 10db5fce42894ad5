/** One published test, who runs it, and the count of what came out. */

/** `native` is OpenSSL; `javascript` is noble, and our own code where ours is the second implementation. */
export type Backend = 'native' | 'javascript';

/** What is tested: each back end that can run it answers true when it accepts, with exactly the published result. Throwing is refusing. */
export interface Case {
  readonly id: string;
  readonly valid: boolean;
  readonly run: Readonly<Partial<Record<Backend, () => boolean>>>;
}

/** A set of published tests. */
export interface VectorSet {
  readonly name: string;
  readonly cases: () => Iterable<Case>;
  /** Tests of the same file that ask for something that the protocol has no use for, and what that is. */
  readonly leftOut?: string;
}

/** How one back end did: right results of valid tests, refusals of invalid ones. */
export interface Count {
  agree: number;
  refused: number;
}

/** A line of the table. */
export interface Tally {
  readonly name: string;
  readonly cases: number;
  readonly counts: Readonly<Partial<Record<Backend, Count>>>;
  /** What was neither, by back end and test. */
  readonly faults: readonly string[];
  readonly leftOut: string | undefined;
}

/** Undefined when the back end did as the test says; else what it did instead. */
function fault(valid: boolean, run: () => boolean): string | undefined {
  try {
    if (run() === valid) return undefined;
    return valid ? 'another result' : 'accepted';
  } catch (error) {
    return valid ? `refused: ${(error as Error).message}` : undefined;
  }
}

/** Runs a set whole. */
export function tally({ name, cases, leftOut }: VectorSet): Tally {
  const counts: Partial<Record<Backend, Count>> = {};
  const faults: string[] = [];
  let number = 0;
  for (const { id, valid, run } of cases()) {
    number += 1;
    for (const [backend, act] of Object.entries(run) as [Backend, () => boolean][]) {
      const count = (counts[backend] ??= { agree: 0, refused: 0 });
      const wrong = fault(valid, act);
      if (wrong !== undefined) faults.push(`${name}, ${backend}, ${id}: ${wrong}`);
      else if (valid) count.agree += 1;
      else count.refused += 1;
    }
  }
  if (number === 0) faults.push(`${name}: no tests`);
  return { name, cases: number, counts, faults, leftOut };
}
