// Import of Keras topologies: what a study can say arrives whole, everything else is refused by name.
import { expect } from 'chai';
import { importKeras } from './keras.js';
import { WorkerError } from './error.js';

interface Layer { class_name: string; config: Record<string, unknown> }

const layer = (name: string, config: Record<string, unknown> = {}): Layer => ({ class_name: name, config: { name: name.toLowerCase(), trainable: true, dtype: 'float32', ...config } });
const input = (...shape: number[]): Layer => layer('InputLayer', { batch_shape: [null, ...shape] });
const dense = (units: number, activation: string, more: object = {}): Layer => layer('Dense', { units, activation, use_bias: true, kernel_initializer: { class_name: 'GlorotUniform', config: {} }, ...more });
const conv = (rank: 1 | 2, filters: number, more: object = {}): Layer =>
  layer(`Conv${rank}D`, { filters, kernel_size: Array(rank).fill(3), strides: Array(rank).fill(1), padding: 'same', data_format: 'channels_last', dilation_rate: Array(rank).fill(1), groups: 1, activation: 'relu', use_bias: true, ...more });
const pool = (rank: 1 | 2, more: object = {}): Layer => layer(`MaxPooling${rank}D`, { pool_size: Array(rank).fill(2), strides: Array(rank).fill(2), padding: 'valid', data_format: 'channels_last', ...more });
const keras = (...layers: Layer[]): string => JSON.stringify({ module: 'keras', class_name: 'Sequential', config: { name: 'sequential', trainable: true, layers, build_input_shape: null } });

const image = [input(28, 28, 1), conv(2, 16), pool(2), conv(2, 32, { kernel_size: [3, 5], strides: [2, 1], padding: 'valid' }), pool(2), layer('Flatten', { data_format: 'channels_last' }), dense(64, 'relu'), dense(1, 'sigmoid')];

describe('import of a Keras model', () => {
  it('takes an image network, from Keras and from TensorFlow.js', () => {
    const wanted = {
      kind: 'cnn', input: [28, 28, 1],
      layers: [{ conv: 16, size: [3, 3], stride: [1, 1], padding: 'same' }, { pool: 'max', size: [2, 2] }, { conv: 32, size: [3, 5], stride: [2, 1], padding: 'valid' }, { pool: 'max', size: [2, 2] }, 64],
    };
    expect(importKeras(keras(...image))).to.deep.equal(wanted);
    expect(importKeras(JSON.stringify({ format: 'layers-model', modelTopology: { keras_version: '2.15.0', model_config: JSON.parse(keras(...image)) as object }, weightsManifest: [] }))).to.deep.equal(wanted);
  });

  it('takes a signal network, a perceptron and a regression', () => {
    expect(importKeras(keras(input(64, 2), conv(1, 8), pool(1), layer('Flatten'), dense(1, 'linear')))).to.deep.equal({
      kind: 'cnn', input: [64, 2], layers: [{ conv: 8, size: [3], stride: [1], padding: 'same' }, { pool: 'max', size: [2] }],
    });
    expect(importKeras(keras(dense(8, 'relu', { batch_input_shape: [null, 30] }), dense(1, 'sigmoid')))).to.deep.equal({ kind: 'mlp', layers: [8] });
    expect(importKeras(keras(input(30), dense(1, 'sigmoid')))).to.deep.equal({ kind: 'logistic', layers: [] });
  });

  const refused: [string, string, string][] = [
    ['a layer that it does not know', keras(input(30), layer('Dropout', { rate: 0.5 }), dense(1, 'sigmoid')), 'layers.1: Dropout'],
    ['another activation', keras(input(30), dense(8, 'tanh'), dense(1, 'sigmoid')), 'layers.1.activation: only relu'],
    ['a layer without bias', keras(input(30), dense(8, 'relu', { use_bias: false }), dense(1, 'sigmoid')), 'layers.1.use_bias'],
    ['several scores', keras(input(30), dense(3, 'sigmoid')), 'layers.1: sigmoid with 3 units'],
    ['a layer after the score', keras(input(30), dense(1, 'sigmoid'), dense(1, 'sigmoid')), 'layers.2: Dense after'],
    ['no score', keras(input(30), dense(8, 'relu')), 'does not end in a Dense layer of one unit'],
    ['dilation', keras(input(64, 1), conv(1, 8, { dilation_rate: [2] }), layer('Flatten'), dense(1, 'sigmoid')), 'dilation'],
    ['channels first', keras(input(1, 8, 8), conv(2, 8, { data_format: 'channels_first' }), layer('Flatten'), dense(1, 'sigmoid')), 'only channels_last'],
    ['windows that overlap', keras(input(64, 1), pool(1, { strides: [1] }), layer('Flatten'), dense(1, 'sigmoid')), 'do not overlap'],
    ['a dense layer that was not flattened for', keras(input(64, 2), conv(1, 8), dense(1, 'sigmoid')), 'without Flatten'],
    ['an input of unknown length', JSON.stringify({ class_name: 'Sequential', config: { layers: [layer('InputLayer', { batch_shape: [null, null, 1] }), conv(1, 8), layer('Flatten'), dense(1, 'sigmoid')] } }), 'shape of its input'],
    ['a graph of layers', JSON.stringify({ class_name: 'Functional', config: { layers: [input(30)] } }), 'only Sequential'],
    ['what is no JSON', 'PK\u0003\u0004', 'not JSON'],
  ];
  for (const [what, json, part] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => importKeras(json)).to.throw(WorkerError, part).with.property('code', 'STUDY_INVALID');
    });
  }
});
