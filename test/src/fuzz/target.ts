/** What is fuzzed: every `x.fuzz.ts` beside a format exports its targets, which the runner finds. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repository } from '../study/command.js';

/**
 * One format that comes from outside, as a fuzz file exports it in its list `targets`. Packages do not share this type, because
 * some may import nobody; the runner checks it.
 */
export interface FuzzTarget {
  readonly name: string;
  /** How many cases it gets, relative to the others: less for what is dear. */
  readonly weight: number;
  /**
   * What must become of a changed input. `refused`: nothing of it is accepted (signed, sealed, tagged); `canonical`: what is accepted, written
   * again, is the input (`read` gives the bytes); `readable`: it may be accepted where it is well-formed.
   */
  readonly changed: 'refused' | 'canonical' | 'readable';
  /** Valid inputs, each of which is accepted. */
  readonly samples: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Reads an input from outside as the product does. Throws what `isRefusal` knows; anything else is a crash. */
  readonly read: (input: Uint8Array) => unknown;
  readonly isRefusal: (error: unknown) => boolean;
}

/** What is wrong with what a fuzz file exports; undefined for a target. */
function faultOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'no object';
  const { name, weight, changed, ...functions } = value as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') return 'no name';
  if (typeof weight !== 'number' || !(weight > 0)) return `${name} has no weight`;
  if (changed !== 'refused' && changed !== 'canonical' && changed !== 'readable') return `${name} does not say what becomes of a changed input`;
  const missing = ['samples', 'read', 'isRefusal'].filter((member) => typeof functions[member] !== 'function');
  const unknown = Object.keys(functions).filter((member) => !['samples', 'read', 'isRefusal'].includes(member));
  return missing.length + unknown.length === 0 ? undefined : `${name} lacks ${missing.join()} or has ${unknown.join()}`;
}

const packages = ['protocol', 'chaincode', 'client', 'qkd-sim', 'fl-worker', 'network'];

/** All targets, by package and file. @throws Error for a fuzz file of another form, or two targets of one name. */
export async function findTargets(): Promise<FuzzTarget[]> {
  const files = packages.flatMap((name) => {
    const folder = join(repository, name, 'dist');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.fuzz.js')).sort().map((file) => join(folder, file));
  });
  const found: FuzzTarget[] = [];
  for (const file of files) {
    const { targets } = (await import(pathToFileURL(file).href)) as { readonly targets?: unknown };
    const list: readonly unknown[] = Array.isArray(targets) ? targets : [undefined];
    const fault = list.map(faultOf).find((words) => words !== undefined);
    if (fault !== undefined) throw new Error(`${file} exports no targets: ${fault}`);
    found.push(...(list as readonly FuzzTarget[]));
  }
  const twice = found.find(({ name }, at) => found.findIndex((other) => other.name === name) !== at);
  if (twice !== undefined) throw new Error(`two targets have the name ${twice.name}`);
  return found;
}
