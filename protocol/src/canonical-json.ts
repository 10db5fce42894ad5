/** One byte string per value: RFC 8785 cut down to objects, arrays, strings, booleans and safe integers (PROTOCOL section 1). */
import { CodedError } from './error.js';

/** What canonical JSON can say. No null, no fraction: leave a member out, or write a quantity as `decimal` text. */
export type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json | undefined };

/** Bounds of PROTOCOL section 1, "Limits". */
export const LIMITS = {
  statementBytes: 64 * 1024,
  studyBytes: 128 * 1024,
  argumentBytes: 256 * 1024,
  depth: 12,
  listLength: 4096,
  textBytes: 4096,
  blobHeaderBytes: 1024 * 1024,
  blobBytes: 4 * 1024 ** 3,
  participants: 64,
  rounds: 10_000,
  epochs: 256,
} as const;

/** A base64url key or signature may be longer than other texts; nothing is longer than an ML-DSA-87 signature. */
const longestText = 8192;
const memberName = /^[a-z][A-Za-z0-9]{0,63}$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8 = new TextEncoder();

/** `value` is typed loosely because it may come from `JSON.parse`, which gives null too. */
function write(value: Json | null | undefined, depth: number): string {
  if (depth > LIMITS.depth) throw new CodedError('TOO_LARGE', `JSON is nested deeper than ${LIMITS.depth}`);
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new CodedError('NOT_CANONICAL', 'a text holds half a surrogate pair');
    if (value.length > longestText) throw new CodedError('TOO_LARGE', `a text is longer than ${longestText} characters`);
    return JSON.stringify(value);
  }
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new CodedError('NOT_CANONICAL', 'a number is not an integer within 2^53 - 1');
    return String(value);
  }
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    if (list.length > LIMITS.listLength) throw new CodedError('TOO_LARGE', `a list is longer than ${LIMITS.listLength}`);
    return `[${list.map((item) => write(item, depth + 1)).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) throw new CodedError('NOT_CANONICAL', 'null and undefined are not canonical; leave the member out');
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  for (const [name] of members) if (!memberName.test(name)) throw new CodedError('NOT_CANONICAL', `member name ${JSON.stringify(name.slice(0, 80))} is not [a-z][A-Za-z0-9]{0,63}`);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${write(member, depth + 1)}`).join(',')}}`;
}

/**
 * The one text of a value. Members that are `undefined` are left out.
 * @throws CodedError NOT_CANONICAL for null, fractions, unsafe integers, other member names; TOO_LARGE beyond the limits.
 */
export const canonicalText = (value: Json): string => write(value, 1);

/** The one byte string of a value (UTF-8). Errors as `canonicalText`. */
export const encodeCanonical = (value: Json): Uint8Array => utf8.encode(canonicalText(value));

/**
 * Reads canonical JSON: strict UTF-8, parse, encode again, compare bytes. This one rule refuses repeated members,
 * `1.0`, `-0`, needless escapes and spaces.
 * @param maxBytes bound on the input, see `LIMITS`.
 * @throws CodedError NOT_CANONICAL, TOO_LARGE.
 */
export function decodeCanonical(bytes: Uint8Array, maxBytes: number = LIMITS.argumentBytes): Json {
  if (bytes.length > maxBytes) throw new CodedError('TOO_LARGE', `${bytes.length} bytes of JSON, at most ${maxBytes} are accepted`);
  let text: string;
  let value: Json;
  try {
    text = strictUtf8.decode(bytes);
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw new CodedError('NOT_CANONICAL', 'not UTF-8 JSON', { cause });
  }
  if (canonicalText(value) !== text) throw new CodedError('NOT_CANONICAL', 'JSON is not in its canonical form (RFC 8785)');
  return value;
}
