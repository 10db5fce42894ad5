/** The sealed update: a header in canonical JSON that names sender, recipients and wraps, and the sections it binds (PROTOCOL section 6). */
import { z } from 'zod';

import { decodeCanonical, encodeCanonical, LIMITS } from './canonical-json.js';
import { openChunks, sealChunks, sealedLength } from './chunked-encryption.js';
import { concat, frame, fromBase64Url, fromHex, toBase64Url, toHex, u32 } from './digest.js';
import { CodedError } from './error.js';
import { base64url, digest, epochNumber, keyId, mspId, parse, roundNumber, sortedBy } from './fields.js';
import { sealingKem, unwrapKey, wrapKey, type SealingSuite, type WrapContext } from './key-wrap.js';
import type { KemKeys } from './ml-kem.js';
import type { Submission } from './submission.js';

const magic = new TextEncoder().encode('EPIONE-SEALED-1\n');
const saeId = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'an SAE ID: 1 to 128 printable ASCII characters');

const recipient = z.strictObject({
  to: mspId,
  toRecord: digest,
  /** Any text here, because an unknown name has a code of its own. */
  suite: z.string().transform((name) => name as SealingSuite),
  masterSae: saeId.optional(),
  slaveSae: saeId.optional(),
  keyIds: z.array(keyId).min(1).max(64).optional(),
  ciphertext: base64url,
  wrapped: z.string().regex(/^[0-9a-f]{96}$/, '48 bytes in lower-case hex'),
});

const sealedHeader = z.strictObject({
  study: digest,
  epoch: epochNumber,
  round: roundNumber,
  purpose: z.enum(['update', 'rescue']),
  from: mspId,
  fromRecord: digest,
  /** In the order of the bytes; `to` where a section is one recipient's alone. */
  sections: z.array(z.strictObject({ kind: z.enum(['payload']), bytes: z.int().min(sealedLength(0)).max(LIMITS.blobBytes), to: mspId.optional() })).length(1),
  recipients: sortedBy(recipient, (entry) => entry.to, LIMITS.participants).min(1),
});

/** The header of a sealed update; with the sections' bytes it is the whole blob. */
export type SealedHeader = z.infer<typeof sealedHeader>;

/** A blob that was read: its header, the header's bytes (they bind the sections), and the sections in the header's order. */
export interface SealedUpdate {
  readonly header: SealedHeader;
  readonly headerBytes: Uint8Array;
  readonly sections: readonly Uint8Array[];
}

/** Whose update it is and of which round: what all wraps of one blob share. */
export type SealedFrom = Pick<SealedHeader, 'study' | 'epoch' | 'round' | 'purpose' | 'from' | 'fromRecord'>;

/** One recipient's part of a wrap, and the two secrets it is made with (`qkdKey` exactly with a QKD suite). */
export interface SealedTo {
  readonly context: Omit<WrapContext, keyof SealedFrom>;
  readonly sharedSecret: Uint8Array;
  readonly qkdKey?: Uint8Array;
}

/** What `sealUpdate` takes. */
export interface SealInput extends SealedFrom {
  /** In any order, one entry a recipient. */
  readonly recipients: readonly SealedTo[];
  /** The words of PROTOCOL section 7; for `rescue` the content key of somebody's blob. */
  readonly payload: Uint8Array;
  /** 32 random bytes, for this blob alone. */
  readonly contentKey: Uint8Array;
  /** 24 random bytes. */
  readonly salt: Uint8Array;
}

/** The payload is bound to the header, and with it to every wrap. */
const chunkContext = (headerBytes: Uint8Array): Uint8Array => frame('epione/v1/sealed', headerBytes);

function wrapFor(shared: SealedFrom, { context, sharedSecret, qkdKey }: SealedTo, contentKey: Uint8Array): z.input<typeof recipient> {
  const { to, toRecord, suite, masterSae, slaveSae, keyIds, ciphertext } = context;
  const wrapped = wrapKey({ ...context, ...shared }, sharedSecret, qkdKey, contentKey);
  return { to, toRecord, suite, masterSae, slaveSae, keyIds: keyIds && [...keyIds], ciphertext: toBase64Url(ciphertext), wrapped: toHex(wrapped) };
}

/**
 * Seals a payload for its recipients.
 * @returns the blob; its digest is its name.
 * @throws CodedError as `wrapKey` and `sealChunks`; BAD_FIELD for a field outside its range or a recipient named twice.
 */
