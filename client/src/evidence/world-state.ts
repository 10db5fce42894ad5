/** The channel's state, replayed from write sets with Fabric's own version checks, and the commit hash that peers chain over it. */
import { createHash } from 'node:crypto';
import type { NamespaceSet, RangeRead, Read, Version } from './read-write-set.js';

interface Entry {
  readonly value: Uint8Array;
  readonly version: Version;
  /** Key-level endorsement policy. */
  readonly policy?: Uint8Array | undefined;
}

/** What a block does to one namespace and collection: keys with their new entry, or deleted at a version. */
interface Update {
  readonly value: Uint8Array | undefined;
  readonly version: Version;
  readonly policy?: Uint8Array | undefined;
}

const utf8 = new TextEncoder();
const space = (namespace: string, collection: string): string => `${namespace}\u0000\u0000${collection}`;
const sameVersion = (a: Version | undefined, b: Version | undefined): boolean => a?.block === b?.block && a?.index === b?.index;
/** Fabric compares keys by their bytes. */
const byBytes = (a: string, b: string): number => Buffer.compare(utf8.encode(a), utf8.encode(b));

/** A protobuf varint. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.of(...bytes, rest);
}

/** A length-delimited protobuf field; empty ones are left out (proto3). */
const field = (number: number, bytes: Uint8Array): Uint8Array => (bytes.length === 0 ? Buffer.alloc(0) : Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]));

