/**
 * 32 frames that one party reconciles in lock-step: bit j of every word belongs to frame j. Both parties' groups hold
 * the same odd blocks and the same searches at all times, so that nobody has to say which parity is meant.
 */
import type { CascadeVariant } from './cascade-variant.js';
import { IntegerList } from './integer-list.js';
import { type PassPlan, blockParities, nodeParities } from './parity-pass.js';

/** A pass that has begun. */
interface Pass extends PassPlan {
  /** One's own parities of all nodes; empty until the first search needs them. */
  nodes: Int32Array;
  /** Blocks, or where parts are reused all known nodes, in which an error is left that nobody searches yet. */
  readonly odd: Int32Array;
  /** Where `odd` may have something: one word for each 32 of its words. */
  readonly dirty: Int32Array;
  /** The frames in which a node's halves are known blocks of their own; empty where parts are not reused. */
  readonly cut: Int32Array;
}

/** All 32 frames. */
const ALL = -1;
const NOTHING = new Int32Array(0);
const NONE: Pass = { blocks: 0, depth: 0, firstLeaf: 0, bitsOf: new Uint16Array(0), leafOf: new Uint16Array(0), spare: [], nodes: NOTHING, odd: NOTHING, dirty: NOTHING, cut: NOTHING };

// A search is one number: the frame in its lowest 5 bits, then 18 bits of node, then the pass.
const NODE = 5;
const PASS = 23;
const FRAME_MASK = 0x1f;
const NODE_MASK = 0x3ffff;

export class FrameGroup {
  readonly #bits: Int32Array;
  readonly #corrects: boolean;
  readonly #reusesParts: boolean;
  readonly #turns: number;
  #passes: Pass[] = [];
  readonly #searches = new IntegerList();
  #corrections = 0;

  /**
   * @param bits the frames, corrected in place
   * @param corrects true for Bob
   */
  constructor(bits: Int32Array, corrects: boolean, { reusesParts, turns }: CascadeVariant) {
    this.#bits = bits;
    this.#corrects = corrects;
    this.#reusesParts = reusesParts;
    this.#turns = turns;
  }

  get corrections(): number {
    return this.#corrections;
  }

  get searches(): number {
    return this.#searches.length;
  }

