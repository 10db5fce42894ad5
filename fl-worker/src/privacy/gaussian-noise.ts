/**
 * Gaussian noise for vectors of floats: they are rounded to a grid of a millionth of the noise, and the noise is drawn on that grid. Noise drawn as
 * floats would betray the value beneath by the gaps between floats (Mironov 2012).
 */
import { discreteGaussian, maxScale } from './discrete-noise.js';
import type { RandomBits } from './random-bits.js';

/** A grid of steps 2^k and the noise's deviation in steps. */
interface NoiseGrid {
  readonly step: number;
  readonly sigma: number;
}

/** The grid for a deviation: 2^19 to 2^20 steps, rounded up. The discrete Gaussian is then the continuous one but for e^(−10^12). */
function gridFor(deviation: number): NoiseGrid {
  if (!(deviation > 2 ** -900 && deviation < 2 ** 900)) throw new RangeError('a deviation must be above 0 and finite');
  const step = 2 ** (Math.ceil(Math.log2(deviation)) - Math.log2(maxScale));
  return { step, sigma: Math.min(maxScale, Math.ceil(deviation / step)) };
}

/** How far rounding to the grid can move two vectors of a dimension apart: what clipping must leave room for. */
export const roundingRoom = (deviation: number, dimension: number): number => gridFor(deviation).step * Math.sqrt(dimension);

/** The vector on the grid with noise of at least the deviation on every coordinate. @throws RangeError for a coordinate that is not finite. */
export function withNoise(vector: Float64Array, deviation: number, random: RandomBits): Float64Array {
  const { step, sigma } = gridFor(deviation);
  return vector.map((value) => {
    if (!Number.isFinite(value)) throw new RangeError('only finite values can be hidden');
    return (Math.round(value / step) + discreteGaussian(sigma, random)) * step;
  });
}
