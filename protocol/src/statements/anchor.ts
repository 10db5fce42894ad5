/** Anchors: organizations cosign the log of the channel's blocks, each after it has checked that the log only grew (decision 0019). */
import { z } from 'zod';
import { digestBytes, fromBase64Url, fromHex, sha256, type Digest } from '../encoding/digest.js';
import { refuseUnless } from '../error.js';
import { base64url, digest, hex32, mspId } from '../encoding/fields.js';
import { isConsistent } from '../tlog/merkle.js';
import type { ParticipantRecord } from './participant.js';
import { pageQuestion } from './questions.js';
import type { Checkpoint } from '../tlog/checkpoint.js';
import { cosignedAt, isOf, type CosignerKey } from '../tlog/cosignature.js';
import { readNoteLine } from '../tlog/note.js';

/** A size of the log, in blocks, and its root. */
const head = { size: z.int().min(1), root: hex32 };

/** Statement `cosignature`: what an organization says of the first `size` blocks. */
export const cosignature = z.strictObject({
  channel: z.string().regex(/^[a-z][a-z0-9.-]{0,248}$/, 'a channel name'),
  genesis: digest,
  mspId,
  record: digest,
  ...head,
  /** What it cosigned before; absent the first time. */
  previous: z.strictObject(head).optional(),
  /** That the log of `previous` is the beginning of this one (RFC 6962, section 2.1.2). */
  consistency: z.array(hex32).max(64),
  /** Lines of the checkpoint's note: under the record's key and, where there is a `witnessKey`, under that one. */
  lines: z.array(z.string().max(8192)).min(1).max(2),
  /** ML-DSA-44, for software that knows C2SP only. */
  witnessKey: base64url.optional(),
});
export type Cosignature = z.infer<typeof cosignature>;

/** The state of `anchor~MSP`: what the organization cosigned last. */
export interface AnchorState {
  readonly size: number;
  readonly root: string;
  readonly cosignature: Digest;
}

/** What `Anchor:queryCosignatures` is asked. */
export const cosignaturesQuestion = pageQuestion;

/** The log's name in notes. */
export const logOrigin = (channel: string, genesis: Digest): string => `epione/${channel}/${Buffer.from(digestBytes(genesis)).toString('hex')}`;

/** An organization's name in notes. */
export const cosignerName = (channel: string, organization: string): string => `epione/${channel}/${organization}`;

/** The checkpoint that a statement speaks of. */
export const checkpointOf = ({ channel, genesis, size, root }: Pick<Cosignature, 'channel' | 'genesis' | 'size' | 'root'>): Checkpoint => ({ origin: logOrigin(channel, genesis), size, root: fromHex(root) });

/** A record's key as notes have it. */
export const cosignerKey = ({ channel, mspId: organization, signatureSuite, signingKey }: Pick<ParticipantRecord, 'channel' | 'mspId' | 'signatureSuite' | 'signingKey'>): CosignerKey => ({
  name: cosignerName(channel, organization), algorithm: signatureSuite, publicKey: fromBase64Url(signingKey),
});

/** The ML-DSA-44 key of a statement as notes have it. */
export const witnessKeyOf = ({ channel, mspId: organization, witnessKey }: Cosignature): CosignerKey | undefined =>
  witnessKey === undefined ? undefined : { name: cosignerName(channel, organization), algorithm: 'mldsa44', publicKey: fromBase64Url(witnessKey) };

function assertLines(statement: Cosignature, record: ParticipantRecord): void {
  const keys = [cosignerKey(record), witnessKeyOf(statement)].filter((key) => key !== undefined);
  const lines = statement.lines.map(readNoteLine);
  refuseUnless(lines.length === keys.length, 'BAD_FIELD', `cosignature.lines: ${keys.length} are needed, one a key`);
  const checkpoint = checkpointOf(statement);
  for (const key of keys) {
    const line = lines.find((one) => isOf(one, key));
    refuseUnless(line !== undefined && cosignedAt(line, key, checkpoint) !== undefined, 'BAD_SIGNATURE', `the ${key.algorithm} cosignature is not ${statement.mspId}'s over this checkpoint`);
  }
}

/**
 * What a cosignature must satisfy beyond its author's signature.
 * @param record its author's.
 * @param before what the author cosigned last, as the ledger has it.
 * @throws CodedError BAD_FIELD, BAD_SIGNATURE; CONFLICT when `previous` is not the last one; EQUIVOCATION when the log did not grow from it.
 */
export function assertCosignature(statement: Cosignature, record: ParticipantRecord, before: AnchorState | undefined): void {
  const { previous, size, root, consistency } = statement;
  refuseUnless(previous?.size === before?.size && previous?.root === before?.root, 'CONFLICT', `${statement.mspId} cosigned ${before === undefined ? 'nothing' : `${before.size} blocks`} last`);
  if (previous === undefined) refuseUnless(consistency.length === 0, 'BAD_FIELD', 'cosignature.consistency: nothing was cosigned before');
  else {
    refuseUnless(previous.size < size, 'EQUIVOCATION', `${previous.size} blocks are cosigned already, ${size} are not more`);
    const grew = isConsistent(sha256, { size: previous.size, root: fromHex(previous.root) }, { size, root: fromHex(root) }, consistency.map(fromHex));
    refuseUnless(grew, 'EQUIVOCATION', `the log of ${size} blocks does not begin with the ${previous.size} that are cosigned already`);
  }
  assertLines(statement, record);
}
