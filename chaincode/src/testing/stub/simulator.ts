/** One organization's peer while it simulates a transaction: answers what the chaincode's shim asks, and records reads and writes. */
import { createHash } from 'node:crypto';
import type { Collection } from './collections.js';
import { readPolicy } from './endorsement-policy.js';
import { readFields, textOf, varintOf } from './protobuf.js';
import { ReadWriteSet, writtenBy, type KeySet, type RangeRead } from './read-write-set.js';
import { batched, type RowIterator } from './rows.js';
import { sameVersion, within, type Versioned, type WorldState } from './world-state.js';

/** Name under which the shim writes a key's endorsement policy. */
const policyName = 'VALIDATION_PARAMETER';

interface Row {
  readonly key: string;
  readonly value: Buffer;
}

interface Change {
  readonly txId: string;
  readonly value: Buffer;
  readonly isDelete: boolean;
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
}

/** For whom and on what a peer simulates. */
export interface Simulated {
  readonly state: WorldState;
  /** Whose peer it is. */
  readonly peer: string;
  /** The organization of the client. */
  readonly creator: string;
  readonly collections: ReadonlyMap<string, Collection>;
  /** Rows that a query gives at most (ledger.state.totalQueryLimit). */
  readonly totalQueryLimit: number;
}

/** The hash of a private value, as each peer of the channel holds it. */
export const hashOf = (value: Uint8Array): Buffer => createHash('sha256').update(value).digest();

/** Has the methods by which fabric-shim's ChaincodeStub asks its peer, under the shim's names and with its order of arguments, but answers at once. */
export class Simulator {
  readonly #readWriteSet = new ReadWriteSet();
  readonly #on: Simulated;
  #wrote = false;
  #queriedPrivate = false;
  #paginated = false;

  constructor(on: Simulated) {
    this.#on = on;
  }

