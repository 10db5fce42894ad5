/** A network of one hidden layer in plain float64 arithmetic, for studies of thousands of small trainings: the engine's cost is per call, not per number. A test holds it against the engine. */
import { shuffled, type Dataset, type SeededRandom } from '@epione/fl-worker';

/** Widths of a network; parameters lie as in a study's document: kernel and bias of the hidden layer, then of the outputs. */
export interface Form {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
}

export interface Settings {
  readonly learningRate: number;
  readonly localEpochs: number;
  readonly batchSize: number;
}

export class PlainNetwork {
  readonly #form: Form;
  readonly #hidden: Float64Array;
  readonly #scores: Float64Array;
  readonly #slope: Float64Array;
  readonly #gradient: Float64Array;
  /** Inputs of the row that are not zero, and neurons that are active: only they cost anything. */
  readonly #inputs: Int32Array;
  readonly #active: Int32Array;
  #inputCount = 0;
  #activeCount = 0;

  constructor(form: Form) {
    this.#form = form;
    this.#hidden = new Float64Array(form.hidden);
    this.#slope = new Float64Array(form.hidden);
    this.#scores = new Float64Array(form.outputs);
    this.#inputs = new Int32Array(form.inputs);
    this.#active = new Int32Array(form.hidden);
    this.#gradient = new Float64Array(form.inputs * form.hidden + form.hidden + form.hidden * form.outputs + form.outputs);
  }

  /** Hidden values and scores of a row. */
  #forward(parameters: Float64Array, features: Float32Array, from: number): void {
    const { inputs, hidden, outputs } = this.#form;
    const h = this.#hidden;
    const z = this.#scores;
    const used = this.#inputs;
    const active = this.#active;
    const biasAt = inputs * hidden;
    for (let j = 0; j < hidden; j += 1) h[j] = parameters[biasAt + j] as number;
    let count = 0;
    for (let k = 0; k < inputs; k += 1) if (features[from + k] !== 0) used[count++] = k;
    this.#inputCount = count;
    let next = 0;
    for (; next + 3 < count; next += 4) { // four at a time, because loads and stores cost more than products
      const [a, b, c, d] = [used[next] as number, used[next + 1] as number, used[next + 2] as number, used[next + 3] as number];
      const [xa, xb, xc, xd] = [features[from + a] as number, features[from + b] as number, features[from + c] as number, features[from + d] as number];
      for (let j = 0, ka = a * hidden, kb = b * hidden, kc = c * hidden, kd = d * hidden; j < hidden; j += 1) {
        h[j] = (h[j] as number) + xa * (parameters[ka + j] as number) + xb * (parameters[kb + j] as number) + xc * (parameters[kc + j] as number) + xd * (parameters[kd + j] as number);
      }
    }
    for (; next < count; next += 1) {
      const k = used[next] as number;
      const x = features[from + k] as number;
      for (let j = 0, at = k * hidden; j < hidden; j += 1, at += 1) h[j] = (h[j] as number) + x * (parameters[at] as number);
    }
    const kernelAt = biasAt + hidden;
    for (let o = 0; o < outputs; o += 1) z[o] = parameters[kernelAt + hidden * outputs + o] as number;
    let alive = 0;
    for (let j = 0; j < hidden; j += 1) {
      const value = h[j] as number;
      if (value <= 0) continue;
      active[alive++] = j;
      for (let o = 0, at = kernelAt + j * outputs; o < outputs; o += 1, at += 1) z[o] = (z[o] as number) + value * (parameters[at] as number);
    }
    this.#activeCount = alive;
  }

  /** Turns scores into the loss's slope by them. */
  #softmaxSlope(label: number): void {
    const z = this.#scores;
    let most = -Infinity;
    for (const score of z) if (score > most) most = score;
    let total = 0;
    for (let o = 0; o < z.length; o += 1) total += z[o] = Math.exp((z[o] as number) - most);
    for (let o = 0; o < z.length; o += 1) z[o] = (z[o] as number) / total - (o === label ? 1 : 0);
  }

  /** Adds a row's gradient. */
  #backward(parameters: Float64Array, features: Float32Array, from: number): void {
    const { inputs, hidden, outputs } = this.#form;
    const h = this.#hidden;
    const d = this.#scores;
    const s = this.#slope;
    const g = this.#gradient;
    const used = this.#inputs;
    const active = this.#active;
    const alive = this.#activeCount;
    const biasAt = inputs * hidden;
    const kernelAt = biasAt + hidden;
    for (let o = 0; o < outputs; o += 1) g[kernelAt + hidden * outputs + o] = (g[kernelAt + hidden * outputs + o] as number) + (d[o] as number);
    for (let i = 0; i < alive; i += 1) {
      const j = active[i] as number;
      const value = h[j] as number;
      let sum = 0;
      for (let o = 0, at = kernelAt + j * outputs; o < outputs; o += 1, at += 1) {
        sum += (parameters[at] as number) * (d[o] as number);
        g[at] = (g[at] as number) + value * (d[o] as number);
      }
      s[i] = sum;
      g[biasAt + j] = (g[biasAt + j] as number) + sum;
    }
    for (let n = 0; n < this.#inputCount; n += 1) {
      const k = used[n] as number;
      const x = features[from + k] as number;
      const at = k * hidden;
      for (let i = 0; i < alive; i += 1) {
        const place = at + (active[i] as number);
        g[place] = (g[place] as number) + x * (s[i] as number);
      }
    }
  }

  /** Trains as `train` of the worker does, rows in the same order for the same stream. */
  train(start: Float64Array, { rows, width, features, labels }: Dataset, { learningRate, localEpochs, batchSize }: Settings, random: SeededRandom): Float64Array {
    const parameters = start.slice();
    const places = Array.from({ length: rows }, (_, row) => row);
    for (let epoch = 0; epoch < localEpochs; epoch += 1) {
      const order = shuffled(places, random);
      for (let at = 0; at < rows; at += batchSize) {
        const batch = order.slice(at, at + batchSize);
        this.#gradient.fill(0);
        for (const row of batch) {
          this.#forward(parameters, features, row * width);
          this.#softmaxSlope(labels[row] as number);
          this.#backward(parameters, features, row * width);
        }
        const rate = learningRate / batch.length;
        for (let k = 0; k < parameters.length; k += 1) parameters[k] = (parameters[k] as number) - rate * (this.#gradient[k] as number);
      }
    }
    return parameters;
  }

  /** The category that each row is taken for. */
  classify(parameters: Float64Array, { rows, width, features }: Dataset): number[] {
    return Array.from({ length: rows }, (_, row) => {
      this.#forward(parameters, features, row * width);
      return this.#scores.reduce((best, score, category) => (score > (this.#scores[best] as number) ? category : best), 0);
    });
  }

  /** Cross-entropy of each row. */
  losses(parameters: Float64Array, { rows, width, features, labels }: Dataset): Float64Array {
    return Float64Array.from({ length: rows }, (_, row) => {
      this.#forward(parameters, features, row * width);
      const most = this.#scores.reduce((a, b) => Math.max(a, b), -Infinity);
      return most + Math.log(this.#scores.reduce((sum, score) => sum + Math.exp(score - most), 0)) - (this.#scores[labels[row] as number] as number);
    });
  }
}
