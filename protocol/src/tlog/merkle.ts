/** A Merkle tree in the shape of RFC 6962, section 2.1: leaf H(00 ‖ data), node H(01 ‖ left ‖ right), the left half a power of two. */
import { concat } from '../encoding/digest.js';

/** The tree's hash function H. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

/** Hash of a leaf. */
export const leafHash = (hash: Hash, data: Uint8Array): Uint8Array => hash(concat(Uint8Array.of(0), data));

function nodeHash(hash: Hash, left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.length);
  return hash(bytes);
}

/** Leaves of the left subtree: the largest power of two below `size` (2 or more). */
function leftSize(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** Root over the leaves' data (RFC 6962: MTH); of no leaves the hash of nothing. */
export function treeRoot(hash: Hash, leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return hash(new Uint8Array());
  if (leaves.length === 1) return leafHash(hash, only);
  const half = leftSize(leaves.length);
  return nodeHash(hash, treeRoot(hash, leaves.slice(0, half)), treeRoot(hash, leaves.slice(half)));
}

/** Audit path of one leaf, from the leaf's sibling up (RFC 6962, section 2.1.1: PATH). `index` is 0 to `leaves.length` - 1. */
export function treePath(hash: Hash, leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const half = leftSize(leaves.length);
  const [left, right] = [leaves.slice(0, half), leaves.slice(half)];
  return index < half ? [...treePath(hash, left, index), treeRoot(hash, right)] : [...treePath(hash, right, index - half), treeRoot(hash, left)];
}

/**
 * The root that a leaf, its index, the tree's size and a path lead to; compare it with the root you trust.
 * Undefined when the index lies outside the tree or the path has not the one length that belongs to it.
 */
export function rootFromPath(hash: Hash, leaf: Uint8Array, index: number, size: number, path: readonly Uint8Array[]): Uint8Array | undefined {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) return undefined;
  const half = (place: number): number => Math.floor(place / 2);
  // RFC 9162, section 2.1.3.2: where the node stands on its level, and the last one of that level.
  let [place, last] = [index, size - 1];
  let node = leafHash(hash, leaf);
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (place % 2 === 1 || place === last) {
      node = nodeHash(hash, sibling, node);
      // A last node without a neighbour is its own parent.
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      node = nodeHash(hash, node, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 ? node : undefined;
}

/**
 * Whether a tree of `size` leaves begins with the one of `oldSize` leaves (RFC 6962, section 2.1.2): the proof must lead from the old root to both roots.
 * @param proof as `MerkleLog.consistency` gives it; empty where both sizes are the same.
 */
export function isConsistent(hash: Hash, old: { readonly size: number; readonly root: Uint8Array }, grown: { readonly size: number; readonly root: Uint8Array }, proof: readonly Uint8Array[]): boolean {
  if (!Number.isSafeInteger(old.size) || !Number.isSafeInteger(grown.size) || old.size < 1 || old.size > grown.size) return false;
  const steps = [...proof];
  /** Roots of the old and of the grown tree over a part of the leaves; `whole` while the old tree fills the part from its left edge. */
  const climb = (oldSize: number, size: number, whole: boolean): [Uint8Array, Uint8Array] | undefined => {
    if (oldSize === size) {
      const root = whole ? old.root : steps.pop();
      return root && [root, root];
    }
    const sibling = steps.pop();
    if (sibling === undefined) return undefined;
    const half = leftSize(size);
    const inLeft = oldSize <= half;
    const below = inLeft ? climb(oldSize, half, whole) : climb(oldSize - half, size - half, false);
    if (below === undefined) return undefined;
    return inLeft ? [below[0], nodeHash(hash, below[1], sibling)] : [nodeHash(hash, sibling, below[0]), nodeHash(hash, sibling, below[1])];
  };
  const reached = climb(old.size, grown.size, true);
  return reached !== undefined && steps.length === 0 && Buffer.compare(reached[0], old.root) === 0 && Buffer.compare(reached[1], grown.root) === 0;
}

/** A tree that grows: roots and proofs of every size it has had, in steps that grow with the logarithm of its size. */
export class MerkleLog {
  readonly #hash: Hash;
  /** Hashes of all full subtrees: `#levels[l][i]` is over leaves i·2^l to (i + 1)·2^l - 1. */
  readonly #levels: Uint8Array[][] = [[]];

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  get size(): number {
    return this.#levels[0]?.length ?? 0;
  }

  append(data: Uint8Array): void {
    let node = leafHash(this.#hash, data);
    for (let level = 0; ; level++) {
      const nodes = (this.#levels[level] ??= []);
      nodes.push(node);
      if (nodes.length % 2 === 1) return;
      node = nodeHash(this.#hash, nodes.at(-2) as Uint8Array, node);
    }
  }

  /** Root over leaves `start` to `end` - 1; `start` is a multiple of the largest power of two below the length, as in every subtree. */
  #over(start: number, end: number): Uint8Array {
    const size = end - start;
    const level = Math.log2(size);
    if (Number.isInteger(level)) return this.#levels[level]?.[start / size] as Uint8Array;
    const half = leftSize(size);
    return nodeHash(this.#hash, this.#over(start, start + half), this.#over(start + half, end));
  }

  #assertHolds(size: number): void {
    if (!Number.isSafeInteger(size) || size < 1 || size > this.size) throw new RangeError(`the log has ${this.size} leaves, not ${size}`);
  }

  /** Root of the first `size` leaves, 1 to the log's size. @throws RangeError. */
  root(size: number = this.size): Uint8Array {
    this.#assertHolds(size);
    return this.#over(0, size);
  }

  /** The path of a leaf in the tree of the first `size` leaves, for `rootFromPath`. @throws RangeError. */
  path(index: number, size: number = this.size): Uint8Array[] {
    this.#assertHolds(size);
    this.#assertHolds(index + 1);
    if (index >= size) throw new RangeError(`leaf ${index} is not among the first ${size}`);
    const down = (start: number, end: number): Uint8Array[] => {
      if (end - start === 1) return [];
      const middle = start + leftSize(end - start);
      return index < middle ? [...down(start, middle), this.#over(middle, end)] : [...down(middle, end), this.#over(start, middle)];
    };
    return down(0, size);
  }

  /** The proof that the tree of `size` leaves begins with that of `oldSize` leaves, for `isConsistent`. @throws RangeError. */
  consistency(oldSize: number, size: number = this.size): Uint8Array[] {
    this.#assertHolds(size);
    this.#assertHolds(oldSize);
    if (oldSize > size) throw new RangeError(`${oldSize} leaves are no beginning of ${size}`);
    const down = (start: number, end: number, whole: boolean): Uint8Array[] => {
      if (oldSize === end) return whole ? [] : [this.#over(start, end)];
      const middle = start + leftSize(end - start);
      return oldSize <= middle ? [...down(start, middle, whole), this.#over(middle, end)] : [...down(middle, end, false), this.#over(start, middle)];
    };
    return down(0, size, true);
  }
}
