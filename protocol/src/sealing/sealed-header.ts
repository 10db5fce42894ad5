/** The head of a sealed update: first line, and a header in canonical JSON that names sender, recipients and wraps (PROTOCOL section 6). */
import { z } from 'zod';

import { decodeCanonical, encodeCanonical, LIMITS } from '../encoding/canonical-json.js';
import { sealedLength } from './chunked-encryption.js';
import { concat, frame, toBase64Url, toHex, u32 } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { base64url, digest, epochNumber, hex32, keyId, mspId, parse, roundNumber, saeId, sortedBy } from '../encoding/fields.js';
import { wrapKey, type WrapContext } from '../crypto/key-wrap.js';
import { sealingSuite } from '../crypto/suites.js';

const magic = new TextEncoder().encode('EPIONE-SEALED-1\n');

/** Bytes before the header: the first line and the header's length. */
export const preambleBytes = magic.length + 4;

/** What every sealed object says of one recipient. */
export const recipient = z.strictObject({
  to: mspId,
  toRecord: digest,
  suite: sealingSuite,
  masterSae: saeId.optional(),
  slaveSae: saeId.optional(),
  keyIds: z.array(keyId).min(1).max(64).optional(),
  ciphertext: base64url,
  /** Sender's X25519 key, where the suite has one. */
  ephemeral: hex32.optional(),
});

/** What every sealed object says of its sender. */
export const sender = { study: digest, epoch: epochNumber, round: roundNumber, from: mspId, fromRecord: digest };

const section = z.strictObject({ kind: z.enum(['payload', 'commitments', 'bundle']), bytes: z.int().min(1).max(LIMITS.blobBytes), to: mspId.optional() });

/** The payload comes first and alone; only behind a masked one stand its commitments and a bundle for each other participant. */
function inOrder({ purpose, sections }: { readonly purpose: string; readonly sections: readonly z.infer<typeof section>[] }): boolean {
  const [payload, commitments, ...bundles] = sections;
  if (payload?.kind !== 'payload' || payload.bytes < sealedLength(0) || payload.to !== undefined) return false;
  if (purpose !== 'masked') return commitments === undefined;
  return commitments?.kind === 'commitments' && commitments.to === undefined && bundles.every(({ kind, to }, at) => kind === 'bundle' && to !== undefined && (at === 0 || (bundles[at - 1]?.to ?? '') < to));
}

const sealedHeader = z.strictObject({
  ...sender,
  purpose: z.enum(['update', 'masked', 'rescue']),
  /** In the order of the bytes; `to` where a section is one recipient's alone. */
  sections: z.array(section).max(1 + LIMITS.participants),
  recipients: sortedBy(recipient.extend({ wrapped: z.string().regex(/^[0-9a-f]{96}$/, '48 bytes in lower-case hex') }), (entry) => entry.to, LIMITS.participants).min(1),
}).refine(inOrder, { path: ['sections'], error: 'must be one payload; in masked mode then the commitments and a bundle for each other participant, by MSP ID' });

/** The header of a sealed update; with the sections' bytes it is the whole blob. */
export type SealedHeader = z.infer<typeof sealedHeader>;

/** Whose update it is and of which round: what all wraps of one blob share. */
export type SealedFrom = Pick<SealedHeader, 'study' | 'epoch' | 'round' | 'purpose' | 'from' | 'fromRecord'>;

/** One recipient's part of a wrap, and the two secrets it is made with (`qkdKey` exactly with a QKD suite). */
export interface SealedTo {
  readonly context: Omit<WrapContext, keyof SealedFrom>;
  readonly sharedSecret: Uint8Array;
  readonly qkdKey?: Uint8Array;
}

/** Who seals for whom, and with what. */
export interface Sealing extends SealedFrom {
  /** In any order, one entry a recipient. */
  readonly recipients: readonly SealedTo[];
  /** 32 random bytes, for this blob alone. */
  readonly contentKey: Uint8Array;
  /** 24 random bytes. */
  readonly salt: Uint8Array;
}

