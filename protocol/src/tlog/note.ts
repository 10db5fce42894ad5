/** Signed notes of C2SP (c2sp.org/signed-note@v1): a text, an empty line, and one line a signature. */
import { CodedError } from '../error.js';

/** A signature line, taken apart. */
export interface NoteSignature {
  /** Who signed: no blank and no `+`. */
  readonly name: string;
  /** First 4 bytes of a hash over name, algorithm and key: it names a key and proves nothing. */
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

/** A note, read; nothing is verified yet. */
export interface Note {
  /** Ends with a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Bytes and signatures of a note, at most; an SLH-DSA signature takes 40 kB as text. */
const limits = { bytes: 1024 * 1024, signatures: 128 } as const;

const form = /^\u2014 ([^\s+]{1,255}) ([A-Za-z0-9+/]+={0,2})$/u;

const broken = (sentence: string): never => {
  throw new CodedError('NOT_CANONICAL', sentence);
};

/** Bytes of base64 (RFC 4648, section 4) in its one spelling. @throws CodedError NOT_CANONICAL. */
export function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : broken('base64 is not in its one spelling');
}

export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** `— name base64(keyId ‖ signature)`, without a newline. */
export const noteLine = ({ name, keyId, signature }: NoteSignature): string => `\u2014 ${name} ${toBase64(Buffer.concat([keyId, signature]))}`;

/** @throws CodedError NOT_CANONICAL. */
export function readNoteLine(line: string): NoteSignature {
  const [, name = '', encoded = ''] = form.exec(line) ?? broken('a line of the note is no signature');
  const bytes = fromBase64(encoded);
  if (bytes.length < 5) broken('a signature of the note is too short');
  return { name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
}

/** A note from its text, which ends with a newline, and its signature lines. */
export const writeNote = (text: string, lines: readonly string[]): string => `${text}\n${lines.map((line) => `${line}\n`).join('')}`;

/** Reads a note. @throws CodedError NOT_CANONICAL, TOO_LARGE. */
export function readNote(note: string): Note {
  if (Buffer.byteLength(note) > limits.bytes) throw new CodedError('TOO_LARGE', `a note has at most ${limits.bytes} bytes`);
  if (!note.isWellFormed() || /(?!\n)\p{Cc}/u.test(note)) broken('a note is UTF-8 without control characters');
  const at = note.lastIndexOf('\n\n');
  if (at < 0 || !note.endsWith('\n')) broken('the note has no signatures');
  const lines = note.slice(at + 2).split('\n').slice(0, -1);
  if (lines.length === 0) broken('the note has no signatures');
  if (lines.length > limits.signatures) throw new CodedError('TOO_LARGE', `a note has at most ${limits.signatures} signatures`);
  return { text: note.slice(0, at + 1), signatures: lines.map(readNoteLine) };
}
