/**
 * The difference between two configurations in the form that Fabric orders (Fabric documentation, "Channel configuration
 * (configtx)"): a read set of what the change relies on and a write set of what it makes, each element with its version.
 * An element that changes has its version counted up by one; a group's own version counts up only when a member comes or
 * goes or its policy of change differs, and then it has to name all its members.
 */
import type { ConfigElement, ConfigTree } from './config-tree.js';

/** What an update reads and what it writes. */
export interface ConfigSets {
  readonly read: ConfigTree;
  readonly write: ConfigTree;
}

const emptyTree = (version: number, modPolicy = ''): ConfigTree => ({ version, modPolicy, values: new Map(), policies: new Map(), groups: new Map() });
const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean => Buffer.compare(a ?? new Uint8Array(), b ?? new Uint8Array()) === 0;

/** Members of one kind in a group, sorted by what became of them. */
interface Sorted<T> {
  /** Untouched ones, with their version only. */
  readonly same: Map<string, T>;
  readonly read: Map<string, T>;
  readonly write: Map<string, T>;
  readonly membersChanged: boolean;
}

function sortMembers<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>, compare: (old: T, now: T) => { same: T } | { read?: T; write: T }, fresh: (now: T) => T): Sorted<T> {
  const sorted = { same: new Map<string, T>(), read: new Map<string, T>(), write: new Map<string, T>(), membersChanged: [...before.keys()].some((name) => !after.has(name)) };
  for (const [name, now] of after) {
    const old = before.get(name);
    if (old === undefined) {
      sorted.membersChanged = true;
      sorted.write.set(name, fresh(now));
      continue;
    }
    const result = compare(old, now);
    if ('same' in result) {
      sorted.same.set(name, result.same);
    } else {
      if (result.read !== undefined) sorted.read.set(name, result.read);
      sorted.write.set(name, result.write);
    }
  }
  return sorted;
}

function sortElements(before: ReadonlyMap<string, ConfigElement>, after: ReadonlyMap<string, ConfigElement>): Sorted<ConfigElement> {
  const compare = (old: ConfigElement, now: ConfigElement): { same: ConfigElement } | { write: ConfigElement } =>
    old.modPolicy === now.modPolicy && sameBytes(old.content, now.content) ? { same: { version: old.version, modPolicy: '' } } : { write: { ...now, version: old.version + 1 } };
  return sortMembers(before, after, compare, (now) => ({ ...now, version: 0 }));
}

/** A group that was not there before: everything in it begins at version 0. */
function freshTree(tree: ConfigTree): ConfigTree {
  const fresh = (elements: ReadonlyMap<string, ConfigElement>): Map<string, ConfigElement> => new Map([...elements].map(([name, element]) => [name, { ...element, version: 0 }]));
  return { version: 0, modPolicy: tree.modPolicy, values: fresh(tree.values), policies: fresh(tree.policies), groups: new Map([...tree.groups].map(([name, inner]) => [name, freshTree(inner)])) };
}

function compareTrees(before: ConfigTree, after: ConfigTree): { same: ConfigTree } | { read: ConfigTree; write: ConfigTree } {
  const { version } = before;
  const values = sortElements(before.values, after.values);
  const policies = sortElements(before.policies, after.policies);
  const groups = sortMembers(before.groups, after.groups, compareTrees, freshTree);
  const kinds = [values, policies, groups];
  if (kinds.some(({ membersChanged }) => membersChanged) || before.modPolicy !== after.modPolicy) {
    const all = <T>({ same, read }: Sorted<T>): Map<string, T> => new Map([...same, ...read]);
    const made = <T>({ same, write }: Sorted<T>): Map<string, T> => new Map([...same, ...write]);
    return {
      read: { version, modPolicy: '', values: all(values), policies: all(policies), groups: all(groups) },
      write: { version: version + 1, modPolicy: after.modPolicy, values: made(values), policies: made(policies), groups: made(groups) },
    };
  }
  if (kinds.every(({ write }) => write.size === 0)) return { same: emptyTree(version) };
  return {
    read: { version, modPolicy: '', values: values.read, policies: policies.read, groups: groups.read },
    write: { version, modPolicy: '', values: values.write, policies: policies.write, groups: groups.write },
  };
}

/** Computes the update from one configuration to another; undefined when they are the same. */
export function computeUpdate(before: ConfigTree, after: ConfigTree): ConfigSets | undefined {
  const result = compareTrees(before, after);
  return 'same' in result ? undefined : result;
}
