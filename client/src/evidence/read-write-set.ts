/** What a transaction read and wrote, by namespace (Fabric, ledger/rwset). Keys of private collections are their hashes. */
import { ledger } from '@hyperledger/fabric-protos';

/** Block and place in the block of the transaction that wrote a key last. */
export interface Version {
  readonly block: number;
  readonly index: number;
}

/** A key that was read and the version found; undefined where there was none. */
export interface Read {
  readonly key: string;
  readonly version: Version | undefined;
}

/** A key that was written; `value` undefined deletes. */
export interface Write {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** A key whose metadata was written. */
export interface MetadataWrite {
  readonly key: string;
  /** The key-level endorsement policy, a serialized `common.SignaturePolicyEnvelope`; absent where there is none any more. */
  readonly policy?: Uint8Array;
  /** Entries beside the policy; Fabric 3.1 knows none. */
  readonly others: number;
}

/** A range that was read: all keys from `start` to `end`, to its end or up to the last key seen. */
export interface RangeRead {
  readonly start: string;
  readonly end: string;
  readonly exhausted: boolean;
  /** The keys found; undefined where the set holds a summary only. */
  readonly found: readonly Read[] | undefined;
}

/** The part of a set that belongs to one namespace (a chaincode), or to one private collection of it. */
export interface NamespaceSet {
  readonly namespace: string;
  /** Empty for public state. */
  readonly collection: string;
  readonly reads: readonly Read[];
  readonly ranges: readonly RangeRead[];
  readonly writes: readonly Write[];
  /** Keys whose metadata was written: this gives the key a new version. */
  readonly metadataWrites: readonly MetadataWrite[];
}

type KvRead = ledger.rwset.kvrwset.KVRead;

const { kvrwset } = ledger.rwset;

const versionOf = (version: ledger.rwset.kvrwset.Version | undefined): Version | undefined =>
  version === undefined ? undefined : { block: version.getBlockNum(), index: version.getTxNum() };

const readOf = (read: KvRead): Read => ({ key: read.getKey(), version: versionOf(read.getVersion()) });

/** An empty value deletes (rwsetutil.IsKVWriteDelete). */
const valueOf = (isDelete: boolean, value: Uint8Array): Uint8Array | undefined => (isDelete || value.length === 0 ? undefined : value);

/** Hashes of private keys are bytes; as keys they are written in hex. */
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Under this name Fabric keeps a key's endorsement policy (peer.MetaDataKeys.VALIDATION_PARAMETER). */
const policyName = 'VALIDATION_PARAMETER';

function metadataOf(key: string, entries: readonly ledger.rwset.kvrwset.KVMetadataEntry[]): MetadataWrite {
  const policy = entries.find((entry) => entry.getName() === policyName)?.getValue_asU8();
  return { key, ...(policy === undefined ? {} : { policy }), others: entries.filter((entry) => entry.getName() !== policyName).length };
}

/** True when the set changes anything. */
export const isWriting = ({ writes, metadataWrites }: NamespaceSet): boolean => writes.length + metadataWrites.length > 0;

function readPublic(namespace: string, bytes: Uint8Array): NamespaceSet {
  const set = kvrwset.KVRWSet.deserializeBinary(bytes);
  return {
    namespace,
    collection: '',
    reads: set.getReadsList().map(readOf),
    ranges: set.getRangeQueriesInfoList().map((range) => ({
      start: range.getStartKey(),
      end: range.getEndKey(),
      exhausted: range.getItrExhausted(),
      found: range.hasReadsMerkleHashes() ? undefined : (range.getRawReads()?.getKvReadsList().map(readOf) ?? []),
    })),
    writes: set.getWritesList().map((write) => ({ key: write.getKey(), value: valueOf(write.getIsDelete(), write.getValue_asU8()) })),
    metadataWrites: set.getMetadataWritesList().map((write) => metadataOf(write.getKey(), write.getEntriesList())),
  };
}

function readCollection(namespace: string, message: ledger.rwset.CollectionHashedReadWriteSet): NamespaceSet {
  const set = kvrwset.HashedRWSet.deserializeBinary(message.getHashedRwset_asU8());
  return {
    namespace,
    collection: message.getCollectionName(),
    reads: set.getHashedReadsList().map((read) => ({ key: hex(read.getKeyHash_asU8()), version: versionOf(read.getVersion()) })),
    ranges: [],
    writes: set.getHashedWritesList().map((write) => ({ key: hex(write.getKeyHash_asU8()), value: valueOf(write.getIsDelete(), write.getValueHash_asU8()) })),
    metadataWrites: set.getMetadataWritesList().map((write) => metadataOf(hex(write.getKeyHash_asU8()), write.getEntriesList())),
  };
}

/** Reads a serialized `rwset.TxReadWriteSet`. @throws Error when the bytes are none. */
export function readReadWriteSet(bytes: Uint8Array): NamespaceSet[] {
  return ledger.rwset.TxReadWriteSet.deserializeBinary(bytes).getNsRwsetList().flatMap((part) => {
    const namespace = part.getNamespace();
    return [readPublic(namespace, part.getRwset_asU8()), ...part.getCollectionHashedRwsetList().map((collection) => readCollection(namespace, collection))];
  });
}
