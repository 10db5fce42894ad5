/** The sealed update in memory: head and payload in one byte string, opened by each recipient with secrets of its own (PROTOCOL section 6). */
import { openChunks, sealChunks } from './chunked-encryption.js';
import { concat, fromBase64Url, fromHex } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { established, type RecipientKeys } from '../crypto/key-establishment.js';
import { unwrapKey } from '../crypto/key-wrap.js';
import { chunkContext, preambleBytes, readHeader, readPreamble, writeHead, type SealedHeader, type Sealing } from './sealed-header.js';
import type { Submission } from '../statements/submission.js';

/** A blob that was read: its header, the header's bytes (they bind the sections), and the sections in the header's order. */
export interface SealedUpdate {
  readonly header: SealedHeader;
  readonly headerBytes: Uint8Array;
  readonly sections: readonly Uint8Array[];
}

/** What `sealUpdate` takes. */
export interface SealInput extends Sealing {
  /** The words of PROTOCOL section 7; for `rescue` the content key of somebody's blob. */
  readonly payload: Uint8Array;
  /** Sections in the clear behind the payload, in their order: a masked update's commitments and bundles. */
  readonly further?: readonly FurtherSection[];
}

/** A section behind the payload. Its bytes are bound by the blob's digest alone. */
export type FurtherSection = Pick<SealedHeader['sections'][number], 'kind' | 'to'> & { readonly bytes: Uint8Array };

/** Sections as the header has them. */
export const lengthsOf = (further: readonly FurtherSection[]): SealedHeader['sections'] => further.map((entry) => ({ ...entry, bytes: entry.bytes.length }));

/**
 * Seals a payload for its recipients.
 * @returns the blob; its digest is its name.
 * @throws CodedError as `wrapKey` and `sealChunks`; BAD_FIELD for a field outside its range or a recipient named twice.
 */
export function sealUpdate(input: SealInput): Uint8Array {
  const { payload, contentKey, salt, further = [] } = input;
  const { head, headerBytes } = writeHead(input, payload.length, lengthsOf(further));
  return concat(head, sealChunks(contentKey, chunkContext(headerBytes), payload, salt), ...further.map(({ bytes }) => bytes));
}

/**
 * Reads a blob strictly: one spelling, every length as the header says, nothing behind the last section. Opens nothing.
 * @throws CodedError UNKNOWN_TYPE for another first line; TOO_LARGE, NOT_CANONICAL, UNKNOWN_SUITE; BAD_FIELD for fields and lengths.
 */
export function readSealed(blob: Uint8Array): SealedUpdate {
  let at = preambleBytes + readPreamble(blob, blob.length);
  const headerBytes = blob.subarray(preambleBytes, at);
  const header = readHeader(headerBytes, blob.length);
  return { header, headerBytes, sections: header.sections.map(({ bytes }) => blob.subarray(at, (at += bytes))) };
}

/**
 * Checks that a blob's header says what its submission's statement says (auditor's check `blob.header`).
 * @throws CodedError BLOB_MISMATCH.
 */
export function assertHeaderOf(submission: Submission, header: SealedHeader): void {
  const { study, epoch, round, participant, record, sealed, numExamples } = submission;
  const said = [study, epoch, round, numExamples === undefined ? 'masked' : 'update', participant, record, ...sealed.flatMap((one) => [one.to, one.record, one.suite, one.keyIds])];
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
export function unwrapFor({ header }: Pick<SealedUpdate, 'header'>, to: string, keys: RecipientKeys, qkdKey: Uint8Array | undefined): Uint8Array {
  const entry = header.recipients.find((one) => one.to === to);
  if (entry === undefined) throw new CodedError('RECIPIENTS_WRONG', `the update is not sealed for ${to}`);
  const { context, sharedSecret } = established(entry.suite, keys, fromBase64Url(entry.ciphertext), entry.ephemeral === undefined ? undefined : fromHex(entry.ephemeral));
  return unwrapKey({ ...header, ...entry, ...context, ephemeral: context.ephemeral }, sharedSecret, qkdKey, fromHex(entry.wrapped));
}

/**
 * Opens the payload.
 * @param contentKey from `unwrapFor` or a rescue; a wrong one is told by the commitment.
 * @throws CodedError UNOPENABLE, releasing nothing.
 */
export function openPayload({ headerBytes, sections }: SealedUpdate, contentKey: Uint8Array): Uint8Array {
  return openChunks(contentKey, chunkContext(headerBytes), sections[0] ?? new Uint8Array());
}
