/** Updates that point, reach or lie where those of the others do not, for the log of an aggregator who sees them one by one. A hint for people: no update is excluded for it. */
import { krumScores, readVector, updateLength, type Study, type UpdateVerdict } from '@epione/protocol';
import { difference } from '../training/local-strategy.js';

/** One update beside the others of its round. */
export interface Unusual {
  readonly participant: string;
  /** Cosine of its angle to what the round did to the model, −1 to 1. */
  readonly cosine: number;
  /** Its length over the middle one's, in deviations that one outlier cannot stretch (Iglewicz and Hoaglin 1993). */
  readonly normScore: number;
  /** Its Krum score over the middle one's: how far it lies from its nearest neighbours, squared; 1 is usual (Blanchard et al. 2017). */
  readonly krumScore: number;
}

/** Fewer updates have no middle that one could lie far from. */
const leastUpdates = 5;
const mostScore = 5;
/** Three times as far from its neighbours as the middle one. */
const mostKrum = 9;
/** The median of absolute deviations is so much smaller than a normal distribution's own. */
const toDeviation = 1.4826;

const normOf = (row: Float64Array): number => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}

/** The scores for as many outliers as Krum can bear among so many, over the middle one. */
function krumRatios(rows: readonly Float64Array[]): number[] {
  const scores = krumScores(rows, Math.floor((rows.length - 3) / 2));
  const middle = median(scores);
  return scores.map((score) => (score === middle ? 1 : score / middle));
}

/** The updates that point away from the round's step, are far longer or shorter than the others, or lie far from all that most have near. @param step what the round did to each parameter. */
export function unusualOf(rows: ReadonlyMap<string, Float64Array>, step: Float64Array): Unusual[] {
  if (rows.size < leastUpdates) return [];
  const length = normOf(step);
  const norms = [...rows.values()].map(normOf);
  const middle = median(norms);
  const deviation = toDeviation * median(norms.map((norm) => Math.abs(norm - middle)));
  const krum = krumRatios([...rows.values()]);
  return [...rows].map(([participant, row], at): Unusual => {
    const norm = norms[at] as number;
    const along = step.reduce((sum, value, k) => sum + value * (row[k] as number), 0);
    return { participant, cosine: norm * length === 0 ? 0 : along / (norm * length), normScore: norm === middle ? 0 : (norm - middle) / deviation, krumScore: krum[at] as number };
  }).filter(({ cosine, normScore, krumScore }) => cosine < 0 || Math.abs(normScore) > mostScore || krumScore > mostKrum);
}

/** The same from opened words. */
export function unusualUpdates(study: Study, verdicts: ReadonlyMap<string, UpdateVerdict>, base: Float32Array, model: Float32Array): Unusual[] {
  const { encoding, model: { dimension } } = study;
  const rows = [...verdicts].flatMap(([participant, verdict]): [string, Float64Array][] =>
    ('words' in verdict ? [[participant, readVector(verdict.words, encoding, updateLength(study, dimension)).steps.subarray(0, dimension)]] : []));
  return unusualOf(new Map(rows), difference(model, base));
}
