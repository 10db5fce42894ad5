/** Updates as integers modulo 2^m, so that a sum is the same bytes in any order; and models as their canonical bytes (PROTOCOL section 7). */
import { addWords } from './encoding/add-words.js';
import { vectorLength, guardBytes } from './encoding/vector-length.js';
import { roundHalfEven } from './compression/scale.js';
import { CodedError } from './error.js';
import { scaled } from './strategy/server-strategy.js';
import { fixedPointBound, type Study } from './statements/study.js';

/** The study's `encoding`: `bits` m, `fractionBits`, `clip` C as decimal text, `maxWeight` W. */
export type FixedPoint = Study['encoding'];

/** An update that was read back: its weight w and its coordinates q_k, integers of at most C · 2^fractionBits in magnitude. */
export interface WeightedUpdate {
  readonly weight: number;
  readonly steps: Float64Array;
}

const two32 = 2 ** 32;

const wordBytesOf = (bits: FixedPoint['bits']): number => bits / 8;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Reads the word at `at` as the nearest float64. Two halves and one addition, because the addition rounds once and to
 * nearest even, which is what float64 of the integer means, and is many times faster than a BigInt.
 */
const readWord = (view: DataView, bits: FixedPoint['bits'], at: number): number =>
  bits === 32 ? view.getInt32(at, true) : view.getInt32(at + 4, true) * two32 + view.getUint32(at, true);

/** Writes an integer within ±(2^53 - 1) as a word in two's complement. */
function writeWord(view: DataView, bits: FixedPoint['bits'], at: number, value: number): void {
  view.setInt32(at, value, true);
  if (bits === 64) view.setInt32(at + 4, Math.floor(value / two32), true);
}

/**
 * Encodes one local update.
 * @param delta x_k = float64(local) - float64(base), clipped and noised.
 * @param weight w: `numExamples`, or 1 with uniform weighting.
 * @returns w ‖ w·q_1 … w·q_d ‖ guard, `vectorLength(bits, d)` bytes.
 * @throws CodedError NOT_FINITE; CLIP_EXCEEDED, never saturated, because silent clipping falsifies the mean; WEIGHT_OUT_OF_RANGE.
 */
export function encodeUpdate(delta: Float64Array | readonly number[], encoding: FixedPoint, weight: number): Uint8Array {
  const { bits, fractionBits, clip, maxWeight } = encoding;
  if (!Number.isInteger(weight) || weight < 1 || weight > maxWeight) throw new CodedError('WEIGHT_OUT_OF_RANGE', `weight ${weight} is not an integer from 1 to ${maxWeight}`);
  const bound = fixedPointBound(encoding);
  const scale = 2 ** fractionBits;
  const width = wordBytesOf(bits);
  const words = new Uint8Array(vectorLength(bits, delta.length));
  const view = viewOf(words);
  writeWord(view, bits, 0, weight);
  for (let k = 0; k < delta.length; k += 1) {
    const x = delta[k] as number;
    if (!Number.isFinite(x)) throw new CodedError('NOT_FINITE', `coordinate ${k} of the update is not finite`);
    const q = roundHalfEven(x * scale);
    if (Math.abs(x * scale) > 2 ** 51 || Math.abs(q) > bound) throw new CodedError('CLIP_EXCEEDED', `coordinate ${k} of the update is beyond the clip of ${clip}`);
    writeWord(view, bits, width * (k + 1), weight * q);
  }
  return words;
}

const guardIsZero = (words: Uint8Array): boolean => words.subarray(words.length - guardBytes).every((byte) => byte === 0);

/**
 * Reads one opened update and judges it (PROTOCOL section 9, verdict).
 * @param dimension d of the study's model.
 * @throws CodedError BAD_ENCODING for another length, a guard that is not zero, a weight outside 1..W, a coordinate that the
 *   weight does not divide or that lies beyond the clip.
 */
export function readVector(words: Uint8Array, encoding: FixedPoint, dimension: number): WeightedUpdate {
  const { bits, maxWeight } = encoding;
  const bad = (why: string): CodedError => new CodedError('BAD_ENCODING', `the update ${why}`);
  if (words.length !== vectorLength(bits, dimension)) throw bad(`has ${words.length} bytes, not ${vectorLength(bits, dimension)}`);
  if (!guardIsZero(words)) throw bad('has a guard that is not zero');
  const view = viewOf(words);
  const weight = readWord(view, bits, 0);
  if (weight < 1 || weight > maxWeight) throw bad(`has a weight outside 1..${maxWeight}`);
  const bound = fixedPointBound(encoding) * weight;
  const width = wordBytesOf(bits);
  const steps = new Float64Array(dimension);
  for (let k = 0; k < dimension; k += 1) {
    const value = readWord(view, bits, width * (k + 1));
    // The bound is below 2^53, so a word that had to be rounded to a float64 is beyond it anyway.
    if (Math.abs(value) > bound || value % weight !== 0) throw bad(`has a coordinate (${k}) that is out of range or not a multiple of its weight`);
    steps[k] = value / weight;
  }
  return { weight, steps };
}

/**
 * Sum of vectors modulo 2^m: any order, same bytes.
 * @throws CodedError BAD_ENCODING when there is none or their lengths differ or are not whole words.
 */
