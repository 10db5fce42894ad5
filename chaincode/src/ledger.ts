/** The world state as typed, canonical values under composite keys; reads and writes of one transaction. */
import { Context } from 'fabric-contract-api';
import { announcementEnvelope, CodedError, encodeCanonical, ownedKeyPolicy, type Announcement, type Change, type Json } from '@epione/protocol';
import { kept, keptByName } from './kept.js';
import { getStates, putStateWithPolicy } from './peer-batches.js';

/** The kinds of keys (PROTOCOL section 4, "Keys"); one writer each, so that parallel transactions never conflict. */
export type KeyKind =
  | 'participant' | 'record' | 'revocation' | 'study' | 'agenda' | 'proposal' | 'approval' | 'course' | 'submission' | 'closing' | 'attestation'
  | 'setup' | 'consent' | 'access' | 'anchor' | 'cosignature';

/** Whose key it is, and the organizations that stand in for the rules with it; MSP IDs. */
export interface Ownership {
  readonly owner: string;
  readonly members: readonly string[];
}

/** Round numbers stand in keys as six digits, so that keys sort as rounds do. */
export const roundKey = (round: number): string => String(round).padStart(6, '0');

/** Four digits, likewise. */
export const epochKey = (epoch: number): string => String(epoch).padStart(4, '0');

const key = (ctx: Context, kind: KeyKind, parts: string[]): string => ctx.stub.createCompositeKey(kind, parts);

// The state is written by this chaincode only, canonically, so it is not checked again.
const decode = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
const decodeKept = keptByName(decode);

/** Names a key. */
export type Place = readonly [kind: KeyKind, ...parts: string[]];

/** What a transaction has read ahead, by key; it lives as long as the transaction. */
interface ReadAhead {
  ahead?: Map<string, Uint8Array>;
}

/** Reads keys that the transaction will need, with one message to a peer that offers it. They enter the read set as if read one by one. */
export async function readAhead(ctx: Context & ReadAhead, places: readonly Place[]): Promise<void> {
  ctx.ahead ??= new Map();
  const { ahead } = ctx;
  const keys = [...new Set(places.map(([kind, ...parts]) => key(ctx, kind, parts)))].filter((name) => !ahead.has(name));
  const values = await getStates(ctx.stub, keys);
  keys.forEach((name, at) => ahead.set(name, values[at] ?? new Uint8Array()));
}

/** The value under a key, or undefined. The state is written by this chaincode only, so its shape is trusted. */
export async function get<T>(ctx: Context & ReadAhead, kind: KeyKind, ...parts: string[]): Promise<T | undefined> {
  const name = key(ctx, kind, parts);
  const bytes = ctx.ahead?.get(name) ?? (await ctx.stub.getState(name));
  return bytes.length === 0 ? undefined : (decodeKept(name, bytes) as T);
}

// No MSP ID holds a blank.
const policyOf = kept((names) => {
  const [owner = '', ...members] = names.split(' ');
  return ownedKeyPolicy(owner, members);
});

/** Writes a value canonically. */
export async function put(ctx: Context, value: object, kind: KeyKind, ...parts: string[]): Promise<void> {
  await ctx.stub.putState(key(ctx, kind, parts), encodeCanonical(value as Json));
}

/**
 * Writes a value under a key that one organization owns: from its next change on, the ledger itself wants the owner's
 * endorsement and that of a majority of the members (Fabric, key-level endorsement). Without an owner it is a plain write.
 */
export async function putOwned(ctx: Context, value: object, ownership: Ownership | undefined, kind: KeyKind, ...parts: string[]): Promise<void> {
  if (ownership === undefined) await put(ctx, value, kind, ...parts);
  else await putStateWithPolicy(ctx.stub, key(ctx, kind, parts), encodeCanonical(value as Json), policyOf([ownership.owner, ...ownership.members].join(' ')));
}

/** All values under a partial key, in key order. For read-only transactions: a range read in a writing one can conflict. */
export async function list<T>(ctx: Context, kind: KeyKind, ...parts: string[]): Promise<T[]> {
  const found: T[] = [];
  for await (const entry of ctx.stub.getStateByPartialCompositeKey(kind, parts)) found.push(decode(entry.value) as T);
  return found;
}

/** One page of values and the bookmark of the next; an empty bookmark ends the list. */
export interface Page<T> {
  readonly entries: T[];
  readonly bookmark: string;
}

/** One page of values under a partial key, in key order. For read-only transactions. */
export async function page<T>(ctx: Context, size: number, bookmark: string, kind: KeyKind, ...parts: string[]): Promise<Page<T>> {
  const { iterator, metadata } = await ctx.stub.getStateByPartialCompositeKeyWithPagination(kind, parts, size, bookmark);
  const entries: T[] = [];
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) entries.push(decode(next.value.value) as T);
  await iterator.close();
  // Of an empty page the shim gives no metadata, whatever its type says.
  return { entries, bookmark: entries.length === 0 ? '' : metadata.bookmark };
}

/** The transaction's timestamp in ms since 1970 UTC: the client's, checked against each endorser's clock. */
export const txTime = (ctx: Context): number => ctx.stub.getDateTimestamp().getTime();

/** Tells applications what happened, once a transaction; a hint only, because the state is what counts. */
export function announce(ctx: Context, first: Announcement, ...more: readonly Announcement[]): void {
  ctx.stub.setEvent(first.event, Buffer.from(encodeCanonical(announcementEnvelope([first, ...more]))));
}

/** All changes of a key, newest first. For read-only transactions: history is no part of a read set. */
export async function history<T>(ctx: Context, kind: KeyKind, ...parts: string[]): Promise<Change<T>[]> {
  const found: Change<T>[] = [];
  for await (const { txId, timestamp, isDelete, value } of ctx.stub.getHistoryForKey(key(ctx, kind, parts))) {
    const time = Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1e6);
    found.push({ txId, time, ...(isDelete ? {} : { value: decode(value) as T }) });
  }
  return found;
}

/** Refuses unless the condition holds. */
export function refuseUnless(condition: boolean, code: ConstructorParameters<typeof CodedError>[0], sentence: string): asserts condition {
  if (!condition) throw new CodedError(code, sentence);
}
