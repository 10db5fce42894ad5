/** What a simulated transaction read and wrote, in the parts of which Fabric's read-write sets consist. */
import { compareKeys, type Version } from './world-state.js';

/** The reads and writes of the public state or of one collection. */
export class KeySet {
  /** Keys read, each with the version found; undefined for a key that was absent. */
  readonly reads = new Map<string, Version | undefined>();
  /** Keys written, each with its value; undefined for a delete. */
  readonly writes = new Map<string, Uint8Array | undefined>();
  /** Key-level endorsement policies written. */
  readonly policies = new Map<string, Uint8Array>();
  /** Keys of private data whose history is purged too. */
  readonly purges = new Set<string>();
}

/** Keys whose value or policy a part writes, in the order in which Fabric judges them: values before policies. */
export const writtenBy = (part: KeySet): string[] => [...part.writes.keys(), ...part.policies.keys()];

/** A range read, to be executed again at commit: up to its end if it was exhausted, else up to and with the last key seen. */
export interface RangeRead {
  readonly start: string;
  end: string;
  exhausted: boolean;
  readonly results: { readonly key: string; readonly version: Version }[];
}

export class ReadWriteSet extends KeySet {
  readonly ranges: RangeRead[] = [];
  readonly collections = new Map<string, KeySet>();

  collection(name: string): KeySet {
    const found = this.collections.get(name) ?? new KeySet();
    this.collections.set(name, found);
    return found;
  }

  /** The public part and each collection's, by name; the public part's name is empty. */
  parts(): [string, KeySet][] {
    return [['', this], ...[...this.collections].sort(([one], [other]) => compareKeys(one, other))];
  }

  /** A plain value that is equal for equal sets: sorted keys, versions as `block.tx`, bytes in base64. */
  toJSON(): object {
    return { ...partOf(this), ranges: this.ranges, collections: Object.fromEntries(this.parts().slice(1).map(([name, part]) => [name, partOf(part)])) };
  }
}

function sorted<T>(entries: Iterable<[string, T]>, show: (value: T) => unknown): [string, unknown][] {
  return [...entries].sort(([one], [other]) => compareKeys(one, other)).map(([key, value]) => [key, show(value)]);
}

const base64 = (bytes: Uint8Array | undefined): string | null => (bytes === undefined ? null : Buffer.from(bytes).toString('base64'));

const partOf = (part: KeySet): object => ({
  reads: sorted(part.reads, (version) => (version === undefined ? null : `${version.block}.${version.tx}`)),
  writes: sorted(part.writes, base64),
  policies: sorted(part.policies, base64),
  purges: [...part.purges].sort(compareKeys),
});
