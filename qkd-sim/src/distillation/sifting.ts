/**
 * Sifting: Bob announces when he saw something and in which basis, and in the check basis also what; Alice answers
 * which clicks stay in the key. Bits of the check basis, and those of pairs for the test of Bell's inequality, are never
 * key, so that both may know them.
 */
import { X, aliceBasis, aliceBit, bobBasis, intensityOf, isTurned, patternOf } from '../optics/gate.js';
import type { RandomNumbers } from '../random.js';
import type { BellCounts } from './bell-test.js';
import type { Counts } from './finite-key.js';

/** The longest gap in one word of an announcement; it stands for "and more". */
const LONG_GAP = 0x1fff;

/** A key that grows bit by bit: bit i is bit i mod 32 of word i / 32. */
class GrowingKey {
  readonly words: Int32Array;
  readonly #bits: number;
  #length = 0;

  constructor(bits: number) {
    this.#bits = bits;
    this.words = new Int32Array(bits / 32);
  }

  get full(): boolean {
    return this.#length === this.#bits;
  }

  push(bit: number): void {
    const at = this.#length >> 5;
    this.words[at] = (this.words[at] ?? 0) | (bit << (this.#length & 31));
    this.#length++;
  }
}

/** What Bob's receiver saw: gaps between clicks, and for each click his basis and pattern in the places of a `Gate`. */
export interface Detections {
  readonly gaps: Uint32Array;
  readonly gates: Uint8Array;
}

/** What Alice sent at the gates that clicked, in the places of a `Gate`. */
export type Settings = Detections;

/** Bob's half of sifting. */
export class BobSifting {
  readonly #key: GrowingKey;
  readonly #random: RandomNumbers;
  #bits = new Uint8Array();

  /** @param bits length of the sifted key, a multiple of 32 */
  constructor(bits: number, random: RandomNumbers) {
    this.#key = new GrowingKey(bits);
    this.#random = random;
  }

  get full(): boolean {
    return this.#key.full;
  }

  get words(): Int32Array {
    return this.#key.words;
  }

  /** The announcement of a batch: little-endian words of gap (13 bits), whether Bob's basis was turned, his basis, and his bit unless it is key. */
  announce({ gaps, gates }: Detections): Uint8Array {
    const words = new Uint16Array(gaps.reduce((sum, gap) => sum + 1 + Math.floor(gap / LONG_GAP), 0));
    this.#bits = new Uint8Array(gates.length);
    let at = 0;
    for (let i = 0; i < gates.length; i++) {
      const gate = gates[i] ?? 0;
      const pattern = patternOf(gate);
      // Both detectors: a random bit, as the squashing model of the proof asks.
      const bit = pattern === 3 ? this.#random.bit() : pattern - 1;
      this.#bits[i] = bit;
      let gap = gaps[i] ?? 0;
      for (; gap >= LONG_GAP; gap -= LONG_GAP) words[at++] = LONG_GAP << 3;
      const turned = isTurned(gate);
      words[at++] = (gap << 3) | (turned ? 4 : 0) | (bobBasis(gate) << 1) | (bobBasis(gate) === X && !turned ? 0 : bit);
    }
    return new Uint8Array(words.buffer);
  }

  /** Keeps the clicks whose bit is set in Alice's answer. */
  keep(kept: Uint8Array): void {
    if (kept.length !== Math.ceil(this.#bits.length / 8)) throw new RangeError(`${kept.length} bytes of kept clicks`);
    for (let i = 0; i < this.#bits.length && !this.#key.full; i++) {
      if (((kept[i >> 3] ?? 0) >> (i & 7)) & 1) this.#key.push(this.#bits[i] ?? 0);
    }
  }
}

/** Alice's half of sifting, which also counts. */
export class AliceSifting {
  readonly #key: GrowingKey;
  readonly #counts = { key: [0, 0, 0], check: [0, 0, 0], checkErrors: [0, 0, 0] } satisfies Record<keyof Counts, number[]>;
  readonly #bell = new Array<number>(8).fill(0);

  constructor(bits: number) {
    this.#key = new GrowingKey(bits);
  }

  get full(): boolean {
    return this.#key.full;
  }

  get words(): Int32Array {
    return this.#key.words;
  }

  get counts(): Counts {
    const of = ([a = 0, b = 0, c = 0]: readonly number[]): Counts['key'] => [a, b, c];
    return { key: of(this.#counts.key), check: of(this.#counts.check), checkErrors: of(this.#counts.checkErrors) };
  }

  /** What was compared for the test of Bell's inequality. */
  get bell(): BellCounts {
    return this.#bell;
  }

  /**
   * Compares an announcement with what was sent.
   * @returns for each click one bit: whether it stays in the key
   * @throws RangeError when the announced clicks are not the emulated ones
   */
  compare({ gaps, gates }: Settings, announcement: Uint8Array): Uint8Array {
    const words = new Uint16Array(announcement.slice().buffer, 0, announcement.length >> 1);
    const kept = new Uint8Array(Math.ceil(gates.length / 8));
    let at = 0;
    for (let i = 0; i < gates.length && !this.#key.full; i++) {
      let gap = 0;
      for (; (words[at] ?? 0) >> 3 === LONG_GAP; at++) gap += LONG_GAP;
      const word = words[at++] ?? 0;
      if (gap + (word >> 3) !== gaps[i]) throw new RangeError('the announced clicks are not those of the link');
      if (this.#count(gates[i] ?? 0, word & 7)) kept[i >> 3] = (kept[i >> 3] ?? 0) | (1 << (i & 7));
    }
    return kept;
  }

  #count(gate: number, announced: number): boolean {
    if (announced >> 2) {
      const place = 4 * aliceBasis(gate) + (announced & 2) + (aliceBit(gate) ^ (announced & 1));
      this.#bell[place] = (this.#bell[place] ?? 0) + 1;
      return false;
    }
    if (aliceBasis(gate) !== announced >> 1) return false;
    const intensity = intensityOf(gate) as 0 | 1 | 2;
    const counts = this.#counts;
    if (announced === 0) {
      counts.key[intensity] = (counts.key[intensity] ?? 0) + 1;
      this.#key.push(aliceBit(gate));
      return true;
    }
    counts.check[intensity] = (counts.check[intensity] ?? 0) + 1;
    if (aliceBit(gate) !== (announced & 1)) counts.checkErrors[intensity] = (counts.checkErrors[intensity] ?? 0) + 1;
    return false;
  }
}
