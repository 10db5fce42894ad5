/** The growing tree: the same roots and paths as the plain one, and consistency proofs that lead nowhere else. */
import { expect } from 'chai';
import fc from 'fast-check';
import { sha256, toHex } from '../encoding/digest.js';
import { isConsistent, MerkleLog, rootFromPath, treePath, treeRoot } from './merkle.js';

const leavesOf = (size: number): Uint8Array[] => Array.from({ length: size }, (_, at) => Uint8Array.of(at, at >> 8));
function logOf(leaves: readonly Uint8Array[]): MerkleLog {
  const log = new MerkleLog(sha256);
  for (const leaf of leaves) log.append(leaf);
  return log;
}

describe('MerkleLog', () => {
  const leaves = leavesOf(67);
  const log = logOf(leaves);

  it('has the roots and paths of RFC 6962 at every size', () => {
    for (let size = 1; size <= leaves.length; size++) {
      expect(toHex(log.root(size))).to.equal(toHex(treeRoot(sha256, leaves.slice(0, size))));
      for (const index of [0, size >> 1, size - 1]) expect(log.path(index, size)).to.deep.equal(treePath(sha256, leaves.slice(0, size), index));
    }
  });

  it('proves that every size begins with every smaller one', () => {
    for (let size = 1; size <= leaves.length; size++) {
      for (let old = 1; old <= size; old++) {
        expect(isConsistent(sha256, { size: old, root: log.root(old) }, { size, root: log.root(size) }, log.consistency(old, size)), `${old} of ${size}`).to.equal(true);
      }
    }
  });

  it('gives the proofs of RFC 6962, section 2.1.3: 3, 4 and 6 of 7 leaves', () => {
    const seven = leavesOf(7);
    const over = (from: number, to: number): string => toHex(treeRoot(sha256, seven.slice(from, to)));
    const proof = (old: number): string[] => log.consistency(old, 7).map(toHex);
    expect(proof(3)).to.deep.equal([over(2, 3), over(3, 4), over(0, 2), over(4, 7)]);
    expect(proof(4)).to.deep.equal([over(4, 7)]);
    expect(proof(6)).to.deep.equal([over(4, 6), over(6, 7), over(0, 4)]);
  });

  it('believes no other root, size or step', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 67 }), fc.nat(65), fc.nat(7), (size, pick, bit) => {
      const old = 1 + (pick % (size - 1));
      const [from, to, proof] = [{ size: old, root: log.root(old) }, { size, root: log.root(size) }, log.consistency(old, size)];
      const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === pick % 32 ? byte ^ (1 << bit) : byte));
      const consistent = (...of: [typeof from, typeof to, readonly Uint8Array[]]): boolean => isConsistent(sha256, ...of);
      expect(consistent({ ...from, root: flipped(from.root) }, to, proof)).to.equal(false);
      expect(consistent(from, { ...to, root: flipped(to.root) }, proof)).to.equal(false);
      proof.forEach((_, at) => { expect(consistent(from, to, proof.map((step, place) => (place === at ? flipped(step) : step)))).to.equal(false); });
      expect(consistent(from, to, [...proof, from.root])).to.equal(false);
      expect(consistent(from, to, proof.slice(1))).to.equal(false);
      expect(consistent({ ...from, size: 0 }, to, proof)).to.equal(false);
      expect(consistent({ ...from, size: size + 1 }, to, proof)).to.equal(false);
    }));
  });

  it('leads nowhere from a history that was changed before', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 67 }), fc.nat(65), fc.nat(66), (size, pick, place) => {
      const old = 1 + (pick % (size - 1));
      const changed = place % old;
      const other = logOf(leaves.slice(0, size).map((leaf, at) => (at === changed ? Uint8Array.of(9, 9, 9) : leaf)));
      expect(isConsistent(sha256, { size: old, root: log.root(old) }, { size, root: other.root() }, other.consistency(old))).to.equal(false);
      expect(toHex(rootFromPath(sha256, leaves[changed]!, changed, size, other.path(changed)) ?? Uint8Array.of())).not.to.equal(toHex(other.root()));
    }));
  });

  it('has no size that it has not reached', () => {
    for (const bad of [0, -1, 0.5, 68]) {
      expect(() => log.root(bad)).to.throw(RangeError);
      expect(() => log.consistency(1, bad)).to.throw(RangeError);
      expect(() => log.path(bad - 1)).to.throw(RangeError);
    }
    expect(() => log.path(5, 5)).to.throw(RangeError);
  });
});
