/**
 * Cascade as two mirrored machines. Alice sends the parities that are due; Bob answers with his own XOR hers. Both then
 * know the same odd blocks and the same searches, so no query carries an address: one bit each way for each parity.
 */
import { xor } from './authentication.js';
import type { CascadeVariant } from './cascade-variant.js';
import { FrameGroup } from './frame-group.js';
import { type PassPlan, planPass } from './parity-pass.js';
import type { Reconciler } from './reconciler.js';

const popCount = (word: number): number => {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
};

/** All 32 frames of a group. */
const ALL = -1;

export class Cascade implements Reconciler {
  readonly #groups: FrameGroup[] = [];
  readonly #frameBits: number;
  readonly #blockSizes: readonly number[];
  readonly #cleanHalves: number;
  /** The frames of each group that are not finished, and how many halves of each have agreed in a row. */
  readonly #active: Int32Array;
  readonly #agreed: Uint8Array;
  #pass = -1;
  #plan: PassPlan | undefined;
  /** One's own block parities of the pass: `#sent` words for each group. */
  #words = new Int32Array(0);
  #sent = 0;
  #searches = 0;
  #disclosedBits = 0;

  /**
   * @param words the sifted key, 32 frames interleaved: bit j of word i is bit i of frame j. Bob's are corrected in place.
   * @param frameBits 4 to 65,536
   * @param qber an estimate of the error rate, above 0 and below 1/2
   * @param corrects true for Bob
   */
  constructor(words: Int32Array, frameBits: number, qber: number, variant: CascadeVariant, corrects: boolean) {
    this.#frameBits = frameBits;
    this.#blockSizes = variant.blockSizes(qber, frameBits);
    this.#cleanHalves = variant.cleanHalves;
    for (let at = 0; at < words.length; at += frameBits) {
      this.#groups.push(new FrameGroup(words.subarray(at, at + frameBits), corrects, variant));
    }
    this.#active = new Int32Array(this.#groups.length).fill(ALL);
    this.#agreed = new Uint8Array(32 * this.#groups.length);
    this.#begin();
  }

  /** Parities disclosed so far, summed over the frames. */
  get disclosedBits(): number {
    return this.#disclosedBits;
  }

  /** Errors corrected so far. */
  get corrections(): number {
    return this.#groups.reduce((sum, group) => sum + group.corrections, 0);
  }

  /** Whether all passes are through. */
  get done(): boolean {
    return this.#plan === undefined;
  }

  /** One's own values of the parities that are due now: of all blocks when a pass begins, else of the searches. */
  parities(): Uint8Array {
    if (this.#searches === 0) return new Uint8Array(this.#words.slice().buffer);
    const bytes = new Uint8Array(Math.ceil(this.#searches / 8));
    let at = 0;
    for (const group of this.#groups) at = group.write(bytes, at);
    return bytes;
  }

  /** Bob's answer to Alice's parities: his own XOR hers, with which he goes on. @throws RangeError when hers are not as many */
  answer(parities: Uint8Array): Uint8Array {
    const own = this.parities();
    if (parities.length !== own.length) throw new RangeError(`${parities.length} bytes of parities where ${own.length} are due`);
    const differences = xor(own, parities);
    this.advance(differences);
    return differences;
  }

  /**
   * Goes on with the differences of both parties' parities.
   * @throws RangeError when they are not as many as are due, or contradict each other
   */
  advance(differences: Uint8Array): void {
    const due = this.#searches === 0 ? this.#words.byteLength : Math.ceil(this.#searches / 8);
    if (differences.length !== due) throw new RangeError(`${differences.length} bytes of parities where ${due} are due`);
    if (this.#searches === 0) {
      this.#takeBlocks(new Int32Array(differences.slice().buffer));
    } else {
      this.#disclosedBits += this.#searches;
      let at = 0;
      for (const group of this.#groups) at = group.read(differences, at);
    }
    this.#searches = this.#groups.reduce((sum, group) => sum + group.searches, 0);
    if (this.#searches === 0) this.#begin();
  }

  /** Begins the next pass, or after all of them the next half of BICONF, if there is any. */
  #begin(): void {
    const size = this.#blockSizes[++this.#pass];
    const half = this.#frameBits >> 1;
    if (size !== undefined) {
      this.#plan = planPass(this.#frameBits, this.#pass, size);
    } else if (this.#cleanHalves > 0 && this.#active.some((frames) => frames !== 0)) {
      this.#plan = planPass(this.#frameBits, this.#pass, half, half);
      for (const group of this.#groups) group.forget();
    } else {
      this.#plan = undefined;
      for (const group of this.#groups) group.forget();
      return;
    }
    // The parity of the whole frame is known from the first pass, so that the last block's of a later one follows.
    this.#sent = this.#plan.blocks - (this.#pass > 0 && size !== undefined ? 1 : 0);
    this.#words = new Int32Array(this.#sent * this.#groups.length);
    for (const [index, group] of this.#groups.entries()) {
      const active = this.#active[index] ?? 0;
      const words = group.begin(this.#plan).subarray(0, this.#sent);
      this.#words.set(words.map((word) => word & active), index * this.#sent);
    }
  }

  #takeBlocks(words: Int32Array): void {
    for (const [index, group] of this.#groups.entries()) {
      const active = this.#active[index] ?? 0;
      const differences = new Int32Array(this.#plan?.blocks ?? 0);
      let rest = 0;
      for (let block = 0; block < this.#sent; block++) {
        const word = (words[index * this.#sent + block] ?? 0) & active;
        differences[block] = word;
        rest ^= word;
      }
      if (this.#sent < differences.length) differences[this.#sent] = rest;
      this.#disclosedBits += this.#sent * popCount(active);
      if (this.#pass >= this.#blockSizes.length) this.#count(index, rest);
      group.search(differences);
    }
  }

  /** Counts the halves that agree in a row; a frame with enough of them is finished. */
  #count(group: number, differing: number): void {
    for (let frame = 0; frame < 32; frame++) {
      const at = 32 * group + frame;
      this.#agreed[at] = (differing >>> frame) & 1 ? 0 : (this.#agreed[at] ?? 0) + 1;
      if ((this.#agreed[at] ?? 0) >= this.#cleanHalves) this.#active[group] = (this.#active[group] ?? 0) & ~(1 << frame);
    }
  }
}
