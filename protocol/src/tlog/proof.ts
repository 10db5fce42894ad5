/** Proofs of C2SP (c2sp.org/tlog-proof@v1): a leaf's index, its path, and the cosigned checkpoint, in one file that needs no network. */
import { CodedError } from '../error.js';
import { fromBase64, toBase64 } from './note.js';

/** A proof of inclusion, read; nothing is verified yet. */
export interface LogProof {
  /** What the leaf is made of; not authenticated by itself. */
  readonly extra: Uint8Array;
  readonly index: number;
  /** Hashes from the leaf's sibling up, 32 bytes each. */
  readonly path: readonly Uint8Array[];
  /** The checkpoint's note, word for word. */
  readonly note: string;
}

const header = 'c2sp.org/tlog-proof@v1';

export const writeLogProof = ({ extra, index, path, note }: LogProof): string =>
  [header, `extra ${toBase64(extra)}`, `index ${index}`, ...path.map(toBase64), '', note].join('\n');

/** @throws CodedError NOT_CANONICAL. */
export function readLogProof(text: string): LogProof {
  const at = text.indexOf('\n\n');
  const [first, extra = '', index = '', ...hashes] = text.slice(0, Math.max(0, at)).split('\n');
  const path = hashes.map(fromBase64);
  const isWhole = first === header && extra.startsWith('extra ') && /^index (0|[1-9][0-9]{0,14})$/.test(index) && path.length <= 64 && path.every((hash) => hash.length === 32);
  if (!isWhole) throw new CodedError('NOT_CANONICAL', `this is no ${header} with extra data`);
  return { extra: fromBase64(extra.slice(6)), index: Number(index.slice(6)), path, note: text.slice(at + 2) };
}

/** That one checkpoint's log begins with another's, as a witness is asked (c2sp.org/tlog-witness, add-checkpoint): read, not verified. */
export interface GrowthProof {
  readonly oldSize: number;
  /** Of consistency (RFC 6962, section 2.1.2), 32 bytes each. */
  readonly proof: readonly Uint8Array[];
  /** The larger checkpoint's note, word for word. */
  readonly note: string;
}

export const writeGrowthProof = ({ oldSize, proof, note }: GrowthProof): string => [`old ${oldSize}`, ...proof.map(toBase64), '', note].join('\n');

/** @throws CodedError NOT_CANONICAL. */
export function readGrowthProof(text: string): GrowthProof {
  const at = text.indexOf('\n\n');
  const [old = '', ...hashes] = text.slice(0, Math.max(0, at)).split('\n');
  const proof = hashes.map(fromBase64);
  if (!/^old (0|[1-9][0-9]{0,14})$/.test(old) || proof.length > 63 || !proof.every((hash) => hash.length === 32)) throw new CodedError('NOT_CANONICAL', 'this is no proof that a log has grown');
  return { oldSize: Number(old.slice(4)), proof, note: text.slice(at + 2) };
}
