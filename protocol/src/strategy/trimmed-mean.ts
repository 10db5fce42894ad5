/** Coordinate-wise trimmed mean, Yin et al. 2018 (https://arxiv.org/abs/1803.01498): without the f smallest and the f largest of each coordinate; bears f < n/2 arbitrary updates. */
import { byCoordinate, meanBetween, type Rows } from './rows.js';

/** The mean of the n − 2f middle values of each coordinate. */
export const trimmedMean = (rows: Rows, f: number): Float64Array => byCoordinate(rows, (sorted) => meanBetween(sorted, f, sorted.length - 2 * f));
