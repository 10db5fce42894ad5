/** A block of the channel, read from its raw bytes, and the hash that chains it (Fabric, protoutil/blockutils.go). */
import { createHash } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';
import './bounded-messages.js';

/** What the metadata of a block holds at which index (common.BlockMetadataIndex). */
const metadataIndex = { signatures: 0, validity: 2, commitHash: 4 } as const;

export interface Block {
  readonly number: number;
  readonly previousHash: Uint8Array;
  readonly dataHash: Uint8Array;
  /** Serialized `common.Envelope`, one a transaction. */
  readonly envelopes: readonly Uint8Array[];
  /** DER of the header: what is hashed, and what orderers sign beside their metadata. */
  readonly headerBytes: Uint8Array;
  /** SHA-256 of `headerBytes`: the block's name, and the next block's `previousHash`. */
  readonly hash: Uint8Array;
  /** Serialized `common.Metadata` with the orderers' signatures. */
  readonly signatures: Uint8Array;
  /** One validation code a transaction, as the peer that gave the block recorded it. */
  readonly validity: Uint8Array;
  /** The peer's chained hash over validity and writes; empty in block 0. */
  readonly commitHash: Uint8Array;
}

const sha256 = (...parts: Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

/** One DER element (X.690, 8.1.3: short length form below 128, else the long form). */
function der(tag: number, content: Uint8Array): Uint8Array {
  const size: number[] = [];
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  const length = content.length < 128 ? [content.length] : [0x80 | size.length, ...size];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

function derInteger(value: number): Uint8Array {
  const hex = BigInt(value).toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return der(0x02, (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]));
}

/** DER of SEQUENCE { number INTEGER, previousHash OCTET STRING, dataHash OCTET STRING }. */
export const headerBytesOf = (number: number, previousHash: Uint8Array, dataHash: Uint8Array): Uint8Array =>
  der(0x30, Buffer.concat([derInteger(number), der(0x04, previousHash), der(0x04, dataHash)]));

/** SHA-256 over all envelopes one after the other. */
export const dataHashOf = (envelopes: readonly Uint8Array[]): Uint8Array => sha256(...envelopes);

/** Reads a block. Nothing is checked yet. @throws Error when the bytes are no `common.Block`. */
export function readBlock(bytes: Uint8Array): Block {
  const message = common.Block.deserializeBinary(bytes);
  const header = message.getHeader() ?? new common.BlockHeader();
  const metadata = message.getMetadata()?.getMetadataList_asU8() ?? [];
  const [number, previousHash, dataHash] = [header.getNumber(), header.getPreviousHash_asU8(), header.getDataHash_asU8()];
  const headerBytes = headerBytesOf(number, previousHash, dataHash);
  const commitMetadata = metadata[metadataIndex.commitHash] ?? new Uint8Array();
  return {
    number,
    previousHash,
    dataHash,
    envelopes: message.getData()?.getDataList_asU8() ?? [],
    headerBytes,
    hash: sha256(headerBytes),
    signatures: metadata[metadataIndex.signatures] ?? new Uint8Array(),
    validity: metadata[metadataIndex.validity] ?? new Uint8Array(),
    commitHash: common.Metadata.deserializeBinary(commitMetadata).getValue_asU8(),
  };
}

/** `sha256:` and the block's hash: the form in which statements name a block. */
export const blockDigest = (block: Block): string => `sha256:${Buffer.from(block.hash).toString('hex')}`;
