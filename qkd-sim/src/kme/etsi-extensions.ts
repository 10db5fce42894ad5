/** The extensions of "Get key" that this key server has: what a caller may demand of the keys. */
import { z } from 'zod';
import type { Demand } from '../store/pools.js';
import type { Fault } from './etsi-messages.js';

/** What the extensions take. */
export const extensionValues = {
  /** The largest probability that a key is not secret: that of the block it is cut from. */
  epione_max_epsilon: z.number().positive().max(1),
  /** The greatest age of a key in seconds, from the making of its block. */
  epione_max_age_s: z.number().nonnegative(),
} as const;

type Extension = keyof typeof extensionValues;
const isKnown = (name: string): name is Extension => Object.hasOwn(extensionValues, name);

/** A list of extensions, read. */
export interface Demands {
  readonly demand: Demand;
  /** Whether all of its extensions are known here. */
  readonly complete: boolean;
  readonly faults: readonly Fault[];
}

/**
 * Reads a list of extensions; each object of it may have several members.
 * @param name of the list, for faults
 * @param nowMs ms since 1970, from which ages count
 */
export const readExtensions = (name: string, list: readonly Readonly<Record<string, unknown>>[], nowMs: number): Demands => {
  const faults: Fault[] = [];
  let demand: Demand = {};
  let complete = true;
  for (const [key, value] of list.flatMap((object) => Object.entries(object))) {
    if (!isKnown(key)) {
      complete = false;
      continue;
    }
    const parsed = extensionValues[key].safeParse(value);
    if (!parsed.success) faults.push(...parsed.error.issues.map(({ message }) => ({ name: `${name}.${key}`, message })));
    else demand = stricter(demand, key === 'epione_max_epsilon' ? { maxEpsilon: parsed.data } : { madeAfter: nowMs - 1000 * parsed.data });
  }
  return { demand, complete, faults };
};

/** Both of two demands. */
export const stricter = (one: Demand, other: Demand): Demand => ({
  maxEpsilon: Math.min(one.maxEpsilon ?? Infinity, other.maxEpsilon ?? Infinity),
  madeAfter: Math.max(one.madeAfter ?? -Infinity, other.madeAfter ?? -Infinity),
});
