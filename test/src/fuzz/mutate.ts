/** Changes of valid inputs: of bytes, and of the JSON that they may be. */
import type { Chance } from './chance.js';

const utf8 = new TextEncoder();

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Lengths, counts and signs at which readers fail. */
const edges = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x5c, 0x7b, 0x7d, 0x2c, 0x0a];

type Change = (bytes: Uint8Array, chance: Chance, others: readonly Uint8Array[]) => Uint8Array;

const at = (bytes: Uint8Array, place: number, value: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[place] = value;
  return copy;
};

const span = (bytes: Uint8Array, chance: Chance): [from: number, to: number] => {
  const from = chance.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + 1 + chance.below(chance.of([2, 8, 64, 1024])))];
};

const byteChanges: readonly Change[] = [
  (bytes, chance) => { const place = chance.below(bytes.length); return at(bytes, place, (bytes[place] ?? 0) ^ (1 << chance.below(8))); },
  (bytes, chance) => at(bytes, chance.below(bytes.length), chance.of(edges)),
  (bytes, chance) => at(bytes, chance.below(bytes.length), chance.below(256)),
  (bytes, chance) => bytes.slice(0, chance.below(bytes.length)),
  (bytes, chance) => join(bytes, chance.bytes(1 + chance.below(40))),
  (bytes, chance) => { const [from, to] = span(bytes, chance); return join(bytes.subarray(0, from), bytes.subarray(to)); },
  (bytes, chance) => { const [from, to] = span(bytes, chance); return join(bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to)); },
  (bytes, chance) => { const [from] = span(bytes, chance); return join(bytes.subarray(0, from), chance.bytes(1 + chance.below(16)), bytes.subarray(from)); },
  (bytes, chance, others) => { const other = chance.of(others); const [from, to] = span(other, chance); const [place] = span(bytes, chance); return join(bytes.subarray(0, place), other.subarray(from, to), bytes.subarray(place)); },
  (bytes, chance, others) => { const other = chance.of(others); return join(bytes.subarray(0, chance.below(bytes.length)), other.subarray(chance.below(other.length))); },
  (bytes, chance) => { const place = chance.below(Math.max(1, bytes.length - 3)); const copy = Uint8Array.from(bytes); copy.set(chance.of([[255, 255, 255, 255], [127, 255, 255, 255], [0, 0, 0, 0], [128, 0, 0, 0]]).slice(0, bytes.length - place), place); return copy; },
  (_bytes, chance) => chance.bytes(chance.below(chance.of([4, 64, 1024]))),
];

/** Values that are no value of a sound document, or only just one. */
const oddTexts = ['', ' ', '\u0000', '\ud800', '😀', '__proto__', 'constructor', '../../etc/passwd', 'NaN', '-0', '1e400', '0x10', '9'.repeat(40), 'a'.repeat(5000), 'sha256:' + '0'.repeat(64), '=', '*', '&a', '!!js/function x', '2026-11-21T00:00:00Z'];
const oddNumbers = [-1, 0, 1, 255, 256, 65_536, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 - 1, -(2 ** 53), 1.5, 1e308, 1e-308];

const deep = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

const oddValue = (chance: Chance): unknown =>
  chance.of([() => null, () => true, () => [], () => ({}), () => chance.of(oddTexts), () => chance.of(oddNumbers), () => deep(chance.of([5, 20, 500])), () => Array.from({ length: chance.of([3, 100, 5000]) }, () => 0), () => ({ toJSON: 1, length: -1 })])();

type Container = Record<string, unknown> | unknown[];
const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

/** A container somewhere in a document, each with the same chance. */
function place(document: Container, chance: Chance): Container {
  const all: Container[] = [];
  const collect = (value: unknown): void => {
    if (!isContainer(value)) return;
    all.push(value);
    Object.values(value).forEach(collect);
  };
  collect(document);
  return chance.of(all);
}

/** Changes one value in place. */
function changeDocument(document: Container, chance: Chance): void {
  const container = place(document, chance);
  const keys = Object.keys(container);
  const key = keys.length === 0 ? 'x' : chance.of(keys);
  const members = container as Record<string, unknown>;
  const value = members[key];
  switch (chance.below(6)) {
    case 0:
      members[key] = oddValue(chance);
      return;
    case 1:
      if (Array.isArray(container)) container.splice(chance.below(container.length + 1), 1);
      else Reflect.deleteProperty(members, key);
      return;
    case 2:
      if (Array.isArray(container)) container.push(structuredClone(chance.of([container[0], container.at(-1), oddValue(chance)])));
      else Object.defineProperty(members, chance.of(['x', '__proto__', 'constructor', 'toJSON', `${key}x`, key.toUpperCase()]), { value: oddValue(chance), enumerable: true, configurable: true, writable: true });
      return;
    case 3:
      if (typeof value === 'number') members[key] = chance.of([value + 1, value - 1, -value, value / 2, value * 1e9]);
      else if (typeof value === 'string' && value.length > 0) members[key] = value.slice(0, chance.below(value.length)) + chance.of(['', ...oddTexts]) + value.slice(chance.below(value.length));
      else members[key] = oddValue(chance);
      return;
    case 4:
      members[key] = structuredClone(place(document, chance));
      return;
    default: {
      const other = chance.of(keys.length === 0 ? ['x'] : keys);
      [members[key], members[other]] = [members[other], members[key]];
    }
  }
}

/** The document in bytes that are JSON; undefined for others, which are left to changes of bytes. */
function documentOf(bytes: Uint8Array): Container | undefined {
  if (bytes[0] !== 0x7b && bytes[0] !== 0x5b) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isContainer(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A changed input: one to four changes of a sample, by its bytes or, where it is JSON, by its values. @param others all samples, to take pieces from. */
export function mutated(sample: Uint8Array, chance: Chance, others: readonly Uint8Array[]): Uint8Array {
  let bytes = sample;
  const document = chance.below(2) === 0 ? documentOf(sample) : undefined;
  const changes = chance.of([1, 1, 1, 2, 4]);
  if (document !== undefined) {
    for (let change = 0; change < changes; change++) changeDocument(document, chance);
    bytes = utf8.encode(JSON.stringify(document));
    if (chance.below(4) > 0) return bytes;
  }
  for (let change = 0; change < changes; change++) bytes = chance.of(byteChanges)(bytes, chance, others);
  return bytes;
}
