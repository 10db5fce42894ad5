/** What a server strategy is: how the aggregated update of a round becomes the next step of the global model. */
import type { Ranges, Settings } from './setting.js';

/** A round as a server strategy sees it. */
export interface ServerRound {
  /** d of the study's model. */
  readonly dimension: number;
  /** The aggregated update: d coordinates, then the strategy's further ones. */
  readonly update: Float64Array;
  /** What the last round left, or `initial`. */
  readonly state: Float64Array;
  /** η, the study's `serverLearningRate`. */
  readonly rate: number;
  readonly settings: Settings;
  /** Updates that were used, |S| without the excluded. */
  readonly used: number;
  /** n, participants of the epoch. */
  readonly participants: number;
}

/** The step to be added to the base model (d coordinates) and the state for the next round, of the same length as before. */
export interface ServerStep {
  readonly step: Float64Array;
  readonly state: Float64Array;
}

/** A server strategy. Arithmetic as PROTOCOL section 7 demands: float64, + − × ÷ √, comparison, coordinates ascending. */
export interface ServerStrategy {
  readonly parameters: Ranges;
  /** Coordinates that each update carries behind the model's own. */
  readonly further: (dimension: number) => number;
  /** The state before the first round; empty for a strategy without one. */
  readonly initial: (dimension: number, settings: Settings) => Float64Array;
  readonly step: (round: ServerRound) => ServerStep;
}

/** η · x, left out where η is 1, as PROTOCOL section 7 has it. */
export const scaled = (rate: number, values: Float64Array): Float64Array => (rate === 1 ? values : values.map((value) => rate * value));

/** For strategies whose updates are the model's differences and nothing else. */
export const nothingFurther = (): number => 0;