  handleGetState(collection: string, key: string): Buffer {
    if (collection === '') return Buffer.from(this.#read('', key)?.value ?? []);
    this.#assertMember(collection, 'read');
    const held = this.#on.state.private(this.#on.peer, collection).get(key);
    const hash = this.#on.state.shared(collection).get(key);
    if (!sameVersion(held?.version, hash?.version)) throw new Error('private data matching public hash version is not available');
    this.#readWriteSet.collection(collection).reads.set(checked(key), hash?.version);
    return Buffer.from(held?.value ?? []);
  }

  handleGetPrivateDataHash(collection: string, key: string): Buffer {
    this.#collection(collection);
    return Buffer.from(this.#read(collection, key)?.value ?? []);
  }

  handleGetStateMetadata(collection: string, key: string): Record<string, Uint8Array> {
    if (collection !== '') this.#assertMember(collection, 'read');
    const policy = this.#read(collection, key)?.policy;
    return policy === undefined ? {} : { [policyName]: policy };
  }

  handlePutState(collection: string, key: string, value: Uint8Array): Buffer {
    // An empty value is a delete (Fabric's FAB-18386).
    this.#write(collection, key).writes.set(key, value.length === 0 ? undefined : Buffer.from(value));
    return Buffer.alloc(0);
  }

  handleDeleteState(collection: string, key: string): Buffer {
    this.#write(collection, key).writes.set(key, undefined);
    return Buffer.alloc(0);
  }

  handlePurgeState(collection: string, key: string): Buffer {
    const part = this.#write(collection, key);
    part.writes.set(key, undefined);
    part.purges.add(key);
    return Buffer.alloc(0);
  }

  handlePutStateMetadata(collection: string, key: string, _name: string, policy: Uint8Array): Buffer {
    this.#write(collection, key).policies.set(key, Buffer.from(policy));
    return Buffer.alloc(0);
  }

  handleGetStateByRange(collection: string, start: string, end: string, _channel: string, _txId: string, metadata?: Uint8Array): { iterator: RowIterator<Row>; metadata?: object } {
    checked(start);
    checked(end);
    const limit = this.#on.totalQueryLimit;
    if (collection !== '') return { iterator: batched(this.#privateRows(collection, start, end), limit) };
    const asked = readFields(metadata ?? new Uint8Array());
    const [pageSize, bookmark] = [varintOf(asked, 1), textOf(asked, 2)];
    if (pageSize === 0 && bookmark === '') return { iterator: batched(this.#rows(start, end), limit) };
    this.#assertNothingWritten('Paginated queries are supported only in a read-only transaction');
    this.#paginated = true;
    const from = bookmark === '' ? start : bookmark;
    const pageRows = pageSize > 0 && pageSize < limit ? pageSize : limit;
    const iterator = batched(this.#rows(from, end), pageRows, pageRows);
    const rows = this.#on.state.shared().select(within(from, end));
    // The metadata of an empty page are an empty message, which the shim takes for none.
    if (rows.length === 0) return { iterator };
    return { iterator, metadata: { fetchedRecordsCount: Math.min(rows.length, pageRows), bookmark: rows[pageRows]?.[0] ?? '' } };
  }

  handleGetHistoryForKey(key: string): RowIterator<Change> {
    const changes = this.#on.state.history(key).map(({ txId, value, isDelete, time }): Change => {
      const seconds = Math.floor(time / 1000);
      return { txId, value: Buffer.from(value), isDelete, timestamp: { seconds, nanos: (time - seconds * 1000) * 1_000_000 } };
    });
    return batched(() => changes.shift(), this.#on.totalQueryLimit);
  }

  handleGetQueryResult(): never {
    throw new Error('ExecuteQuery not supported for leveldb');
  }

  handleInvokeChaincode(name: string): never {
    throw new Error(`this ledger has one chaincode; ${name} is not there`);
  }

  /** What was read and written. A peer also tells clients who must endorse the written keys, and refuses where it cannot read their policies. */
  result(): ReadWriteSet {
    for (const [collection, part] of this.#readWriteSet.parts()) {
      for (const key of writtenBy(part)) {
        const policy = this.#on.state.shared(collection).get(key)?.policy ?? new Uint8Array();
        if (policy.length > 0) readPolicy(policy);
      }
    }
    return this.#readWriteSet;
  }

  #read(collection: string, key: string): Versioned | undefined {
    const found = this.#on.state.shared(collection).get(checked(key));
    const part = collection === '' ? this.#readWriteSet : this.#readWriteSet.collection(collection);
    part.reads.set(key, found?.version);
    return found;
  }

  #write(collection: string, key: string): KeySet {
    checked(key);
    if (collection !== '') this.#assertMember(collection, 'write');
    if (this.#queriedPrivate) throw new Error('unsuppored transaction. Transaction has already performed queries on pvt data. Writes are not allowed');
    if (this.#paginated) throw new Error('unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed');
    this.#wrote = true;
    return collection === '' ? this.#readWriteSet : this.#readWriteSet.collection(collection);
  }

  /** Rows of the public state as they are pulled; each is part of the range that is checked again at commit. */
  #rows(start: string, end: string): () => Row | undefined {
    const rows = this.#on.state.shared().select(within(start, end));
    const read: RangeRead = { start, end: '', exhausted: false, results: [] };
    this.#readWriteSet.ranges.push(read);
    return () => {
      const row = rows[read.results.length];
      if (row === undefined) {
        read.exhausted = true;
        read.end = end;
        return undefined;
      }
      const [key, { value, version }] = row;
      read.results.push({ key, version });
      read.end = key;
      return { key, value: Buffer.from(value) };
    };
  }

  #privateRows(collection: string, start: string, end: string): () => Row | undefined {
    this.#assertMember(collection, 'read');
    this.#assertNothingWritten('Queries on pvt data is supported only in a read-only transaction');
    this.#queriedPrivate = true;
    const rows = this.#on.state.private(this.#on.peer, collection).select(within(start, end));
    return () => {
      const row = rows.shift();
      return row === undefined ? undefined : { key: row[0], value: Buffer.from(row[1].value) };
    };
  }

  #assertNothingWritten(sentence: string): void {
    if (this.#wrote) throw new Error(`unsuppored transaction. ${sentence}`);
  }

  #collection(name: string): Collection {
    const found = this.#on.collections.get(name);
    if (found === undefined) throw new Error(`collection ${name} could not be found`);
    return found;
  }

  #assertMember(name: string, access: 'read' | 'write'): void {
    const collection = this.#collection(name);
    const membersOnly = access === 'read' ? collection.memberOnlyRead : collection.memberOnlyWrite;
    if (membersOnly && !collection.members.includes(this.#on.creator)) throw new Error(`tx creator does not have ${access} access permission on privatedata in collectionName: ${name}`);
  }
}

/** Keys travel as UTF-8; a lone surrogate has none. */
function checked(key: string): string {
  if (!key.isWellFormed()) throw new Error('string field contains invalid UTF-8');
  return key;
}

/** A simulator as the shim knows its peer: each answer is a promise, each refusal a rejection. */
export const asPeer = (simulator: Simulator): object =>
  new Proxy(simulator, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) =>
        new Promise((resolve) => {
          resolve(Reflect.apply(method, target, args));
        });
    },
  });
