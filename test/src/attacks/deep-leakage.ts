/**
 * Deep leakage from gradients (Zhu, Liu and Han 2019, https://arxiv.org/abs/1906.08935): a made-up row with a made-up label is moved until its
 * gradient is the one that was seen. It knows nothing of layers whose quotient is the row, as the analytic attack does; here the network has one
 * hidden layer of rectifiers, softmax and cross-entropy, so that the slope of the gradients' distance is written out below.
 */
import type { SeededRandom } from '@epione/fl-worker';
import type { Form } from '../robust/plain-network.js';
import { minimize, type Value } from './lbfgs.js';

function softmax(scores: Float64Array): Float64Array {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** What a slope by softmax's values is by its arguments. */
function throughSoftmax(values: Float64Array, slope: Float64Array): Float64Array {
  const mean = values.reduce((sum, value, c) => sum + value * (slope[c] as number), 0);
  return values.map((value, c) => value * ((slope[c] as number) - mean));
}

/** kernelᵀ·row + bias. @param kernel row.length × bias.length, then the bias. */
function dense(layer: Float64Array, row: Float64Array, outputs: number): Float64Array {
  const values = layer.slice(row.length * outputs);
  row.forEach((value, k) => { for (let j = 0; j < outputs; j += 1) values[j] = (values[j] as number) + value * (layer[k * outputs + j] as number); });
  return values;
}

/** kernel·slope: back through a layer. */
const back = (layer: Float64Array, slope: Float64Array, inputs: number): Float64Array => new Float64Array(inputs).map((_, k) => slope.reduce((sum, value, j) => sum + value * (layer[k * slope.length + j] as number), 0));

/** The squared distance of a layer's gradient row·deltaᵀ, delta from the one that was seen, with its slopes by row and delta. */
function apart(row: Float64Array, delta: Float64Array, seen: Float64Array): { value: number; byRow: Float64Array; byDelta: Float64Array } {
  const [byRow, byDelta] = [new Float64Array(row.length), new Float64Array(delta.length)];
  let value = 0;
  for (let k = 0; k <= row.length; k += 1) {
    const input = row[k] ?? 1; // the bias is the kernel of an input that is always 1
    for (let j = 0; j < delta.length; j += 1) {
      const gap = input * (delta[j] as number) - (seen[k * delta.length + j] as number);
      value += gap * gap;
      if (k < row.length) byRow[k] = (byRow[k] as number) + 2 * gap * (delta[j] as number);
      byDelta[j] = (byDelta[j] as number) + 2 * gap * input;
    }
  }
  return { value, byRow, byDelta };
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, k) => value + (b[k] as number));

/**
 * How far the gradient of a made-up row is from the one that was seen.
 * @param guess the row, then scores whose softmax is its label. @param parameters, seen as a study's model has them.
 */
export function gradientDistance({ inputs, hidden, outputs }: Form, parameters: Float64Array, seen: Float64Array, guess: Float64Array): Value {
  const first = (inputs + 1) * hidden;
  const [one, two] = [parameters.subarray(0, first), parameters.subarray(first)];
  const [row, label] = [guess.subarray(0, inputs), softmax(guess.subarray(inputs))];
  const before = dense(one, row, hidden);
  const active = before.map((value) => Number(value > 0));
  const values = before.map((value) => Math.max(value, 0));
  const told = softmax(dense(two, values, outputs));
  const delta = told.map((value, c) => value - (label[c] as number));
  const hiddenDelta = back(two, delta, hidden).map((value, j) => value * (active[j] as number));
  const [below, above] = [apart(row, hiddenDelta, seen.subarray(0, first)), apart(values, delta, seen.subarray(first))];
  // And back: a rectifier's own slope does not change but at 0.
  const byHiddenDelta = below.byDelta.map((value, j) => value * (active[j] as number));
  const byDelta = plus(above.byDelta, dense(two, byHiddenDelta, outputs).map((value, c) => value - (two[hidden * outputs + c] as number)));
  const byValues = plus(above.byRow, back(two, throughSoftmax(told, byDelta), hidden)).map((value, j) => value * (active[j] as number));
  const byRow = plus(below.byRow, back(one, byValues, inputs));
  return { value: below.value + above.value, slope: Float64Array.of(...byRow, ...throughSoftmax(label, byDelta.map((value) => -value))) };
}

/**
 * The row whose gradient comes nearest to the one that was seen.
 * @param tries starts from noise, of which the nearest counts: what an attacker can tell. @param steps of each.
 */
export function leak(form: Form, parameters: Float64Array, seen: Float64Array, random: SeededRandom, { tries = 4, steps = 200 } = {}): { row: Float64Array; distance: number } {
  const found = Array.from({ length: tries }, () => {
    const start = Float64Array.from({ length: form.inputs + form.outputs }, (_, k) => (k < form.inputs ? random.uniform() : random.normal()));
    return minimize((guess) => gradientDistance(form, parameters, seen, guess), start, steps);
  });
  const nearest = found.reduce((best, each) => (each.value < best.value ? each : best));
  return { row: nearest.point.slice(0, form.inputs), distance: nearest.value };
}
