// The choice of an engine: the study's word first, then what was begun on, then the faster; and what happens where one is missing.
import { expect } from 'chai';
import { WorkerError } from '../error.js';
import { seededRandom } from '../random.js';
import { chooseEngine, fastest, probeEngines, tellProbe, type Probed } from './engine-choice.js';
import { describeModel, initialParameters } from './model.js';
import { hasTensorflow, openEngine, useEngine, type Engine, type EngineName } from './tf.js';
import { train, type Recipe } from './train.js';

const recipe: Recipe = {
  model: describeModel({ kind: 'cnn', input: [8, 8, 1], layers: [{ conv: 3, size: [3, 3], stride: [2, 1], padding: 'same' }, { pool: 'max', size: [2, 2] }, 4] }, 64, 'zeros'),
  training: { optimizer: 'sgd', learningRate: '0.1', localEpochs: 2, batchSize: 16 },
};
const engineOf = (name: EngineName): Engine => ({ name, told: name, tf: {} as Engine['tf'] });
const clock = (): number => performance.now();

describe('choice of an engine', () => {
  afterEach(async () => { useEngine(await openEngine('wasm')); });

  it('takes the faster by the probe and tells the figures, or the only one there is', async () => {
    const probed: Probed[] = [{ engine: engineOf('wasm'), stepMs: 2.25 }, { engine: engineOf('tensorflow'), stepMs: 1.5 }];
    expect(fastest(probed).engine.name).to.equal('tensorflow');
    expect(tellProbe(probed)).to.equal('wasm 2.25 ms a step, tensorflow 1.50 ms a step');
    const found = await probeEngines(recipe, 64, clock);
    expect(found.map(({ engine }) => engine.name)).to.deep.equal(hasTensorflow() ? ['wasm', 'tensorflow'] : ['wasm']);
    const { engine, reason } = await chooseEngine(recipe, 64, undefined, clock);
    expect(found.map((one) => one.engine)).to.include(engine);
    expect(reason).to.match(hasTensorflow() ? /^probe: wasm \d+\.\d\d ms a step, tensorflow / : /^tensorflow is not installed$/);
  });

  it('stays on the engine begun on, unless the study names one', async () => {
    const told = async (asked: EngineName | undefined, begun: EngineName): Promise<string> => {
      const { engine, reason } = await chooseEngine({ ...recipe, training: { ...recipe.training, ...(asked === undefined ? {} : { engine: asked }) } }, 64, begun, clock);
      return `${engine.name}: ${reason}`;
    };
    expect(await told(undefined, 'wasm')).to.equal('wasm: the study began on it here');
    expect(await told('wasm', 'tensorflow')).to.equal('wasm: named by the study');
  });

  it('trains alike on the TensorFlow library where that is installed, and says so where it is not', async () => {
    const named: Recipe = { ...recipe, training: { ...recipe.training, engine: 'tensorflow' } };
    if (!hasTensorflow()) {
      const error = await chooseEngine(named, 64, undefined, clock).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(WorkerError).with.property('code', 'ENGINE_MISSING');
      return;
    }
    const random = seededRandom('alike');
    const data = { rows: 32, width: 64, features: Float32Array.from({ length: 2048 }, () => random.normal()), labels: Float32Array.from({ length: 32 }, () => random.below(2)), ids: [] };
    const on = async (name: EngineName): Promise<Float32Array> => train((await openEngine(name)).tf, recipe, initialParameters(recipe.model, 64, 'alike'), data, seededRandom('alike'));
    const [wasm, tensorflow] = [await on('wasm'), await on('tensorflow')];
    wasm.forEach((value, k) => expect(tensorflow[k]).to.be.closeTo(value, 1e-5));
    expect(await on('tensorflow')).to.deep.equal(tensorflow); // the same bytes again on the same engine
  });
});
