/** Commit of a block: endorsement policies, then versions and ranges in the order of transactions, then the writes of the valid ones. */
import type { Collection } from './collections.js';
import { signaturePolicy, type Policy } from './endorsement-policy.js';
import { writtenBy, type KeySet, type RangeRead, type ReadWriteSet } from './read-write-set.js';
import { hashOf } from './simulator.js';
import { compareKeys, sameVersion, within, type Version, type Versioned, type WorldState } from './world-state.js';

/** Fabric's names of the validation codes that can occur here. */
export type ValidationCode = 'VALID' | 'MVCC_READ_CONFLICT' | 'PHANTOM_READ_CONFLICT' | 'ENDORSEMENT_POLICY_FAILURE' | 'DUPLICATE_TXID';

/** An endorsed transaction as validation sees it. */
export interface Endorsed {
  readonly txId: string;
  /** ms since 1970 UTC. */
  readonly time: number;
  readonly readWriteSet: ReadWriteSet;
  readonly endorsers: readonly string[];
}

/** What validation depends on besides the block. */
export interface Channel {
  readonly state: WorldState;
  readonly organizations: readonly string[];
  readonly collections: ReadonlyMap<string, Collection>;
  /** The chaincode's endorsement policy. */
  readonly policy: Policy;
}

/** The writes of the block's valid transactions so far: collection -> key -> value, undefined for a delete. */
type Updates = Map<string, Map<string, Versioned | undefined>>;

const updatesOf = (updates: Updates, collection: string): Map<string, Versioned | undefined> => {
  const found = updates.get(collection) ?? new Map<string, Versioned | undefined>();
  updates.set(collection, found);
  return found;
};

/** Each written key is judged by its own policy, else by its collection's, else by the chaincode's, which also judges a transaction without writes. */
function meetsPolicies(channel: Channel, transaction: Endorsed, changedInBlock: ReadonlySet<string>): boolean {
  let judged = false;
  for (const [collection, part] of transaction.readWriteSet.parts()) {
    for (const key of writtenBy(part)) {
      // A policy that an earlier transaction of this block changes is not known yet: Fabric refuses.
      if (changedInBlock.has(JSON.stringify([collection, key]))) return false;
      const own = channel.state.shared(collection).get(key)?.policy;
      const policy = own !== undefined && own.length > 0 ? signaturePolicy(own) : (channel.collections.get(collection)?.policy ?? channel.policy);
      if (!policy(transaction.endorsers)) return false;
      judged = true;
    }
  }
  return judged || channel.policy(transaction.endorsers);
}

function readsHold(channel: Channel, collection: string, part: KeySet, updates: Updates): boolean {
  const changed = updatesOf(updates, collection);
  return [...part.reads].every(([key, version]) => !changed.has(key) && sameVersion(channel.state.shared(collection).get(key)?.version, version));
}

/** Executes a range again on the state with the block's earlier writes. */
function rangeHolds(channel: Channel, { start, end, exhausted, results }: RangeRead, updates: Updates): boolean {
  const inside = within(start, end);
  const wanted = (key: string): boolean => inside(key) || (!exhausted && key === end);
  const now = new Map<string, Version>(channel.state.shared().select(wanted).map(([key, { version }]) => [key, version]));
  for (const [key, value] of updatesOf(updates, '')) {
    if (value === undefined) now.delete(key);
    else if (wanted(key)) now.set(key, value.version);
  }
  const found = [...now].sort(([one], [other]) => compareKeys(one, other));
  return found.length === results.length && results.every(({ key, version }, index) => found[index]?.[0] === key && sameVersion(found[index][1], version));
}

function conflictOf(channel: Channel, { readWriteSet }: Endorsed, updates: Updates): ValidationCode {
  if (!readsHold(channel, '', readWriteSet, updates)) return 'MVCC_READ_CONFLICT';
  if (!readWriteSet.ranges.every((range) => rangeHolds(channel, range, updates))) return 'PHANTOM_READ_CONFLICT';
  const privateReads = readWriteSet.parts().slice(1).every(([collection, part]) => readsHold(channel, collection, part, updates));
  return privateReads ? 'VALID' : 'MVCC_READ_CONFLICT';
}