export function sumVectors(vectors: readonly Uint8Array[], bits: FixedPoint['bits']): Uint8Array {
  const [first, ...others] = vectors;
  const width = wordBytesOf(bits);
  if (first === undefined || first.length % width !== 0 || others.some((other) => other.length !== first.length)) throw new CodedError('BAD_ENCODING', 'vectors to be summed must be of one length in whole words');
  const sum = first.slice();
  for (const other of others) addWords(sum, 0, other, bits, 1);
  return sum;
}

/**
 * Checks that a sum can be one: guard zero, |S| ≤ Σw ≤ |S|·W, |Σw·q_k| ≤ Q·Σw.
 * @param participants |S|.
 * @throws CodedError SUM_OUT_OF_RANGE; BAD_ENCODING for a length that no vector has.
 */
export function checkSum(sum: Uint8Array, encoding: FixedPoint, participants: number): void {
  const { bits, maxWeight } = encoding;
  const width = wordBytesOf(bits);
  if (sum.length < vectorLength(bits, 0) || sum.length % width !== 0) throw new CodedError('BAD_ENCODING', `${sum.length} bytes are no vector`);
  const outOfRange = (what: string): CodedError => new CodedError('SUM_OUT_OF_RANGE', `the sum of ${participants} updates has ${what} out of range`);
  if (!guardIsZero(sum)) throw outOfRange('a guard');
  const view = viewOf(sum);
  const weight = readWord(view, bits, 0);
  if (weight < participants || weight > participants * maxWeight) throw outOfRange('its weight');
  const bound = BigInt(fixedPointBound(encoding)) * BigInt(weight);
  const nearest = Number(bound);
  for (let at = width; at < sum.length - guardBytes; at += width) {
    const value = Math.abs(readWord(view, bits, at));
    // Rounding keeps order: only a tie beyond 2^53 needs the exact integers.
    if (value > nearest || (value === nearest && value >= 2 ** 53 && exceeds(view.getBigInt64(at, true), bound))) throw outOfRange(`coordinate ${at / width - 1}`);
  }
}

const exceeds = (value: bigint, bound: bigint): boolean => value > bound || -value > bound;

/**
 * The weighted mean of updates from their sum (PROTOCOL section 7, "Decode", t1 to t3); checks the sum first.
 * @param length coordinates of an update.
 * @param participants |S|.
 * @throws CodedError SUM_OUT_OF_RANGE, BAD_ENCODING as `checkSum`; BAD_ENCODING for a sum of another length.
 */
export function meanOfSum(sum: Uint8Array, encoding: FixedPoint, length: number, participants: number): Float64Array {
  const { bits, fractionBits } = encoding;
  if (sum.length !== vectorLength(bits, length)) throw new CodedError('BAD_ENCODING', `the sum has ${sum.length} bytes, updates of ${length} coordinates need ${vectorLength(bits, length)}`);
  checkSum(sum, encoding, participants);
  const view = viewOf(sum);
  const width = wordBytesOf(bits);
  const weight = readWord(view, bits, 0);
  const unit = 2 ** -fractionBits;
  const mean = new Float64Array(length);
  for (let k = 0; k < length; k += 1) mean[k] = (readWord(view, bits, width * (k + 1)) / weight) * unit;
  return mean;
}

/** A model and a step: float32(float64(base) + step), −0 becomes +0. @throws CodedError NOT_FINITE. */
export function addStep(base: Float32Array, step: Float64Array): Float32Array {
  return base.map((parameter, k) => {
    const next = Math.fround(parameter + (step[k] as number));
    if (!Number.isFinite(next)) throw new CodedError('NOT_FINITE', `parameter ${k} of the new model is not finite`);
    return next + 0; // -0 becomes +0
  });
}

/**
 * The new global model of FedAvg from a sum (PROTOCOL section 7, "Decode"). Each step is one IEEE 754 operation.
 * @param base the round's base model, as long as the sum has coordinates.
 * @param serverLearningRate the study's decimal as float64.
 * @param participants |S|.
 * @throws CodedError as `meanOfSum` and `addStep`.
 */
export function decodeSum(sum: Uint8Array, base: Float32Array, encoding: FixedPoint, serverLearningRate: number, participants: number): Float32Array {
  return addStep(base, scaled(serverLearningRate, meanOfSum(sum, encoding, base.length, participants)));
}

/**
 * A model's bytes: float32 little-endian in the study's tensor order, −0 as +0.
 * @throws CodedError NOT_FINITE.
 */
export function encodeModel(parameters: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * parameters.length);
  const view = viewOf(bytes);
  parameters.forEach((parameter, k) => {
    if (!Number.isFinite(parameter)) throw new CodedError('NOT_FINITE', `parameter ${k} of the model is not finite`);
    view.setFloat32(4 * k, parameter + 0, true);
  });
  return bytes;
}

/**
 * Reads a model's bytes, in their one form.
 * @throws CodedError BAD_ENCODING for a length that is no multiple of 4, or −0; NOT_FINITE.
 */
export function decodeModel(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) throw new CodedError('BAD_ENCODING', `a model of ${bytes.length} bytes is not made of float32`);
  const view = viewOf(bytes);
  return new Float32Array(bytes.length / 4).map((_, k) => {
    const parameter = view.getFloat32(4 * k, true);
    if (!Number.isFinite(parameter)) throw new CodedError('NOT_FINITE', `parameter ${k} of the model is not finite`);
    if (Object.is(parameter, -0)) throw new CodedError('BAD_ENCODING', `parameter ${k} of the model is -0, which is stored as +0`);
    return parameter;
  });
}
