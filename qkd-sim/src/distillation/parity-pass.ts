/**
 * The layout of one pass of Cascade: a public permutation of the frame, cut into blocks, and over each block a binary
 * tree. Node i of level L has the children 2i and 2i + 1 of level L + 1; all levels stand one after the other, so that
 * node a of them all has the children 2a + blocks and 2a + blocks + 1. A leaf has one or two positions.
 */
import { createCipheriv } from 'node:crypto';

/** The places of a pass, the same for every frame; public. */
export interface PassPlan {
  readonly blocks: number;
  /** The level of the leaves; the blocks are level 0. */
  readonly depth: number;
  /** The first leaf among all nodes; those before it have children. */
  readonly firstLeaf: number;
  /** The bits of each leaf, two by two; the same twice where a leaf has one. */
  readonly bitsOf: Uint16Array;
  /** The leaf, counted from the first, in which each bit of the frame lies. */
  readonly leafOf: Uint16Array;
  /** Memory for the parities of all nodes that nobody uses now: to take it from the system anew costs as much as to fill it. */
  readonly spare: Int32Array[];
}

/** The first position of node `index` of `count`: the nodes of a level divide the positions as evenly as can be. */
export const firstPosition = (positions: number, index: number, count: number): number => Math.floor((positions * index) / count);

/** A public permutation of 0 … n−1; the same every time, which is harmless because errors are fresh. */
export const publicPermutation = (n: number, pass: number): Uint16Array => {
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

/** Lays out a pass over the first `positions` of an order. */
const layOut = (order: Uint16Array, blocks: number, positions: number): PassPlan => {
  const depth = Math.max(0, Math.ceil(Math.log2(Math.ceil(positions / blocks))) - 1);
  const leaves = blocks << depth;
  const bitsOf = new Uint16Array(2 * leaves);
  const leafOf = new Uint16Array(order.length);
  for (let leaf = 0, start = 0; leaf < leaves; leaf++) {
    const end = firstPosition(positions, leaf + 1, leaves);
    const pair = [order[start] ?? 0, order[end - 1] ?? 0];
    bitsOf.set(pair, 2 * leaf);
    for (const bit of pair) leafOf[bit] = leaf;
    start = end;
  }
  return { blocks, depth, firstLeaf: leaves - blocks, bitsOf, leafOf, spare: [] };
};

const plans = new Map<string, PassPlan>();
/** Plans that are kept: error rates vary little, so that a link uses the same few again and again. */
const KEPT_PLANS = 200;

/**
 * The layout of a pass, made once.
 * @param frameBits 2 to 65,536
 * @param pass chooses the permutation
 * @param positions how many of the permuted bits take part
 */
export const planPass = (frameBits: number, pass: number, blockSize: number, positions = frameBits): PassPlan => {
  const blocks = Math.ceil(positions / blockSize);
  const name = `${frameBits}/${pass}/${blocks}/${positions}`;
  const plan = plans.get(name) ?? layOut(publicPermutation(frameBits, pass), blocks, positions);
  plans.delete(name);
  plans.set(name, plan);
  for (const oldest of plans.keys()) {
    if (plans.size <= KEPT_PLANS) break;
    plans.delete(oldest);
  }
  return plan;
};

/** The parity words of all nodes of a pass: bit j of a word belongs to frame j. */
export const nodeParities = ({ blocks, firstLeaf, bitsOf, spare }: PassPlan, bits: Int32Array): Int32Array => {
  const leaves = bitsOf.length >> 1;
  const words = spare.pop() ?? new Int32Array(firstLeaf + leaves);
  for (let leaf = 0; leaf < leaves; leaf++) words[firstLeaf + leaf] = leafParity(bitsOf, leaf, bits);
  for (let node = firstLeaf - 1; node >= 0; node--) words[node] = (words[2 * node + blocks] ?? 0) ^ (words[2 * node + blocks + 1] ?? 0);
  return words;
};

/** The parity words of a pass's blocks alone. */
export const blockParities = ({ blocks, depth, bitsOf }: PassPlan, bits: Int32Array): Int32Array => {
  const words = new Int32Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const end = (block + 1) << depth;
    let word = 0;
    for (let leaf = block << depth; leaf < end; leaf++) word ^= leafParity(bitsOf, leaf, bits);
    words[block] = word;
  }
  return words;
};

const leafParity = (bitsOf: Uint16Array, leaf: number, bits: Int32Array): number => {
  const [first, last] = [bitsOf[2 * leaf] ?? 0, bitsOf[2 * leaf + 1] ?? 0];
  return first === last ? (bits[first] ?? 0) : (bits[first] ?? 0) ^ (bits[last] ?? 0);
};
