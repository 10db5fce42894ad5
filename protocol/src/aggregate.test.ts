/** A sealed set through rule and strategy: what is excluded, what is attested, and that state is carried. */
import { expect } from 'chai';
import { aggregate, judgeUpdate, type Aggregated, type Before, type UpdateVerdict } from './aggregate.js';
import { digestOf, type Digest } from './encoding/digest.js';
import { vectorLength } from './encoding/vector-length.js';
import { encodeModel, encodeUpdate } from './fixed-point.js';
import { encodeState } from './strategy/state.js';
import { initialState, type ruleName } from './strategy/study-strategy.js';
import type { Study } from './statements/study.js';

const encoding = { bits: 64, fractionBits: 20, clip: '8', maxWeight: 1000 } as const;
const ids = ['A', 'B', 'C', 'D', 'E'];
const set = ids.map((participant) => ({ participant, digest: `sha256:${'0'.repeat(64)}` as Digest }));

/** The parts of a study that aggregation reads. */
const studyOf = (rule: ReturnType<typeof ruleName>, strategy: Partial<Study['strategy']> = {}, submit = 3): Study =>
  ({ model: { dimension: 2 }, encoding, quorums: { submit }, aggregation: { mode: 'visible', rule }, strategy: { name: 'fedavg', weighting: 'uniform', serverLearningRate: '1', parameters: [], ...strategy } }) as unknown as Study;

const verdicts = (updates: readonly (readonly number[])[], weight = 1): Map<string, UpdateVerdict> => new Map(updates.map((update, i) => [ids[i]!, { words: encodeUpdate(update, encoding, weight) }]));
const before = (study: Study): Before => ({ footing: { base: 'zeros' }, parameters: new Float32Array(2), state: initialState(study, 2), participants: 5 });
const honest = [[0.5, 0.25], [0.625, 0.25], [0.375, 0.125], [0.5, 0.5]];

describe('aggregate', () => {
  it('one poisoning hospital moves the mean and not the median', () => {
    const poisoned = verdicts([...honest, [-8, 8]]);
    const [mean, median] = [studyOf('mean'), studyOf('median', { f: 1 })].map((study) => aggregate(study, before(study), set, poisoned)) as [Aggregated, Aggregated];
    expect([...mean.model!]).to.deep.equal([-1.2, 1.825].map(Math.fround));
    expect([...median.model!]).to.deep.equal([0.5, 0.25]);
    expect(median.words).to.have.length(5 * vectorLength(64, 2));
    expect(median.result).to.deep.include({ outcome: 'model', excluded: [], model: digestOf(encodeModel(median.model!)) }).and.not.have.property('state');
  });

  it('counts what can be used, not what was sealed', () => {
    const study = studyOf('krum', { f: 1 }, 5);
    const four = verdicts(honest);
    four.set('E', { code: 'UNOPENABLE' });
    const { result, model } = aggregate(study, before(study), set, four);
    expect(model).to.equal(undefined);
    expect(result).to.deep.include({ outcome: 'failure', code: 'TOO_FEW', culprits: ['E'] });
  });

  it('fails without the root’s update', () => {
    const study = studyOf('fltrust', { root: 'E' });
    expect(aggregate(study, before(study), set, verdicts(honest)).result).to.deep.include({ outcome: 'failure', code: 'TOO_FEW' });
    const trusting = aggregate(study, before(study), set, verdicts([...honest, [0.5, 0.25]]));
    expect(trusting.result.outcome).to.equal('model');
  });

  it('excludes an update that is longer than the study allows', () => {
    const study = studyOf('mean', { parameters: [{ name: 'maxNorm', value: '5' }] });
    const verdictOf = (update: number[]): UpdateVerdict => judgeUpdate(study, { numExamples: 7 }, encodeUpdate(update, encoding, 1));
    expect(verdictOf([3, 4])).to.have.property('words');
    expect(verdictOf([3, 4.001])).to.deep.equal({ code: 'NORM_EXCEEDED' });
    expect(judgeUpdate(study, { numExamples: 7 }, encodeUpdate([3, 4], encoding, 7))).to.deep.equal({ code: 'BAD_ENCODING' });
  });

  it('carries the state of the server’s strategy from round to round, and over a failure', () => {
    const study = studyOf('mean', { name: 'fedavgm', parameters: [{ name: 'momentum', value: '0.5' }] });
    const first = aggregate(study, before(study), set, verdicts([[1, 1], [1, 1], [1, 1]]));
    expect([...first.state!]).to.deep.equal([1, 1]);
    expect(first.result.state).to.equal(digestOf(encodeState(first.state!)));
    const footing = { base: first.result.model!, state: first.result.state! };
    const next = { ...before(study), footing, parameters: first.model!, state: first.state! };
    expect([...aggregate(study, next, set, verdicts([[1, 0], [1, 0], [1, 0]])).model!]).to.deep.equal([2.5, 1.5]);
    expect(aggregate(study, next, set, verdicts([[1, 0]])).result).to.deep.include({ outcome: 'failure', code: 'TOO_FEW', base: footing.base, state: footing.state });
  });

  it('works on a rule’s update with any server strategy', () => {
    const study = studyOf('median', { name: 'fedavgm', f: 1, parameters: [{ name: 'momentum', value: '0.5' }] });
    expect([...aggregate(study, before(study), set, verdicts([...honest, [-8, 8]])).state!]).to.deep.equal([0.5, 0.25]);
  });

  it('reads an update of a strategy with further coordinates', () => {
    const study = studyOf('mean', { name: 'scaffold' });
    const sent = verdicts([[1, 0, 0.5, 0.5], [0, 1, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]]);
    const { model, state } = aggregate(study, before(study), set, sent);
    expect([...model!]).to.deep.equal([0.5, 0.5]);
    expect([...state!].map((value) => Math.round(value * 1e12) / 1e12)).to.deep.equal([0.3, 0.3]); // 3 of 5 took part
    expect(judgeUpdate(study, { numExamples: 1 }, encodeUpdate([1, 0], encoding, 1))).to.deep.equal({ code: 'BAD_ENCODING' });
  });
});
