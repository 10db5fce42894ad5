/** Cosignatures of C2SP (c2sp.org/tlog-cosignature): ML-DSA-44 in the form that others read, and the same message under our keys. */
import { concat, sha256, u64 } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import type { SignatureBackend } from '../crypto/ml-dsa.js';
import { isNoteSignature, newNoteKey, noteAlgorithms, type NoteAlgorithm, type NoteKey, type NoteKeyAlgorithm } from './algorithms.js';
import type { Checkpoint } from './checkpoint.js';
import { noteLine, toBase64, type NoteSignature } from './note.js';

/** Whose key it is, and of which algorithm. */
export interface CosignerKey {
  /** A name in the note: no blank, no `+`, 1 to 255 bytes. */
  readonly name: string;
  readonly algorithm: NoteAlgorithm;
  readonly publicKey: Uint8Array;
}

/** Signs with one key, which it does not show. */
export type Cosigner = CosignerKey & NoteKey;

/** A cosigner under a name, from the seed of a key for notes. @throws CodedError BAD_KEY for a seed of another length. */
export const newCosigner = (name: string, algorithm: NoteKeyAlgorithm, seed: Uint8Array, backend?: SignatureBackend): Cosigner => ({ name, algorithm, ...newNoteKey(algorithm, seed, backend) });

const utf8 = new TextEncoder();

/** C2SP gave 0x06 to ML-DSA-44; what it gave no number begins with 0xff and a longer name. */
const own = (name: string): Uint8Array => concat(Uint8Array.of(0xff), utf8.encode(name));
const types = {
  mldsa44: Uint8Array.of(0x06), mldsa65: own('epione/v1/mldsa65'), mldsa87: own('epione/v1/mldsa87'), slhdsa128s: own('epione/v1/slhdsa128s'), slhdsa256s: own('epione/v1/slhdsa256s'),
} as const satisfies Record<NoteAlgorithm, Uint8Array>;

/** SHA-256(name ‖ newline ‖ type ‖ public key), the first 4 bytes. */
export const keyIdOf = ({ name, algorithm, publicKey }: CosignerKey): Uint8Array => sha256(concat(utf8.encode(`${name}\n`), types[algorithm], publicKey)).slice(0, 4);

/** The key as other software is configured with it (signed-note, "Verifier keys"): `name+id+base64(type ‖ key)`. */
export const verifierKey = (key: CosignerKey): string => `${key.name}+${Buffer.from(keyIdOf(key)).toString('hex')}+${toBase64(concat(types[key.algorithm], key.publicKey))}`;

/** A text behind its length in one byte. */
function short(text: string): Uint8Array {
  const bytes = utf8.encode(text);
  if (bytes.length < 1 || bytes.length > 255) throw new CodedError('TOO_LARGE', `a name in a checkpoint has 1 to 255 bytes, not ${bytes.length}`);
  return concat(Uint8Array.of(bytes.length), bytes);
}

/**
 * `cosigned_message` over a whole log: what every cosignature signs.
 * @param time seconds since 1970 UTC.
 * @throws CodedError TOO_LARGE for names beyond 255 bytes.
 */
export const cosignedMessage = (name: string, time: number, { origin, size, root }: Checkpoint): Uint8Array =>
  concat(utf8.encode('subtree/v1\n\0'), short(name), u64(time), short(origin), u64(0), u64(size), root);

/** Cosigns a checkpoint. @param time seconds since 1970 UTC, 1 or more. @returns the note's line. */
export function cosign(cosigner: Cosigner, checkpoint: Checkpoint, time: number): string {
  const signature = cosigner.sign(cosignedMessage(cosigner.name, time, checkpoint));
  return noteLine({ name: cosigner.name, keyId: keyIdOf(cosigner), signature: concat(u64(time), signature) });
}

/** Whether a line claims to be of this key; a note's other lines are not for us. */
export const isOf = (line: NoteSignature, key: CosignerKey): boolean => line.name === key.name && Buffer.compare(line.keyId, keyIdOf(key)) === 0;

/** Checks a line under a key. @returns its time, seconds since 1970 UTC; undefined for anything wrong. Never throws. */
export function cosignedAt(line: NoteSignature, key: CosignerKey, checkpoint: Checkpoint): number | undefined {
  if (!isOf(line, key) || line.signature.length !== 8 + noteAlgorithms[key.algorithm].signature || checkpoint.root.length !== 32) return undefined;
  const time = Number(Buffer.from(line.signature.subarray(0, 8)).readBigUInt64BE());
  if (!Number.isSafeInteger(time)) return undefined;
  try {
    return isNoteSignature(key.algorithm, key.publicKey, cosignedMessage(key.name, time, checkpoint), line.signature.subarray(8)) ? time : undefined;
  } catch {
    return undefined;
  }
}
