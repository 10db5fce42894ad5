/** One byte string per value: RFC 8785 cut down to objects, arrays, strings, booleans and safe integers (PROTOCOL section 1). */
import { CodedError } from '../error.js';

/** What canonical JSON can say. No null, no fraction: leave a member out, or write a quantity as `decimal` text. */
export type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json | undefined };

/** Bounds of PROTOCOL section 1, "Limits". */
export const LIMITS = {
  statementBytes: 64 * 1024,
  studyBytes: 128 * 1024,
  argumentBytes: 256 * 1024,
  /** A reveal stays off the ledger and may hold pads. */
  revealBytes: 1024 * 1024,
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

type Members = Readonly<Record<string, Json | undefined>>;

const notCanonical = (sentence: string): never => {
  throw new CodedError('NOT_CANONICAL', sentence);
};

/** Whether the members stand in canonical order already, as they do in all that was read by `decodeCanonical`. */
function inOrder(names: readonly string[]): boolean {
  for (let at = 1; at < names.length; at++) if ((names[at - 1] ?? '') >= (names[at] ?? '')) return false;
  return true;
}

function orderedList(list: readonly Json[], depth: number): readonly Json[] {
  if (list.length > LIMITS.listLength) throw new CodedError('TOO_LARGE', `a list is longer than ${LIMITS.listLength}`);
  let copy: Json[] | undefined;
  for (const [at, item] of list.entries()) {
    const one = ordered(item, depth + 1);
    if (one !== item) (copy ??= [...list])[at] = one;
  }
  return copy ?? list;
}

function orderedMembers(value: Members, depth: number): Members {
  const names = Object.keys(value);
  let copy: Record<string, Json | undefined> | undefined;
  if (!inOrder(names)) {
    copy = {};
    for (const name of names.sort()) copy[name] = value[name];
  }
  for (const name of names) {
    const member = value[name];
    if (member === undefined) continue;
    if (!memberName.test(name)) notCanonical(`member name ${JSON.stringify(name.slice(0, 80))} is not [a-z][A-Za-z0-9]{0,63}`);
    const one = ordered(member, depth + 1);
    if (one !== member) (copy ??= { ...value })[name] = one;
  }
  return copy ?? value;
}

/**
 * Checks a value and gives it with all members in order: the value itself where nothing had to be moved. The runtime's own
 * `JSON.stringify` then writes exactly what RFC 8785 asks for, many times faster than text put together here.
 * `value` is typed loosely because it may come from `JSON.parse`, which gives null too.
 */
function ordered(value: Json | null | undefined, depth: number): Json {
  if (depth > LIMITS.depth) throw new CodedError('TOO_LARGE', `JSON is nested deeper than ${LIMITS.depth}`);
  if (typeof value === 'string') {
    if (!value.isWellFormed()) notCanonical('a text holds half a surrogate pair');
    if (value.length > longestText) throw new CodedError('TOO_LARGE', `a text is longer than ${longestText} characters`);
    return value;
  }
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) notCanonical('a number is not an integer within 2^53 - 1');
    return value;
  }
  if (typeof value !== 'object' || value === null) return notCanonical('null and undefined are not canonical; leave the member out');
  if (Array.isArray(value)) return orderedList(value as readonly Json[], depth);
  const members = value as Members;
  if (typeof members['toJSON'] === 'function') notCanonical('an object with a form of its own is no JSON');
  return orderedMembers(members, depth);
}

/**
 * The one text of a value. Members that are `undefined` are left out.
 * @throws CodedError NOT_CANONICAL for null, fractions, unsafe integers, other member names; TOO_LARGE beyond the limits.
 */
export const canonicalText = (value: Json): string => JSON.stringify(ordered(value, 1));

/** The one byte string of a value (UTF-8). Errors as `canonicalText`. */
export const encodeCanonical = (value: Json): Uint8Array => utf8.encode(canonicalText(value));

/**
 * Reads canonical JSON: strict UTF-8, parse, encode again, compare. This one rule refuses repeated members,
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
  if (ordered(value, 1) !== value || JSON.stringify(value) !== text) throw new CodedError('NOT_CANONICAL', 'JSON is not in its canonical form (RFC 8785)');
  return value;
}
