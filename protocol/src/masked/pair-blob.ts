/** The object of purpose `pair`: what a participant needs to come to the pair keys that a lower one has agreed on with it (PROTOCOL sections 6 and 8). */
import { z } from 'zod';

import { decodeCanonical, encodeCanonical, LIMITS } from '../encoding/canonical-json.js';
import { fromBase64Url, fromHex, toHex } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { parse, sortedBy } from '../encoding/fields.js';
import { established, type RecipientKeys } from '../crypto/key-establishment.js';
import { derivePairKey } from '../crypto/key-wrap.js';
import { headOf, preambleBytes, readPreamble, recipient, recipientOf, sender, type SealedFrom, type SealedTo } from '../sealing/sealed-header.js';
import { pairCheck } from './pair-key.js';
import type { Setup } from './setup.js';

const pairHeader = z.strictObject({
  ...sender,
  purpose: z.literal('pair'),
  sections: z.tuple([]),
  recipients: sortedBy(recipient.extend({ check: z.string().regex(/^[0-9a-f]{32}$/, '16 bytes in lower-case hex') }), (entry) => entry.to, LIMITS.participants).min(1),
});

/** The whole object: a header without sections. Its round is the first of the epoch. */
export type PairHeader = z.infer<typeof pairHeader>;

/** Pair keys with each recipient, and the blob that gives them the same. */
export interface SealedPairs {
  readonly blob: Uint8Array;
  /** K, 64 bytes, by MSP ID. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

/**
 * Agrees on a pair key with every recipient.
 * @throws CodedError as `derivePairKey`; BAD_FIELD for a field outside its range or a recipient named twice.
 */
export function sealPairs(from: Omit<SealedFrom, 'purpose'>, recipients: readonly SealedTo[]): SealedPairs {
  const keys = new Map(recipients.map(({ context, sharedSecret, qkdKey }) => [context.to, derivePairKey({ ...context, ...from, purpose: 'pair' }, sharedSecret, qkdKey)]));
  const entries = recipients.map(({ context }) => ({ ...recipientOf(context), check: toHex(pairCheck(keys.get(context.to) as Uint8Array)) })).sort((a, b) => (a.to < b.to ? -1 : 1));
  return { keys, blob: headOf(encodeCanonical(parse(pairHeader, { ...from, purpose: 'pair', sections: [], recipients: entries }, 'header'))) };
}

/** Reads a pair object strictly. @throws CodedError UNKNOWN_TYPE, TOO_LARGE, NOT_CANONICAL, UNKNOWN_SUITE, BAD_FIELD. */
export function readPairs(blob: Uint8Array): PairHeader {
  const end = preambleBytes + readPreamble(blob, blob.length);
  const header = parse(pairHeader, decodeCanonical(blob.subarray(preambleBytes, end), LIMITS.blobHeaderBytes), 'header');
  if (end !== blob.length) throw new CodedError('BAD_FIELD', `the pair object has ${blob.length} bytes where its header says ${end}`);
  return header;
}

/** Checks that a pair object says what its set-up's statement says. @throws CodedError BLOB_MISMATCH. */
export function assertPairsOf({ study, epoch, from, participant, record, pairs }: Setup, header: PairHeader): void {
  const said = [study, epoch, from, participant, record, ...pairs.flatMap((one) => [one.to, one.record, one.suite, one.keyIds])];
  const found = [header.study, header.epoch, header.round, header.from, header.fromRecord, ...header.recipients.flatMap((one) => [one.to, one.toRecord, one.suite, one.keyIds ?? []])];
  if (JSON.stringify(said) !== JSON.stringify(found)) throw new CodedError('BLOB_MISMATCH', 'the pair object is not the one its set-up speaks of');
}

/**
 * The pair key that the object's sender agreed on with `to`.
 * @param qkdKey 32 bytes from the recipient's KME with a QKD suite, undefined without.
 * @returns K, 64 bytes.
 * @throws CodedError RECIPIENTS_WRONG; PAIR_KEY_MISSING when the keys do not lead to the sender's K.
 */
export function openPair(header: PairHeader, to: string, keys: RecipientKeys, qkdKey: Uint8Array | undefined): Uint8Array {
  const entry = header.recipients.find((one) => one.to === to);
  if (entry === undefined) throw new CodedError('RECIPIENTS_WRONG', `the pair object is not for ${to}`);
  const { context, sharedSecret } = established(entry.suite, keys, fromBase64Url(entry.ciphertext), entry.ephemeral === undefined ? undefined : fromHex(entry.ephemeral));
  const key = derivePairKey({ ...header, ...entry, ...context, ephemeral: context.ephemeral }, sharedSecret, qkdKey);
  if (toHex(pairCheck(key)) !== entry.check) throw new CodedError('PAIR_KEY_MISSING', `${header.from} and ${to} come to different pair keys`);
  return key;
}