/** The payload is bound to the header, and with it to every wrap. */
export const chunkContext = (headerBytes: Uint8Array): Uint8Array => frame('epione/v1/sealed', headerBytes);

/** One recipient's public values as the header has them. */
export const recipientOf = ({ to, toRecord, suite, masterSae, slaveSae, keyIds, ciphertext, ephemeral }: SealedTo['context']): z.input<typeof recipient> =>
  ({ to, toRecord, suite, masterSae, slaveSae, keyIds: keyIds && [...keyIds], ciphertext: toBase64Url(ciphertext), ephemeral: ephemeral && toHex(ephemeral) });

/** The first line, and a header with its length. */
export const headOf = (headerBytes: Uint8Array): Uint8Array => concat(magic, u32(headerBytes.length), headerBytes);

/**
 * Wraps the content key for every recipient and writes the head of the blob.
 * @param payloadBytes of the plaintext.
 * @param further sections behind the payload, in their order.
 * @returns everything before the payload, and the header's bytes within it.
 * @throws CodedError as `wrapKey`; BAD_FIELD for a field outside its range or a recipient named twice; TOO_LARGE for a blob beyond 4 GiB.
 */
export function writeHead({ study, epoch, round, purpose, from, fromRecord, recipients, contentKey }: Sealing, payloadBytes: number, further: readonly z.infer<typeof section>[] = []): { head: Uint8Array; headerBytes: Uint8Array } {
  const shared: SealedFrom = { study, epoch, round, purpose, from, fromRecord };
  const wraps = recipients.map(({ context, sharedSecret, qkdKey }) => ({ ...recipientOf(context), wrapped: toHex(wrapKey({ ...context, ...shared }, sharedSecret, qkdKey, contentKey)) })).sort((a, b) => (a.to < b.to ? -1 : 1));
  const sections = [{ kind: 'payload' as const, bytes: sealedLength(payloadBytes) }, ...further];
  const bytes = sections.reduce((sum, entry) => sum + entry.bytes, 0);
  if (bytes > LIMITS.blobBytes) throw tooLarge();
  const headerBytes = encodeCanonical(parse(sealedHeader, { ...shared, sections, recipients: wraps }, 'header'));
  const head = headOf(headerBytes);
  if (head.length + bytes > LIMITS.blobBytes) throw tooLarge();
  return { head, headerBytes };
}

const tooLarge = (): CodedError => new CodedError('TOO_LARGE', `a sealed update has at most ${LIMITS.blobBytes} bytes`);

/**
 * Reads the preamble.
 * @param blobBytes of the whole blob.
 * @returns bytes of the header behind it, as the preamble says.
 * @throws CodedError UNKNOWN_TYPE for another first line, TOO_LARGE.
 */
export function readPreamble(preamble: Uint8Array, blobBytes: number): number {
  if (preamble.length < preambleBytes || magic.some((byte, at) => preamble[at] !== byte)) throw new CodedError('UNKNOWN_TYPE', 'not a sealed update of version 1');
  if (blobBytes > LIMITS.blobBytes) throw tooLarge();
  const headerBytes = new DataView(preamble.buffer, preamble.byteOffset).getUint32(magic.length);
  if (headerBytes > LIMITS.blobHeaderBytes) throw new CodedError('TOO_LARGE', `the header of a sealed update has at most ${LIMITS.blobHeaderBytes} bytes`);
  return headerBytes;
}

/** Reads the header strictly: one spelling, suites that are known, and lengths that fill the blob exactly. @throws CodedError TOO_LARGE, NOT_CANONICAL, UNKNOWN_SUITE; BAD_FIELD for fields and lengths. */
export function readHeader(headerBytes: Uint8Array, blobBytes: number): SealedHeader {
  const header = parse(sealedHeader, decodeCanonical(headerBytes, LIMITS.blobHeaderBytes), 'header');
  const end = header.sections.reduce((at, { bytes }) => at + bytes, preambleBytes + headerBytes.length);
  if (end !== blobBytes) throw new CodedError('BAD_FIELD', `the sealed update has ${blobBytes} bytes where its header says ${end}`);
  return header;
}