  /** Begins a pass. @returns one's own parities of its blocks */
  begin(plan: PassPlan): Int32Array {
    const { blocks, depth, firstLeaf } = plan;
    // Short blocks are searched in nearly every group, halves of the frame in few.
    const nodes = blocks > 2 ? nodeParities(plan, this.#bits) : NOTHING;
    const odd = new Int32Array(this.#reusesParts ? firstLeaf + (blocks << depth) : blocks);
    const cut = this.#reusesParts ? new Int32Array(firstLeaf) : NOTHING;
    this.#passes.push({ ...plan, nodes, odd, dirty: new Int32Array((odd.length + 31) >> 5), cut });
    return blocks > 2 ? nodes.subarray(0, blocks) : blockParities(plan, this.#bits);
  }

  /** Forgets all passes: what is corrected from now on has no effect on them. */
  forget(): void {
    for (const { nodes, spare } of this.#passes) if (nodes.length > 0) spare.push(nodes);
    this.#passes = [];
  }

  /** Takes the differences of the parities of the last pass's blocks and searches the odd ones. */
  search(differences: Int32Array): void {
    const { odd, dirty } = this.#pass(this.#passes.length - 1);
    odd.set(differences);
    dirty.fill(ALL);
    this.#goOn(ALL);
  }

  /**
   * Writes one's own parities that the searches need: of the first half of each one's node.
   * @param start the bit of `out` to begin at
   * @returns the bit behind the last
   */
  write(out: Uint8Array, start: number): number {
    const { items, length } = this.#searches;
    const bits = this.#bits;
    let at = start;
    let byte = out[at >> 3] ?? 0;
    let index = -1;
    let { blocks, firstLeaf, bitsOf, nodes } = NONE;
    for (let next = 0; next < length; next++, at++) {
      const search = items[next] ?? 0;
      if (search >>> PASS !== index) {
        index = search >>> PASS;
        ({ blocks, firstLeaf, bitsOf, nodes } = this.#pass(index));
      }
      const node = (search >> NODE) & NODE_MASK;
      const leaf = node - firstLeaf;
      const word = leaf < 0 ? nodes[2 * node + blocks] : bits[bitsOf[2 * leaf] ?? 0];
      byte |= (((word ?? 0) >>> (search & FRAME_MASK)) & 1) << (at & 7);
      if ((at & 7) === 7) {
        out[at >> 3] = byte;
        byte = 0;
      }
    }
    if ((at & 7) !== 0) out[at >> 3] = byte;
    return at;
  }

  /**
   * Takes the differences of these parities: each search goes on to the odd half, or has found its error.
   * @param start the bit of `differences` to begin at
   * @returns the bit behind the last
   */
  read(differences: Uint8Array, start: number): number {
    const searches = this.#searches;
    const { items, length } = searches;
    let found = 0;
    let searching = 0;
    let kept = 0;
    let index = -1;
    let { blocks, firstLeaf, bitsOf, cut } = NONE;
    for (let next = 0, at = start; next < length; next++, at++) {
      const search = items[next] ?? 0;
      if (search >>> PASS !== index) {
        index = search >>> PASS;
        ({ blocks, firstLeaf, bitsOf, cut } = this.#pass(index));
      }
      const frame = search & FRAME_MASK;
      const node = (search >> NODE) & NODE_MASK;
      const even = 1 ^ (((differences[at >> 3] ?? 0) >> (at & 7)) & 1);
      let leaf = node - firstLeaf;
      let second = even;
      if (leaf < 0) {
        if (cut.length > 0) cut[node] = (cut[node] ?? 0) | (1 << frame);
        const half = 2 * node + blocks + even;
        leaf = half - firstLeaf;
        if (leaf < 0 || bitsOf[2 * leaf] !== bitsOf[2 * leaf + 1]) {
          items[kept++] = (index << PASS) | (half << NODE) | frame;
          searching |= 1 << frame;
          continue;
        }
        second = 0;
      }
      this.#correct(index, bitsOf[2 * leaf + second] ?? 0, frame);
      found |= 1 << frame;
    }
    searches.truncate(kept);
    this.#goOn(found & ~searching);
    return start + length;
  }

  /** Corrects a bit in one frame. In every pass but the one that found it the known node around it changes. */
  #correct(finder: number, bit: number, frame: number): void {
    const mask = 1 << frame;
    // True parities never lead here: there are not more errors than bits.
    if (++this.#corrections > 32 * this.#bits.length) throw new RangeError('parities that contradict each other');
    if (this.#corrects) this.#bits[bit] = (this.#bits[bit] ?? 0) ^ mask;
    const passes = this.#passes;
    for (let index = 0; index < passes.length; index++) {
      const pass = this.#pass(index);
      const { blocks, firstLeaf, nodes, odd, dirty } = pass;
      const leaf = pass.leafOf[bit] ?? 0;
      if (this.#corrects && nodes.length > 0) {
        // The block's own parity is not asked again.
        for (let node = firstLeaf + leaf; node >= blocks; node = (node - blocks) >> 1) nodes[node] = (nodes[node] ?? 0) ^ mask;
      }
      if (index === finder) continue;
      const known = knownNode(pass, leaf, mask);
      odd[known] = (odd[known] ?? 0) ^ mask;
      dirty[known >> 5] = (dirty[known >> 5] ?? 0) | mask;
    }
  }

  /** In each of these frames, which search nothing now, searches the odd nodes of the first pass that has any: these do not overlap. */
  #goOn(frames: number): void {
    let idle = frames;
    while (idle !== 0) {
      let corrected = 0;
      for (let index = 0; index < this.#passes.length && idle !== 0; index++) {
        const turns = index === 0 ? 1 : this.#turns;
        for (let turn = 0; turn < turns && idle !== 0; turn++) {
          const { started, ended } = this.#scan(index, turn, turns, idle);
          corrected = (corrected & ~started) | (ended & ~started);
          idle &= ~(started | ended);
        }
      }
      idle = corrected;
    }
  }

  /**
   * Starts the searches of one turn of a pass.
   * @returns the frames in which one began, and those in which an odd node of one bit was corrected on the spot
   */
  #scan(index: number, turn: number, turns: number, frames: number): { started: number; ended: number } {
    const pass = this.#pass(index);
    const { odd, dirty, firstLeaf, bitsOf } = pass;
    let started = 0;
    let ended = 0;
    for (let part = 0; part < dirty.length; part++) {
      const asked = (dirty[part] ?? 0) & frames;
      if (asked === 0) continue;
      if (turn === turns - 1) dirty[part] = (dirty[part] ?? 0) & ~asked;
      const end = Math.min(odd.length, 32 * part + 32);
      for (let node = 32 * part + turn; node < end; node += turns) {
        let found = (odd[node] ?? 0) & asked;
        if (found === 0) continue;
        odd[node] = (odd[node] ?? 0) ^ found;
        const leaf = node - firstLeaf;
        const single = leaf >= 0 && bitsOf[2 * leaf] === bitsOf[2 * leaf + 1];
        for (; found !== 0; found &= found - 1) {
          const frame = 31 - Math.clz32(found & -found);
          if (single) {
            this.#correct(index, bitsOf[2 * leaf] ?? 0, frame);
            ended |= 1 << frame;
          } else {
            this.#searches.push((index << PASS) | (node << NODE) | frame);
            started |= 1 << frame;
          }
        }
      }
    }
    if (started !== 0 && pass.nodes.length === 0) pass.nodes = nodeParities(pass, this.#bits);
    return { started, ended };
  }

  #pass(index: number): Pass {
    const pass = this.#passes[index];
    if (pass === undefined) throw new RangeError(`no pass ${index}`);
    return pass;
  }
}

/** The smallest node around a leaf whose parity both parties know in a frame. */
const knownNode = ({ blocks, depth, cut }: Pass, leaf: number, mask: number): number => {
  let node = leaf >> depth;
  if (cut.length === 0) return node;
  for (let level = 1; level <= depth && ((cut[node] ?? 0) & mask) !== 0; level++) node = blocks * ((1 << level) - 1) + (leaf >> (depth - level));
  return node;
};