export function sealUpdate(input: SealInput): Uint8Array {
  const { recipients, payload, contentKey, salt } = input;
  const shared: SealedFrom = { study: input.study, epoch: input.epoch, round: input.round, purpose: input.purpose, from: input.from, fromRecord: input.fromRecord };
  const wraps = recipients.map((entry) => wrapFor(shared, entry, contentKey)).sort((a, b) => (a.to < b.to ? -1 : 1));
  const sections = [{ kind: 'payload', bytes: sealedLength(payload.length) }];
  const headerBytes = encodeCanonical(parse(sealedHeader, { ...shared, sections, recipients: wraps }, 'header'));
  return concat(magic, u32(headerBytes.length), headerBytes, sealChunks(contentKey, chunkContext(headerBytes), payload, salt));
}

/**
 * Reads a blob strictly: one spelling, every length as the header says, nothing behind the last section. Opens nothing.
 * @throws CodedError UNKNOWN_TYPE for another first line; TOO_LARGE, NOT_CANONICAL, UNKNOWN_SUITE; BAD_FIELD for fields and lengths.
 */
export function readSealed(blob: Uint8Array): SealedUpdate {
  const start = magic.length + 4;
  if (blob.length < start || magic.some((byte, at) => blob[at] !== byte)) throw new CodedError('UNKNOWN_TYPE', 'not a sealed update of version 1');
  const end = start + new DataView(blob.buffer, blob.byteOffset, blob.byteLength).getUint32(magic.length);
  if (blob.length > LIMITS.blobBytes) throw new CodedError('TOO_LARGE', `a sealed update has at most ${LIMITS.blobBytes} bytes`);
  const headerBytes = blob.subarray(start, end);
  const header = parse(sealedHeader, decodeCanonical(headerBytes, LIMITS.blobHeaderBytes), 'header');
  for (const { suite } of header.recipients) sealingKem(suite);
  const sections: Uint8Array[] = [];
  let at = end;
  for (const { bytes } of header.sections) sections.push(blob.subarray(at, (at += bytes)));
  if (at !== blob.length) throw new CodedError('BAD_FIELD', `the sealed update has ${blob.length} bytes where its header says ${at}`);
  return { header, headerBytes, sections };
}

/**
 * Checks that a blob's header says what its submission's statement says (auditor's check `blob.header`).
 * @throws CodedError BLOB_MISMATCH.
 */
export function assertHeaderOf(submission: Submission, header: SealedHeader): void {
  const { study, epoch, round, participant, record, sealed } = submission;
  const said = [study, epoch, round, 'update', participant, record, ...sealed.flatMap((one) => [one.to, one.record, one.suite, one.keyIds])];
  const wraps = header.recipients.flatMap((one) => [one.to, one.toRecord, one.suite, one.keyIds ?? []]);
  const found = [header.study, header.epoch, header.round, header.purpose, header.from, header.fromRecord, ...wraps];
  if (JSON.stringify(said) !== JSON.stringify(found)) throw new CodedError('BLOB_MISMATCH', 'the header of the blob is not the one its submission speaks of');
}

/**
 * Opens a recipient's wrap.
 * @param to the recipient's MSP ID.
 * @param keys the key pair of the record that the header names as `toRecord`.
 * @param qkdKey 32 bytes from the recipient's KME with a QKD suite, undefined without.
 * @returns the content key, 32 bytes.
 * @throws CodedError RECIPIENTS_WRONG when the blob is not sealed for `to`; UNOPENABLE for everything else.
 */
export function unwrapFor({ header }: SealedUpdate, to: string, keys: Pick<KemKeys, 'encapsulationKey' | 'decapsulate'>, qkdKey: Uint8Array | undefined): Uint8Array {
  const entry = header.recipients.find((one) => one.to === to);
  if (entry === undefined) throw new CodedError('RECIPIENTS_WRONG', `the update is not sealed for ${to}`);
  const ciphertext = fromBase64Url(entry.ciphertext);
  const context: WrapContext = { ...header, ...entry, ciphertext, encapsulationKey: keys.encapsulationKey };
  return unwrapKey(context, keys.decapsulate(ciphertext), qkdKey, fromHex(entry.wrapped));
}

/**
 * Opens the payload.
 * @param contentKey from `unwrapFor` or a rescue; a wrong one is told by the commitment.
 * @throws CodedError UNOPENABLE, releasing nothing.
 */
export function openPayload({ headerBytes, sections }: SealedUpdate, contentKey: Uint8Array): Uint8Array {
  return openChunks(contentKey, chunkContext(headerBytes), sections[0] ?? new Uint8Array());
}
