/**
 * Paths through a network of links that share no node between their ends: as short as possible in sum (Suurballe 1974,
 * as a flow of least cost over nodes split in two).
 */

/** Links by the names of their ends, in either direction. */
export type Links = readonly (readonly [string, string])[];

/** A place on a path: a node as it is entered, or as it is left. Only one path may pass from one to the other. */
type Place = `in ${string}` | `out ${string}`;

/**
 * Up to `count` paths from one node to another, from the shortest to the longest; ties go by name, so that all nodes
 * find the same.
 * @returns each path with both ends; fewer than `count` when there are no more, none when the two are not connected
 */
export const disjointPaths = (links: Links, from: string, to: string, count: number): string[][] => {
  const neighbours = new Map<string, string[]>();
  for (const [a, b] of [...links, ...links.map(([a, b]) => [b, a] as const)]) neighbours.set(a, [...(neighbours.get(a) ?? []), b].sort());

  // The edges used by the flow so far, `next.get(x)` being where a path goes on from x.
  const used = new Map<Place, Set<Place>>();
  const flows = (a: Place, b: Place): boolean => used.get(a)?.has(b) === true;

  const edges = (place: Place): { to: Place; cost: number }[] => {
    const node = place.slice(place.indexOf(' ') + 1);
    const found: { to: Place; cost: number }[] = [];
    if (place.startsWith('in')) {
      if (!flows(place, `out ${node}`)) found.push({ to: `out ${node}`, cost: 0 });
      for (const other of neighbours.get(node) ?? []) if (flows(`out ${other}`, place)) found.push({ to: `out ${other}`, cost: -1 });
    } else {
      for (const other of neighbours.get(node) ?? []) if (!flows(place, `in ${other}`)) found.push({ to: `in ${other}`, cost: 1 });
      if (flows(`in ${node}`, place)) found.push({ to: `in ${node}`, cost: 0 });
    }
    return found;
  };

  for (let path = 0; path < count; path++) {
    const steps = cheapest(`out ${from}`, `in ${to}`, edges);
    if (steps === undefined) break;
    for (let i = 0; i + 1 < steps.length; i++) {
      const [a, b] = [steps[i] as Place, steps[i + 1] as Place];
      // A step back along a path undoes it.
      if (flows(b, a)) used.get(b)?.delete(a);
      else used.set(a, (used.get(a) ?? new Set()).add(b));
    }
  }
  return follow(used, from, to).sort((a, b) => a.length - b.length || (a.join() < b.join() ? -1 : 1));
};

/** Bellman and Ford's search by a queue, because steps back have negative cost. */
const cheapest = (from: Place, to: Place, edges: (place: Place) => { to: Place; cost: number }[]): Place[] | undefined => {
  const reached = new Map<Place, { cost: number; before: Place | undefined }>([[from, { cost: 0, before: undefined }]]);
  const queue = [from];
  for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
    const soFar = reached.get(place)?.cost ?? 0;
    for (const edge of edges(place)) {
      if (soFar + edge.cost >= (reached.get(edge.to)?.cost ?? Infinity)) continue;
      reached.set(edge.to, { cost: soFar + edge.cost, before: place });
      queue.push(edge.to);
    }
  }
  if (!reached.has(to)) return undefined;
  const steps: Place[] = [];
  for (let place: Place | undefined = to; place !== undefined; place = reached.get(place)?.before) steps.unshift(place);
  return steps;
};

/** Reads the paths off the flow. */
const follow = (used: ReadonlyMap<Place, ReadonlySet<Place>>, from: string, to: string): string[][] =>
  [...(used.get(`out ${from}`) ?? [])].map((first) => {
    const path = [from];
    for (let place: Place = first; ;) {
      const node = place.slice(3);
      path.push(node);
      if (node === to) return path;
      place = [...(used.get(`out ${node}`) ?? [])][0] ?? `in ${to}`;
    }
  });
