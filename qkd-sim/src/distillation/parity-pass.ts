/**
 * One pass of Cascade over 32 frames at once: a public permutation of the frame, cut into blocks, and over each block
 * a binary tree of parity words. Bit j of a word belongs to frame j. A query reads one word; a correction flips one
 * word a level.
 */

/** The places of a pass, the same for every group of frames; public. */
export interface PassPlan {
  readonly blocks: number;
  /** Levels below a block's root; level `depth` has at most one position a node. */
  readonly depth: number;
  /** The frame's bits in the order of this pass. */
  readonly order: Uint16Array;
  /** The node at level `depth` under which each bit of the frame lies. */
  readonly leafOf: Uint32Array;
}

/** The first position of node `index` of `count` equal ones: nodes of a level divide the frame as evenly as can be. */
export const firstPosition = (frameBits: number, index: number, count: number): number => Math.floor((frameBits * index) / count);

/** Lays out a pass. */
export const planPass = (order: Uint16Array, blockSize: number): PassPlan => {
  const n = order.length;
  const blocks = Math.ceil(n / blockSize);
  const depth = Math.max(0, Math.ceil(Math.log2(Math.ceil(n / blocks))));
  const leaves = blocks << depth;
  const leafOf = new Uint32Array(n);
  for (let leaf = 0; leaf < leaves; leaf++) {
    const end = firstPosition(n, leaf + 1, leaves);
    for (let position = firstPosition(n, leaf, leaves); position < end; position++) leafOf[order[position] ?? 0] = leaf;
  }
  return { blocks, depth, order, leafOf };
};

/** Where level L of a pass begins in its array of nodes. */
const levelStart = (blocks: number, level: number): number => blocks * ((1 << level) - 1);

/** The parities of one party in one pass, for one group of 32 frames. */
export class ParityTrees {
  readonly plan: PassPlan;
  readonly #nodes: Int32Array;

  constructor(plan: PassPlan, bits: Int32Array) {
    const { blocks, depth, order } = plan;
    const n = order.length;
    this.plan = plan;
    this.#nodes = new Int32Array(levelStart(blocks, depth + 1));
    const leaves = blocks << depth;
    const bottom = levelStart(blocks, depth);
    for (let leaf = 0, position = 0; leaf < leaves; leaf++) {
      const end = firstPosition(n, leaf + 1, leaves);
      if (position < end) this.#nodes[bottom + leaf] = bits[order[position++] ?? 0] ?? 0;
    }
    for (let level = depth - 1; level >= 0; level--) {
      const [start, below] = [levelStart(blocks, level), levelStart(blocks, level + 1)];
      const nodes = blocks << level;
      for (let node = 0; node < nodes; node++) {
        this.#nodes[start + node] = (this.#nodes[below + 2 * node] ?? 0) ^ (this.#nodes[below + 2 * node + 1] ?? 0);
      }
    }
  }

  /** The parity word of a node. */
  parity(level: number, node: number): number {
    return this.#nodes[levelStart(this.plan.blocks, level) + node] ?? 0;
  }

  /** Flips one bit of the frame in the frames of a mask. */
  flip(bit: number, mask: number): void {
    const { blocks, depth, leafOf } = this.plan;
    let node = leafOf[bit] ?? 0;
    for (let level = depth; level >= 0; level--, node >>= 1) {
      const at = levelStart(blocks, level) + node;
      this.#nodes[at] = (this.#nodes[at] ?? 0) ^ mask;
    }
  }
}
