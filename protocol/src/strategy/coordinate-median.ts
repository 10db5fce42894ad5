/** Coordinate-wise median, Yin et al. 2018 (https://arxiv.org/abs/1803.01498): bears f < n/2 arbitrary updates. */
import { byCoordinate, middle, type Rows } from './rows.js';

/** The middle value of each coordinate. */
export const coordinateMedian = (rows: Rows): Float64Array => byCoordinate(rows, middle);
