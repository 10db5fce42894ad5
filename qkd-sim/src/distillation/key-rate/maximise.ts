/** The largest value of a function of some variables: the downhill simplex of Nelder and Mead (1965), upside down. */

type Point = readonly number[];
interface Vertex {
  readonly at: Point;
  readonly value: number;
}

const along = (from: Point, to: Point, share: number): Point => from.map((value, index) => value + share * ((to[index] ?? 0) - value));

/** One step of the simplex. @param vertices best first */
const step = (f: (at: Point) => number, vertices: readonly Vertex[]): Vertex[] => {
  const [best, worst] = [vertices[0], vertices.at(-1)];
  if (best === undefined || worst === undefined) return [];
  const others = vertices.slice(0, -1);
  const centre = worst.at.map((_, index) => others.reduce((sum, { at }) => sum + (at[index] ?? 0), 0) / others.length);
  const vertex = (share: number): Vertex => {
    const at = along(centre, worst.at, share);
    return { at, value: f(at) };
  };
  const reflected = vertex(-1);
  if (reflected.value > best.value) {
    const expanded = vertex(-2);
    return [...others, expanded.value > reflected.value ? expanded : reflected];
  }
  if (reflected.value > (others.at(-1)?.value ?? -Infinity)) return [...others, reflected];
  const contracted = vertex(reflected.value > worst.value ? -0.5 : 0.5);
  if (contracted.value > Math.max(worst.value, reflected.value)) return [...others, contracted];
  return [best, ...vertices.slice(1).map(({ at }) => along(best.at, at, 0.5)).map((at) => ({ at, value: f(at) }))];
};

/**
 * Searches for a maximum from a start; it may be a local one.
 * @param f −Infinity where the point is not allowed
 * @param reach how far the first simplex goes in each direction
 */
export const maximise = (f: (at: Point) => number, start: Point, reach = 0.3, steps = 400): Vertex => {
  const points = [start, ...start.map((_, moved) => start.map((value, index) => (index === moved ? value + reach : value)))];
  let vertices: Vertex[] = points.map((at) => ({ at, value: f(at) }));
  for (let count = 0; count < steps; count++) {
    vertices.sort((one, other) => other.value - one.value);
    vertices = step(f, vertices);
  }
  return vertices.reduce((best, vertex) => (vertex.value > best.value ? vertex : best));
};
