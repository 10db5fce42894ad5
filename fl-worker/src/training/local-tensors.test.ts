// Tensors that stay local: taken out and put back in their places, and in no update.
import { expect } from 'chai';
import type { Study } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import { seededRandom } from '../random.js';
import { divided, firstLocal, joined } from './local-tensors.js';
import { trainLocally } from './local-strategy.js';
import { describeModel, initialParameters, parameterCount } from './model.js';
import { loadTf } from './tf.js';
import { train } from './train.js';

const model = describeModel({ kind: 'mlp', layers: [3] }, 2, 'zeros', ['dense1.bias', 'dense2.kernel']);
const data: Dataset = { rows: 4, width: 2, features: Float32Array.of(1, 0, 0, 1, -1, 0, 0, -1), labels: Float32Array.of(1, 1, 0, 0), ids: [] };
const study = {
  model, training: { optimizer: 'sgd', learningRate: '0.5', localEpochs: 2, batchSize: 2 }, strategy: { name: 'fedavg', weighting: 'uniform', serverLearningRate: '1', parameters: [] },
} as unknown as Study;

describe('tensors that stay local', () => {
  it('are not counted, and must be tensors of the model', () => {
    expect(model.dimension).to.equal(6 + 1);
    expect(parameterCount(model)).to.equal(6 + 3 + 3 + 1);
    expect(() => describeModel({ kind: 'logistic', layers: [] }, 2, 'zeros', ['head'])).to.throw('there is no tensor head').with.property('code', 'STUDY_INVALID');
  });

  it('are taken out and put back', () => {
    const all = Float32Array.from({ length: 13 }, (_, k) => k);
    const { shared, local } = divided(model, all);
    expect([...shared]).to.deep.equal([0, 1, 2, 3, 4, 5, 12]);
    expect([...local]).to.deep.equal([6, 7, 8, 9, 10, 11]);
    expect(joined(model, shared, local)).to.deep.equal(all);
  });

  it('are trained from what the last round left, and not sent', async () => {
    const tf = await loadTf();
    const base = divided(model, initialParameters(model, 2, 'base')).shared;
    const own = firstLocal(model, 2, 'own');
    const random = seededRandom('round');
    const trained = await trainLocally(tf, study, { base, state: new Float64Array(), carried: Float64Array.from(own), data, random });
    const whole = divided(model, await train(tf, study, joined(model, base, own), data, seededRandom('round')));
    expect(trained.update).to.deep.equal(Float64Array.from(whole.shared, (value, k) => value - base[k]!));
    expect(trained.carried).to.deep.equal(Float64Array.from(whole.local));
    expect(whole.local).not.to.deep.equal(own);
  });
});
