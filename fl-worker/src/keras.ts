/** From a Keras model's topology to the model part of a study file: what a study cannot say is refused by name. */
import type { Study } from '@epione/protocol';
import { z } from 'zod';
import { WorkerError } from './error.js';

type Model = Study['model'];

/** The model part of a study file, without where it starts. */
export type ImportedModel = Pick<Model, 'kind' | 'layers'> & { readonly input?: number[] };

const sizes = z.union([z.int().min(1), z.array(z.int().min(1)).min(1).max(2)]);
const shape = z.array(z.int().nullable()).min(2).max(4);
const padding = z.enum(['same', 'valid'], 'only same and valid');
const channelsLast = z.literal('channels_last', 'only channels_last').optional();
const one = (what: string): z.ZodType => z.union([z.literal(1), z.array(z.literal(1))], `only ${what} 1`).optional();
const bias = z.literal(true, 'a layer without bias').optional();

const dense = z.object({ units: z.int().min(1), activation: z.enum(['relu', 'linear', 'sigmoid'], 'only relu, and linear or sigmoid at the end'), use_bias: bias });
const convolution = z.object({
  filters: z.int().min(1), kernel_size: sizes, strides: sizes, padding, data_format: channelsLast, dilation_rate: one('dilation'), groups: one('groups'),
  activation: z.literal('relu', 'only relu'), use_bias: bias,
});
const pooling = z.object({ pool_size: sizes, strides: sizes.nullish(), padding: z.literal('valid', 'only valid'), data_format: channelsLast });
const entry = z.object({ class_name: z.string(), config: z.object({ batch_shape: shape.optional(), batch_input_shape: shape.optional() }).loose() });

/** `model.json` of TensorFlow.js wraps it twice, `config.json` of Keras 3 and `to_json()` not at all. */
const sequential = z.object({ class_name: z.literal('Sequential', 'only Sequential models'), config: z.object({ layers: z.array(entry).min(1).max(64) }) });
const wrapped = z.object({ modelTopology: z.object({ model_config: sequential }) });

const window = (size: z.infer<typeof sizes>, dimensions: number): number[] => (typeof size === 'number' ? Array<number>(dimensions).fill(size) : size);

function refuse(what: string): never {
  throw new WorkerError('STUDY_INVALID', `the Keras model cannot be a study's: ${what}`, { remedy: 'docs/engine.md lists what can be imported.' });
}

function read<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  return result.success ? result.data : refuse(result.error.issues.map(({ path, message }) => `${[where, ...path].join('.')}: ${message}`).join('; '));
}

/** The layers between input and score, and whether something was flattened. */
class Chain {
  readonly layers: Model['layers'] = [];
  input: readonly (number | null)[] | undefined;
  #flat = false;
  #ended = false;

  take({ class_name: name, config }: z.infer<typeof entry>, where: string): void {
    this.input ??= (config.batch_shape ?? config.batch_input_shape)?.slice(1);
    if (name === 'InputLayer') return;
    if (this.#ended) refuse(`${where}: ${name} after the layer with the score`);
    const dimensions = name.endsWith('1D') ? 1 : 2;
    if (name === 'Dense') this.#dense(read(dense, config, where), where);
    else if (name === 'Flatten') this.#flat = true;
    else if (name === 'Conv1D' || name === 'Conv2D') {
      const { filters, kernel_size: size, strides, padding: pads } = read(convolution, config, where);
      this.#spatial({ conv: filters, size: window(size, dimensions), stride: window(strides, dimensions), padding: pads }, where);
    } else if (name === 'MaxPooling1D' || name === 'MaxPooling2D') {
      const { pool_size: pool, strides } = read(pooling, config, where);
      const size = window(pool, dimensions);
      if (window(strides ?? pool, dimensions).join() !== size.join()) refuse(`${where}.strides: only windows that do not overlap`);
      this.#spatial({ pool: 'max', size }, where);
    } else refuse(`${where}: ${name} is not among Dense, Conv1D, Conv2D, MaxPooling1D, MaxPooling2D and Flatten`);
  }

  #spatial(layer: Exclude<Model['layers'][number], number>, where: string): void {
    if (this.#flat) refuse(`${where}: comes after Flatten or Dense`);
    this.layers.push(layer);
  }

  #dense({ units, activation }: z.infer<typeof dense>, where: string): void {
    if (!this.#flat && (this.input?.length ?? 1) > 1) refuse(`${where}: Dense without Flatten before it`);
    this.#flat = true;
    if (activation === 'relu') this.layers.push(units);
    else if (units === 1) this.#ended = true;
    else refuse(`${where}: ${activation} with ${units} units; the model must end in one score`);
  }

  finish(): ImportedModel {
    if (!this.#ended) refuse('it does not end in a Dense layer of one unit, sigmoid or linear');
    const { layers, input } = this;
    const kind = layers.some((layer) => typeof layer !== 'number') ? 'cnn' : layers.length > 0 ? 'mlp' : 'logistic';
    if (kind !== 'cnn') return { kind, layers };
    if (input === undefined || input.some((size) => size === null)) refuse('the shape of its input is not given');
    return { kind, input: input as number[], layers };
  }
}

/**
 * Reads the topology of a sequential Keras model: Keras's `config.json` or `to_json()`, or TensorFlow.js's `model.json`. Weights are not read.
 * @throws WorkerError STUDY_INVALID naming the layer and what of it a study cannot say.
 */
export function importKeras(json: string): ImportedModel {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new WorkerError('STUDY_INVALID', 'the Keras model is not JSON', { cause, remedy: 'Of a .keras file take config.json: unzip -p model.keras config.json' });
  }
  const inside = wrapped.safeParse(value);
  const { layers } = (inside.success ? inside.data.modelTopology.model_config : read(sequential, value, 'model')).config;
  const chain = new Chain();
  layers.forEach((layer, at) => { chain.take(layer, `layers.${at}`); });
  return chain.finish();
}