/** Adds a valid transaction's writes: a value keeps its key's policy, a policy its value; a policy of an absent key is nothing. */
function addWrites(channel: Channel, { readWriteSet }: Endorsed, version: Version, updates: Updates): void {
  for (const [collection, part] of readWriteSet.parts()) {
    const changed = updatesOf(updates, collection);
    for (const key of new Set(writtenBy(part))) {
      const before = changed.has(key) ? changed.get(key) : channel.state.shared(collection).get(key);
      const value = part.writes.has(key) ? part.writes.get(key) : before?.value;
      const policy = part.policies.get(key) ?? before?.policy;
      if (value === undefined && !part.writes.has(key)) continue;
      const hashed = collection !== '' && part.writes.has(key) && value !== undefined ? hashOf(value) : value;
      changed.set(key, hashed === undefined ? undefined : { value: hashed, version, policy });
    }
  }
}

/** Gives the members of each collection the values of a valid transaction. */
function distribute({ state, organizations, collections }: Channel, { readWriteSet }: Endorsed, version: Version): void {
  for (const [collection, part] of readWriteSet.parts().slice(1)) {
    for (const member of organizations.filter((id) => collections.get(collection)?.members.includes(id))) {
      const held = state.private(member, collection);
      for (const key of new Set(writtenBy(part))) {
        const value = part.writes.has(key) ? part.writes.get(key) : held.get(key)?.value;
        held.set(key, value === undefined ? undefined : { value, version });
      }
    }
  }
}

/** Deletes private values, and their hashes, that live to this block and are not written in it. */
function expire({ state, organizations, collections }: Channel, block: number, updates: Updates): void {
  for (const [name, { blockToLive, members }] of collections) {
    if (blockToLive === 0) continue;
    const spaces = [state.shared(name), ...organizations.filter((id) => members.includes(id)).map((id) => state.private(id, name))];
    for (const space of spaces) for (const key of space.writtenIn(block - blockToLive - 1)) if (!updatesOf(updates, name).has(key)) space.set(key, undefined);
  }
}

/**
 * Validates and commits one block.
 * @param known IDs of all transactions committed before, valid or not.
 * @returns the validation code of each transaction, in order.
 */
export function commitBlock(channel: Channel, block: number, transactions: readonly Endorsed[], known: ReadonlySet<string>): ValidationCode[] {
  const seen = new Set<string>();
  const policiesChanged = new Set<string>();
  const judged = transactions.map((transaction): ValidationCode => {
    if (known.has(transaction.txId) || seen.has(transaction.txId)) return 'DUPLICATE_TXID';
    seen.add(transaction.txId);
    if (!meetsPolicies(channel, transaction, policiesChanged)) return 'ENDORSEMENT_POLICY_FAILURE';
    for (const [collection, part] of transaction.readWriteSet.parts()) for (const key of part.policies.keys()) policiesChanged.add(JSON.stringify([collection, key]));
    return 'VALID';
  });
  const updates: Updates = new Map();
  const codes = transactions.map((transaction, tx): ValidationCode => {
    if (judged[tx] !== 'VALID') return judged[tx] ?? 'VALID';
    const code = conflictOf(channel, transaction, updates);
    if (code === 'VALID') addWrites(channel, transaction, { block, tx }, updates);
    return code;
  });
  expire(channel, block, updates);
  for (const [collection, changed] of updates) for (const [key, value] of changed) channel.state.shared(collection).set(key, value);
  transactions.forEach((transaction, tx) => {
    if (codes[tx] !== 'VALID') return;
    distribute(channel, transaction, { block, tx });
    for (const [key, value] of transaction.readWriteSet.writes) channel.state.remember(key, { txId: transaction.txId, value: value ?? new Uint8Array(), isDelete: value === undefined, time: transaction.time });
  });
  return codes;
}
