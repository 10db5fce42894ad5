/** The tree's shape against known roots of RFC 6962's rule, and its paths. */
import { expect } from 'chai';
import fc from 'fast-check';

import { fromHex, sha256, toHex } from '../encoding/digest.js';
import { rootFromPath, treePath, treeRoot } from './merkle.js';

const data = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(fromHex);
const roots = ['e3b0c442', '6e340b9c', 'fac54203', 'aeb6bcfe', 'd37ee418', '4e3bbb1f', '76e67dad', 'ddb89be4', '5dc9da79'];

describe('Merkle tree', () => {
  it('has the roots of RFC 6962 for 0 to 8 leaves', () => {
    expect(roots.map((_, size) => toHex(treeRoot(sha256, data.slice(0, size))).slice(0, 8))).to.deep.equal(roots);
  });

  it('leads every leaf to the root by its path, of the length the index needs', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 4 }), { minLength: 1, maxLength: 40 }), (leaves) => {
      const root = treeRoot(sha256, leaves);
      leaves.forEach((leaf, index) => {
        const path = treePath(sha256, leaves, index);
        expect(rootFromPath(sha256, leaf, index, leaves.length, path)).to.deep.equal(root);
        expect(rootFromPath(sha256, leaf, index, leaves.length, [...path, root])).to.equal(undefined);
        if (path.length > 0) expect(rootFromPath(sha256, leaf, index, leaves.length, path.slice(1))).to.equal(undefined);
      });
    }), { numRuns: 40 });
  });

  it('leads nowhere for another index, leaf or sibling', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(7), fc.nat(7), (size, one, other) => {
      fc.pre(one < size && other < size && one !== other);
      const leaves = data.slice(0, size);
      const path = treePath(sha256, leaves, one);
      const root = toHex(treeRoot(sha256, leaves));
      const reached = (leaf: Uint8Array, index: number, by: readonly Uint8Array[]): string => toHex(rootFromPath(sha256, leaf, index, size, by) ?? new Uint8Array());
      expect(reached(leaves[one]!, other, path)).to.not.equal(root);
      expect(reached(leaves[other]!, one, path)).to.not.equal(root);
      path.forEach((_, at) => { expect(reached(leaves[one]!, one, path.map((step, place) => (place === at ? sha256(step) : step)))).to.not.equal(root); });
    }));
  });

  it('has no place outside the tree', () => {
    for (const [index, size] of [[-1, 3], [3, 3], [0, 0], [0.5, 3], [0, 2.5], [0, 2 ** 60], [Number.NaN, 3]] as const) expect(rootFromPath(sha256, data[0]!, index, size, [])).to.equal(undefined);
  });
});
