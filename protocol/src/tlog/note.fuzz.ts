/** Fuzz targets: cosigned checkpoints and proofs, as they come from any disk. */
import { CodedError } from '../error.js';
import { checkpointText, readCheckpoint } from './checkpoint.js';
import { cosign, cosignedAt, isOf, newCosigner } from './cosignature.js';
import { readNote, writeNote } from './note.js';
import { readLogProof, writeLogProof } from './proof.js';

const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (from + at) & 255);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (input: Uint8Array): string => Buffer.from(input).toString('utf8');
const isRefusal = (error: unknown): boolean => error instanceof CodedError;

const checkpoint = { origin: 'epione/epione/00', size: 12, root: bytes(7, 32) };
const text = checkpointText(checkpoint);
const cosigners = ['epione/epione/A', 'epione/epione/B'].map((name, at) => newCosigner(name, 'mldsa44', bytes(at, 32)));
const note = writeNote(text, cosigners.map((cosigner) => cosign(cosigner, checkpoint, 1_800_000_000)));
const proof = writeLogProof({ extra: bytes(3, 20), index: 5, path: [bytes(1, 32), bytes(2, 32)], note });

/** A note that both cosigned says what both cosigned. */
function readCosigned(input: Uint8Array): string {
  const { text: said, signatures } = readNote(decode(input));
  const found = readCheckpoint(said);
  const missing = cosigners.find((key) => !signatures.some((line) => isOf(line, key) && cosignedAt(line, key, found) !== undefined));
  if (missing !== undefined) throw new CodedError('BAD_SIGNATURE', `${missing.name} did not cosign this`);
  if (checkpointText(found) !== text) throw new RangeError('false accept: another checkpoint is cosigned');
  return said;
}

/** A proof as text: what is read, written again, is that text. */
function readProof(input: Uint8Array): Uint8Array {
  const written = writeLogProof(readLogProof(decode(input)));
  return written === decode(input) ? input : encode(written);
}

export const targets = [
  { name: 'cosigned checkpoint', weight: 4, changed: 'readable', samples: () => [encode(note)], isRefusal, read: readCosigned },
  { name: 'log proof', weight: 8, changed: 'canonical', samples: () => [encode(proof)], isRefusal, read: readProof },
];