/** util.EncodeOrderPreservingVarUint64: the number of bytes, then the bytes without leading zeros. */
function orderPreserving(value: number): Uint8Array {
  const hex = value === 0 ? '' : value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

/** What a block's valid transactions did, collected before the block is committed as one. */
export class BlockUpdates {
  readonly #spaces = new Map<string, Map<string, Update>>();

  get(namespace: string, collection: string, key: string): Update | undefined {
    return this.#spaces.get(space(namespace, collection))?.get(key);
  }

  keys(namespace: string): string[] {
    return [...(this.#spaces.get(space(namespace, ''))?.keys() ?? [])];
  }

  set(namespace: string, collection: string, key: string, update: Update): void {
    const name = space(namespace, collection);
    const keys = this.#spaces.get(name) ?? new Map<string, Update>();
    this.#spaces.set(name, keys.set(key, update));
  }

  /** Namespaces and collections in order, public state before collections. */
  entries(): [namespace: string, collection: string, keys: ReadonlyMap<string, Update>][] {
    const named = [...this.#spaces].map(([name, keys]): [string, string, ReadonlyMap<string, Update>] => [...(name.split('\u0000\u0000') as [string, string]), keys]);
    return named.sort((a, b) => byBytes(a[0], b[0]) || byBytes(a[1], b[1]));
  }

  /**
   * The bytes peers hash (txmgr.deterministicBytesForPubAndHashUpdates): `Updates { repeated KVWrite }`, where namespace and
   * collection stand only in the first entry that has them.
   */
  bytes(): Uint8Array {
    const writes: Uint8Array[] = [];
    let previous: string | undefined;
    for (const [namespace, collection, keys] of this.entries()) {
      let names = Buffer.concat([field(1, utf8.encode(namespace === previous ? '' : namespace)), field(2, utf8.encode(collection))]);
      previous = namespace;
      for (const key of [...keys.keys()].sort(byBytes)) {
        const { value, version } = keys.get(key) as Update;
        const name = collection === '' ? utf8.encode(key) : Buffer.from(key, 'hex');
        const write = [names, field(3, name), value === undefined ? Buffer.of(0x20, 1) : field(5, value), field(6, Buffer.concat([orderPreserving(version.block), orderPreserving(version.index)]))];
        writes.push(field(1, Buffer.concat(write)));
        names = Buffer.alloc(0);
      }
    }
    return Buffer.concat(writes);
  }
}

/** All keys of the channel, public and hashed. */
export class WorldState {
  readonly #spaces = new Map<string, Map<string, Entry>>();
  #commitHash: Uint8Array = Buffer.alloc(0);

  get(namespace: string, key: string, collection = ''): Uint8Array | undefined {
    return this.#spaces.get(space(namespace, collection))?.get(key)?.value;
  }

  /** The key's own endorsement policy, if it has one: a serialized `common.SignaturePolicyEnvelope`. */
  policy(namespace: string, collection: string, key: string): Uint8Array | undefined {
    return this.#spaces.get(space(namespace, collection))?.get(key)?.policy;
  }

  #version(namespace: string, collection: string, key: string): Version | undefined {
    return this.#spaces.get(space(namespace, collection))?.get(key)?.version;
  }

  /**
   * Why the transaction's reads no longer hold before this block and the valid transactions ahead of it; undefined when they do.
   * Ranges that are given by a summary of hashes only are passed over.
   */
  conflict(sets: readonly NamespaceSet[], updates: BlockUpdates): 'MVCC_READ_CONFLICT' | 'PHANTOM_READ_CONFLICT' | undefined {
    for (const { namespace, collection, reads, ranges } of sets) {
      const stale = ({ key, version }: Read): boolean =>
        updates.get(namespace, collection, key) !== undefined || !sameVersion(this.#version(namespace, collection, key), version);
      if (reads.some(stale)) return 'MVCC_READ_CONFLICT';
      if (ranges.some((range) => this.#rangeChanged(namespace, range, updates))) return 'PHANTOM_READ_CONFLICT';
    }
    return undefined;
  }

  #rangeChanged(namespace: string, { start, end, exhausted, found }: RangeRead, updates: BlockUpdates): boolean {
    if (found === undefined) return false;
    const names = new Set([...(this.#spaces.get(space(namespace, ''))?.keys() ?? []), ...updates.keys(namespace)]);
    const inRange = (key: string): boolean => byBytes(key, start) >= 0 && (end === '' || byBytes(key, end) < (exhausted ? 0 : 1));
    const now = [...names].filter(inRange).sort(byBytes).flatMap((key) => {
      const update = updates.get(namespace, '', key);
      if (update === undefined) return [{ key, version: this.#version(namespace, '', key) }];
      return update.value === undefined ? [] : [{ key, version: update.version }];
    });
    return now.length !== found.length || now.some(({ key, version }, at) => key !== found[at]?.key || !sameVersion(version, found[at].version));
  }

  /** Adds what a valid transaction wrote to its block's updates. A key keeps its policy until that is written, or the key deleted. */
  apply(sets: readonly NamespaceSet[], version: Version, updates: BlockUpdates): void {
    for (const { namespace, collection, writes, metadataWrites } of sets) {
      const before = (key: string): Update | Entry | undefined => updates.get(namespace, collection, key) ?? this.#spaces.get(space(namespace, collection))?.get(key);
      const written = new Map<string, { value: Uint8Array | undefined; policy: Uint8Array | undefined }>();
      for (const { key, value } of writes) written.set(key, { value, policy: value === undefined ? undefined : before(key)?.policy });
      for (const { key, policy } of metadataWrites) {
        const value = written.has(key) ? written.get(key)?.value : before(key)?.value;
        // An empty policy is none (statebased.checkSBAndCCEP).
        if (value !== undefined) written.set(key, { value, policy: policy?.length === 0 ? undefined : policy });
      }
      for (const [key, update] of written) updates.set(namespace, collection, key, { ...update, version });
    }
  }

  /** Commits a block and gives its commit hash: over the validity codes, the updates and the hash before (kvledger.addBlockCommitHash). */
  commit(validity: Uint8Array, updates: BlockUpdates): Uint8Array {
    for (const [namespace, collection, keys] of updates.entries()) {
      const name = space(namespace, collection);
      const entries = this.#spaces.get(name) ?? new Map<string, Entry>();
      this.#spaces.set(name, entries);
      for (const [key, { value, version, policy }] of keys) {
        if (value === undefined) entries.delete(key);
        else entries.set(key, { value, version, policy });
      }
    }
    this.#commitHash = createHash('sha256').update(varint(validity.length)).update(validity).update(updates.bytes()).update(this.#commitHash).digest();
    return this.#commitHash;
  }
}
