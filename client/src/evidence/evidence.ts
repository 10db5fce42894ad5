/** Evidence: the channel's raw blocks, and what peers of several organizations signed about the last of them; as a folder. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, u32 } from '@epione/protocol';
import { z } from 'zod';
import { readJson } from '../ledger/profile.js';
import { UsageError } from '../ledger/faults.js';

const base64 = z.base64().transform((text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64')));

/** A peer's signed answer to "which is block n?": what it endorsed holds the whole block, its own commit hash too. */
const signedHead = z.strictObject({
  mspId: z.string().min(1),
  /** Serialized `peer.ProposalResponsePayload`. */
  payload: base64,
  /** Serialized `msp.SerializedIdentity` of the peer. */
  endorser: base64,
  /** Over payload ‖ endorser. */
  signature: base64,
});
const description = z.strictObject({ version: z.literal(1), channel: z.string().min(1), blocks: z.int().min(1), heads: z.array(signedHead) });

/** A peer's word on the head of the chain. */
export type SignedHead = z.output<typeof signedHead>;

/** What a verification reads beside blobs. */
export interface Evidence {
  readonly channel: string;
  /** Serialized `common.Block`, from block 0 on. */
  readonly blocks: readonly Uint8Array[];
  readonly heads: readonly SignedHead[];
}

const blocksFile = 'blocks.bin';
const descriptionFile = 'evidence.json';
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Writes `blocks.bin` (u32 length ‖ block, one after the other) and `evidence.json` into a folder. */
export async function writeEvidence(folder: string, evidence: Evidence): Promise<void> {
  await mkdir(folder, { recursive: true });
  const heads = evidence.heads.map(({ mspId, payload, endorser, signature }) => ({ mspId, payload: text(payload), endorser: text(endorser), signature: text(signature) }));
  await writeFile(join(folder, blocksFile), Buffer.concat(evidence.blocks.flatMap((block) => [u32(block.length), block])));
  await writeFile(join(folder, descriptionFile), `${JSON.stringify({ version: 1, channel: evidence.channel, blocks: evidence.blocks.length, heads }, undefined, 2)}\n`);
}

/** @throws UsageError when the folder is no evidence; CodedError BAD_FIELD with all faults of the description. */
export async function readEvidence(folder: string): Promise<Evidence> {
  const { channel, heads, blocks: count } = parse(description, await readJson(join(folder, descriptionFile), 'evidence'), 'evidence');
  const bytes = await readFile(join(folder, blocksFile)).catch((cause: unknown) => {
    throw new UsageError(`cannot read the blocks in ${folder}`, { cause });
  });
  const blocks: Uint8Array[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    blocks.push(new Uint8Array(bytes.subarray(at + 4, end)));
    at = end;
  }
  if (blocks.length !== count) throw new UsageError(`${join(folder, blocksFile)} holds ${blocks.length} blocks, evidence.json speaks of ${count}`);
  return { channel, blocks, heads };
}
