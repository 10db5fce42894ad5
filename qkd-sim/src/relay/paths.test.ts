/** Paths that share no node: known graphs, and properties over random ones. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Links, disjointPaths } from './paths.js';

describe('disjoint paths', () => {
  const square: Links = [['a', 'b'], ['b', 'd'], ['a', 'c'], ['c', 'd']];

  it('finds the shortest way, and a second that shares nothing with it', () => {
    expect(disjointPaths(square, 'a', 'd', 1)).deep.equal([['a', 'b', 'd']]);
    expect(disjointPaths(square, 'a', 'd', 2)).deep.equal([['a', 'b', 'd'], ['a', 'c', 'd']]);
    expect(disjointPaths(square, 'a', 'd', 3)).length(2);
  });

  it('counts a direct link as a path', () => {
    expect(disjointPaths([...square, ['a', 'd']], 'a', 'd', 9)).deep.equal([['a', 'd'], ['a', 'b', 'd'], ['a', 'c', 'd']]);
  });

  it('gives up a greedy first choice when only two longer paths are disjoint', () => {
    // The shortest path a-x-y-d alone would block both others.
    const trap: Links = [['a', 'x'], ['x', 'y'], ['y', 'd'], ['a', 'p'], ['p', 'q'], ['q', 'y'], ['x', 'r'], ['r', 's'], ['s', 'd']];
    expect(disjointPaths(trap, 'a', 'd', 1)).deep.equal([['a', 'x', 'y', 'd']]);
    expect(disjointPaths(trap, 'a', 'd', 2)).deep.equal([['a', 'p', 'q', 'y', 'd'], ['a', 'x', 'r', 's', 'd']]);
  });

  it('finds none where there is none', () => {
    expect(disjointPaths([['a', 'b'], ['c', 'd']], 'a', 'd', 2)).deep.equal([]);
  });

  it('holds for random networks: real links, no shared node, as many as Menger allows, the same from both ends in number', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const pairs = nodes.flatMap((one, i) => nodes.slice(i + 1).map((other) => [one, other] as const));
    fc.assert(fc.property(fc.subarray(pairs), (links) => {
      const linked = (one: string, other: string): boolean => links.some(([p, q]) => (p === one && q === other) || (p === other && q === one));
      const paths = disjointPaths(links, 'a', 'g', 9);
      for (const path of paths) {
        expect(path[0]).equal('a');
        expect(path.at(-1)).equal('g');
        for (let i = 0; i + 1 < path.length; i++) expect(linked(path[i]!, path[i + 1]!)).equal(true);
      }
      const inner = paths.flatMap((path) => path.slice(1, -1));
      expect(new Set(inner).size).equal(inner.length);
      // Menger: a smallest set of nodes that parts the two (beside a direct link) has as many nodes as there are paths.
      const parts = (cut: readonly string[]): boolean => disjointPaths(links.filter(([p, q]) => ![p, q].some((node) => cut.includes(node)) && !(p === 'a' && q === 'g')), 'a', 'g', 1).length === 0;
      const smallest = Math.min(...subsets(nodes.slice(1, -1)).filter(parts).map((cut) => cut.length));
      expect(paths.length).equal(smallest + (linked('a', 'g') ? 1 : 0));
      expect(disjointPaths(links, 'g', 'a', 9)).length(paths.length);
    }), { numRuns: 200 });
  });
});

const subsets = (list: readonly string[]): string[][] => list.reduce<string[][]>((all, item) => [...all, ...all.map((one) => [...one, item])], [[]]);
