/** A Merkle tree in the shape of RFC 6962, section 2.1: leaf H(00 ‖ data), node H(01 ‖ left ‖ right), the left half a power of two. */
import { concat } from './digest.js';

/** The tree's hash function H. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

/** Hash of a leaf. */
export const leafHash = (hash: Hash, data: Uint8Array): Uint8Array => hash(concat(Uint8Array.of(0), data));

const nodeHash = (hash: Hash, left: Uint8Array, right: Uint8Array): Uint8Array => hash(concat(Uint8Array.of(1), left, right));

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
  if (size === 1) return path.length === 0 ? leafHash(hash, leaf) : undefined;
  const sibling = path.at(-1);
  if (sibling === undefined) return undefined;
  const half = leftSize(size);
  const inLeft = index < half;
  const below = inLeft ? rootFromPath(hash, leaf, index, half, path.slice(0, -1)) : rootFromPath(hash, leaf, index - half, size - half, path.slice(0, -1));
  if (below === undefined) return undefined;
  return inLeft ? nodeHash(hash, below, sibling) : nodeHash(hash, sibling, below);
}
