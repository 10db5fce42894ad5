/**
 * Cascade as two mirrored machines. Alice sends the parities that are due; Bob answers with his own XOR hers. Both then
 * know the same odd blocks and the same searches, so no query carries an address: one bit each way for each parity.
 */
import { createCipheriv } from 'node:crypto';
import type { CascadeVariant } from './cascade-variant.js';
import { type PassPlan, ParityTrees, firstPosition, planPass } from './parity-pass.js';

/** A binary search for one error in one frame. */
interface Search {
  readonly group: Group;
  readonly frame: number;
  readonly pass: number;
  level: number;
  node: number;
}

/** What both parties know and hold for 32 frames. */
interface Group {
  readonly bits: Int32Array;
  readonly trees: ParityTrees[];
  /** For each pass the difference of both parties' block parities. */
  readonly differences: Int32Array[];
}

/** A public permutation of 0 … n−1; the same every time, which is harmless because errors are fresh. */
const permutation = (n: number, pass: number): Uint16Array => {
  const order = Uint16Array.from({ length: n }, (_, index) => index);
  const key = Buffer.alloc(16);
  key.writeUInt32BE(pass);
  const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(4 * n));
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((stream.readUInt32LE(4 * i) / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
};

const permutations = new Map<string, Uint16Array>();
const permutationOf = (n: number, pass: number): Uint16Array => {
  const name = `${n}/${pass}`;
  const order = permutations.get(name) ?? permutation(n, pass);
  permutations.set(name, order);
  return order;
};

export class Cascade {
  readonly #groups: Group[] = [];
  readonly #plans: PassPlan[];
  readonly #corrects: boolean;
  readonly #frameBits: number;
  #pass = -1;
  #searches: Search[] = [];
  #disclosedBits = 0;
  #corrections = 0;

  /**
   * @param words the sifted key, 32 frames interleaved: bit j of word i is bit i of frame j. Bob's are corrected in place.
   * @param corrects true for Bob
   */
  constructor(words: Int32Array, frameBits: number, qber: number, variant: CascadeVariant, corrects: boolean) {
    this.#frameBits = frameBits;
    this.#corrects = corrects;
    this.#plans = variant.blockSizes(qber, frameBits).map((size, pass) => planPass(permutationOf(frameBits, pass), size));
    for (let at = 0; at < words.length; at += frameBits) {
      this.#groups.push({ bits: words.subarray(at, at + frameBits), trees: [], differences: [] });
    }
    this.#nextPass();
  }

  /** Parities disclosed so far, summed over the frames. */
  get disclosedBits(): number {
    return this.#disclosedBits;
  }

  /** Errors corrected so far. */
  get corrections(): number {
    return this.#corrections;
  }

  /** Whether all passes are through. */
  get done(): boolean {
    return this.#pass >= this.#plans.length;
  }

  /** One's own values of the parities that are due now: of all blocks when a pass begins, else of the searches. */
  parities(): Uint8Array {
    if (this.#searches.length === 0) return this.#blockParities();
    const bits = new Uint8Array(Math.ceil(this.#searches.length / 8));
    this.#searches.forEach(({ group, frame, pass, level, node }, index) => {
      const word = group.trees[pass]?.parity(level + 1, 2 * node) ?? 0;
      bits[index >> 3] = (bits[index >> 3] ?? 0) | (((word >>> frame) & 1) << (index & 7));
    });
    return bits;
  }

  /**
   * Goes on with the differences of both parties' parities.
   * @throws RangeError when they are not as many as are due
   */
  advance(differences: Uint8Array): void {
    if (this.#searches.length === 0) this.#takeBlocks(differences);
    else this.#descend(differences);
    if (this.#searches.length === 0) this.#nextPass();
  }

  #nextPass(): void {
    this.#pass++;
    const plan = this.#plans[this.#pass];
    if (plan === undefined) return;
    for (const group of this.#groups) group.trees.push(new ParityTrees(plan, group.bits));
  }

  #blockParities(): Uint8Array {
    const blocks = this.#plans[this.#pass]?.blocks ?? 0;
    const words = new Int32Array(blocks * this.#groups.length);
    this.#groups.forEach(({ trees }, index) => {
      for (let block = 0; block < blocks; block++) words[index * blocks + block] = trees[this.#pass]?.parity(0, block) ?? 0;
    });
    return new Uint8Array(words.buffer);
  }

  #takeBlocks(bytes: Uint8Array): void {
    const blocks = this.#plans[this.#pass]?.blocks ?? 0;
    if (bytes.length !== 4 * blocks * this.#groups.length) throw new RangeError(`${bytes.length} bytes of block parities`);
    const words = new Int32Array(bytes.slice().buffer);
    this.#disclosedBits += 32 * words.length;
    this.#groups.forEach((group, index) => {
      group.differences.push(words.slice(index * blocks, (index + 1) * blocks));
      for (let frame = 0; frame < 32; frame++) this.#search(group, frame);
    });
    this.#skipKnown();
  }

  /** Starts a search in every odd block of the smallest pass that has one: these do not overlap. */
  #search(group: Group, frame: number): void {
    for (const [pass, words] of group.differences.entries()) {
      let found = false;
      for (let block = 0; block < words.length; block++) {
        if (((words[block] ?? 0) >>> frame) & 1) {
          this.#searches.push({ group, frame, pass, level: 0, node: block });
          found = true;
        }
      }
      if (found) return;
    }
  }

  #descend(bytes: Uint8Array): void {
    if (bytes.length !== Math.ceil(this.#searches.length / 8)) throw new RangeError(`${bytes.length} bytes of parities`);
    this.#disclosedBits += this.#searches.length;
    this.#searches.forEach((search, index) => {
      const odd = ((bytes[index >> 3] ?? 0) >> (index & 7)) & 1;
      search.level++;
      search.node = 2 * search.node + (odd ? 0 : 1);
    });
    this.#skipKnown();
  }

  /** Passes nodes that need no parity: a node of one bit is the error, an empty left half is even. */
  #skipKnown(): void {
    const going: Search[] = [];
    const found: Search[] = [];
    for (const search of this.#searches) (this.#settle(search) ? found : going).push(search);
    this.#searches = going;
    if (found.length > 0) this.#correct(found);
  }

  #settle(search: Search): boolean {
    const { blocks, depth } = this.#plan(search.pass);
    for (; search.level < depth; search.level++) {
      const nodes = blocks << search.level;
      const [start, end] = [firstPosition(this.#frameBits, search.node, nodes), firstPosition(this.#frameBits, search.node + 1, nodes)];
      const middle = firstPosition(this.#frameBits, 2 * search.node + 1, 2 * nodes);
      if (start < middle && middle < end) return false;
      search.node = 2 * search.node + (start < middle ? 0 : 1);
    }
    return true;
  }

  #plan(pass: number): PassPlan {
    const plan = this.#plans[pass];
    if (plan === undefined) throw new RangeError(`no pass ${pass}`);
    return plan;
  }

  /** Corrects what was found; a frame with no search left goes on to its next odd blocks. */
  #correct(found: readonly Search[]): void {
    const waiting = new Map<Group, number>();
    for (const { group, frame, pass, node } of found) {
      const plan = this.#plan(pass);
      const bit = plan.order[firstPosition(this.#frameBits, node, plan.blocks << plan.depth)] ?? 0;
      const mask = 1 << frame;
      this.#corrections++;
      if (this.#corrects) {
        group.bits[bit] = (group.bits[bit] ?? 0) ^ mask;
        for (const trees of group.trees) trees.flip(bit, mask);
      }
      group.differences.forEach((words, other) => {
        const { leafOf, depth } = this.#plan(other);
        const block = (leafOf[bit] ?? 0) >> depth;
        words[block] = (words[block] ?? 0) ^ mask;
      });
      waiting.set(group, (waiting.get(group) ?? 0) | mask);
    }
    for (const { group, frame } of this.#searches) waiting.set(group, (waiting.get(group) ?? 0) & ~(1 << frame));
    const before = this.#searches.length;
    for (const [group, frames] of waiting) {
      for (let frame = 0; frame < 32; frame++) if ((frames >>> frame) & 1) this.#search(group, frame);
    }
    if (this.#searches.length > before) this.#skipKnown();
  }
}
