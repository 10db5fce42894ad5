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
  length = 0;

  constructor(bits: number) {
    this.words = new Int32Array(bits / 32);
  }

  get full(): boolean {
    return this.length === 32 * this.words.length;
  }
}

/** What a click counts as. The loops below run a million times a block, so that each looks up what does not change. */
const classes = { unused: 0, key: 1, check: 4, checkError: 7, bell: 10, count: 18 } as const;
const classOf = (gate: number, announced: number): number => {
  const errs = aliceBit(gate) ^ (announced & 1);
  if (announced >> 2) return classes.bell + 4 * aliceBasis(gate) + (announced & 2) + errs;
  if (aliceBasis(gate) !== announced >> 1) return classes.unused;
  return (announced === 0 ? classes.key : errs === 1 ? classes.checkError : classes.check) + intensityOf(gate);
};
/** By gate and what was announced of it: twice the class, and 1 if the click stays in the key. */
const classTable = Uint8Array.from({ length: 2048 }, (_, index) => {
  const found = classOf(index >> 3, index & 7);
  return (found << 1) | (found >= classes.key && found < classes.check ? 1 : 0);
});

/** What Bob announces of a gate with one detector's click beside the gap: whether his basis was turned, his basis, and his bit unless it is key. */
const announcedOf = (gate: number, bit: number): number =>
  (isTurned(gate) ? 4 : 0) | (bobBasis(gate) << 1) | (bobBasis(gate) === X && !isTurned(gate) ? 0 : bit);
const announcedTable = Uint8Array.from({ length: 512 }, (_, index) => announcedOf(index >> 1, index & 1));

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
    let longGaps = 0;
    for (let i = 0; i < gaps.length; i++) longGaps += Math.trunc((gaps[i] ?? 0) / LONG_GAP);
    const words = new Uint16Array(gates.length + longGaps);
    const bits = new Uint8Array(gates.length);
    let at = 0;
    for (let i = 0; i < gates.length; i++) {
      const gate = gates[i] ?? 0;
      const pattern = patternOf(gate);
      // Both detectors: a random bit, as the squashing model of the proof asks.
      const bit = pattern === 3 ? this.#random.bit() : pattern - 1;
      bits[i] = bit;
      let gap = gaps[i] ?? 0;
      for (; gap >= LONG_GAP; gap -= LONG_GAP) words[at++] = LONG_GAP << 3;
      words[at++] = (gap << 3) | (announcedTable[(gate << 1) | bit] ?? 0);
    }
    this.#bits = bits;
    return new Uint8Array(words.buffer);
  }

  /** Keeps the clicks whose bit is set in Alice's answer. */
  keep(kept: Uint8Array): void {
    const bits = this.#bits;
    if (kept.length !== Math.ceil(bits.length / 8)) throw new RangeError(`${kept.length} bytes of kept clicks`);
    const { words } = this.#key;
    let { length } = this.#key;
    // Without a branch, because which clicks are kept cannot be predicted.
    for (let i = 0; i < bits.length && length < 32 * words.length; i++) {
      const keeps = ((kept[i >> 3] ?? 0) >> (i & 7)) & 1;
      words[length >> 5] = (words[length >> 5] ?? 0) | ((keeps & (bits[i] ?? 0)) << (length & 31));
      length += keeps;
    }
    this.#key.length = length;
  }
}

/** Alice's half of sifting, which also counts. */
export class AliceSifting {
  readonly #key: GrowingKey;
  readonly #clicks = new Uint32Array(classes.count);

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
    const from = (first: number): Counts['key'] => [this.#clicks[first] ?? 0, this.#clicks[first + 1] ?? 0, this.#clicks[first + 2] ?? 0];
    const [right, wrong] = [from(classes.check), from(classes.checkError)];
    return { key: from(classes.key), check: [right[0] + wrong[0], right[1] + wrong[1], right[2] + wrong[2]], checkErrors: wrong };
  }

  /** What was compared for the test of Bell's inequality. */
  get bell(): BellCounts {
    return [...this.#clicks.subarray(classes.bell)];
  }

  /**
   * Compares an announcement with what was sent.
   * @returns for each click one bit: whether it stays in the key
   * @throws RangeError when the announced clicks are not the emulated ones
   */
  compare({ gaps, gates }: Settings, announcement: Uint8Array): Uint8Array {
    const announced = new Uint16Array(announcement.slice().buffer, 0, announcement.length >> 1);
    const kept = new Uint8Array(Math.ceil(gates.length / 8));
    const clicks = this.#clicks;
    const { words } = this.#key;
    let { length } = this.#key;
    let at = 0;
    for (let i = 0; i < gates.length && length < 32 * words.length; i++) {
      let gap = 0;
      for (; (announced[at] ?? 0) >> 3 === LONG_GAP; at++) gap += LONG_GAP;
      const word = announced[at++] ?? 0;
      if (gap + (word >> 3) !== gaps[i]) throw new RangeError('the announced clicks are not those of the link');
      const gate = gates[i] ?? 0;
      const found = classTable[(gate << 3) | (word & 7)] ?? 0;
      const keeps = found & 1;
      clicks[found >> 1] = (clicks[found >> 1] ?? 0) + 1;
      kept[i >> 3] = (kept[i >> 3] ?? 0) | (keeps << (i & 7));
      words[length >> 5] = (words[length >> 5] ?? 0) | ((keeps & aliceBit(gate)) << (length & 31));
      length += keeps;
    }
    this.#key.length = length;
    return kept;
  }
}
