/** Exponentially distributed numbers by the ziggurat method of Marsaglia and Tsang (2000): exact, nearly always without a logarithm. */
import type { RandomNumbers } from './random.js';

const LAYERS = 256;
/** Where the lowest layer's tail begins, and the area of every layer. */
const TAIL = 7.697_117_470_131_05;
const AREA = 0.003_949_659_822_581_557;

/** The right ends of the layers from the lowest, whose tail is counted in, to the top, and the density there. */
const ends = new Float64Array(LAYERS + 1);
ends[0] = AREA / Math.exp(-TAIL);
for (let layer = 1, end = TAIL; layer < LAYERS; layer++, end = -Math.log(Math.exp(-end) + AREA / end)) ends[layer] = end;
const densities = ends.map((end) => Math.exp(-end));

/** A number with mean 1 and 53 bits below the end of its layer. */
export const exponential = (random: RandomNumbers): number => {
  for (let passed = 0; ;) {
    const low = random.word();
    const layer = low & (LAYERS - 1);
    const value = ((random.word() * 0x20_0000 + (low >>> 11) + 0.5) / 0x20_0000_0000_0000) * (ends[layer] ?? 0);
    if (value < (ends[layer + 1] ?? 0)) return passed + value;
    // Beyond the tail's begin the law repeats itself.
    if (layer === 0) passed += TAIL;
    else if ((densities[layer] ?? 0) + random.uniform() * ((densities[layer + 1] ?? 0) - (densities[layer] ?? 0)) < Math.exp(-value)) return passed + value;
  }
};
