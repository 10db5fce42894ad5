/** Checkpoints of C2SP (c2sp.org/tlog-checkpoint@v1): which log, how many leaves, which root. */
import { CodedError } from '../error.js';
import { fromBase64, toBase64 } from './note.js';

/** The state of a log at a size. */
export interface Checkpoint {
  /** Names the log. */
  readonly origin: string;
  /** Leaves, 0 to 2^53 - 1. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** The text of a checkpoint's note. */
export const checkpointText = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${toBase64(root)}\n`;

/** Reads the text of a note. Extension lines are refused, because ML-DSA cosignatures do not cover them. @throws CodedError NOT_CANONICAL. */
export function readCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n');
  const checkpoint = { origin, size: Number(size), root: fromBase64(root) };
  const isWhole = rest.length === 1 && rest[0] === '' && origin !== '' && checkpoint.root.length === 32;
  if (!isWhole || !/^(0|[1-9][0-9]*)$/.test(size) || !Number.isSafeInteger(checkpoint.size)) throw new CodedError('NOT_CANONICAL', 'the note is no checkpoint of three lines');
  return checkpoint;
}
