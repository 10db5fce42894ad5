/** Study documents: ranges, what fields demand of each other, and all faults at once. */
import { expect } from 'chai';
import { CodedError } from '../error.js';
import { decimal } from '../encoding/fields.js';
import { ruleName } from '../strategy/study-strategy.js';
import { fixedPointBound, membersOf, readStudy, type Study } from './study.js';

const valid = {
  version: 1, name: 'test', title: 'A test study', channel: 'epione', genesis: `sha256:${'1'.repeat(64)}`, chaincode: 'epione',
  purpose: { duo: ['DUO:0000007'], reason: 'HRESCH' },
  features: [{ name: 'radius', kind: 'number', missing: 'reject', shift: '14.1', factor: '0.28' }],
  label: { name: 'diagnosis', kind: 'number', missing: 'reject' },
  model: { kind: 'logistic', layers: [], tensors: [{ name: 'weights', shape: [1, 1] }, { name: 'bias', shape: [1] }], dimension: 2, initial: 'zeros' },
  training: { optimizer: 'sgd', learningRate: '0.1', localEpochs: 1, batchSize: 8 },
  strategy: { name: 'fedavg', weighting: 'examples', serverLearningRate: '1', parameters: [] },
  encoding: { bits: 64, fractionBits: 24, clip: '8', maxWeight: 1000 },
  privacy: { unit: 'none' }, aggregation: { mode: 'visible', rule: 'mean' },
  suites: { profile: 'default', signature: 'mldsa65', sealing: ['seal-mlkem768-qkd'], qkdMissing: 'fail', qkdWaitMs: 1000 },
  participants: ['A', 'B', 'C'], aggregators: ['A', 'B', 'C', 'R'], observers: [],
  quorums: { approve: 3, submit: 2, attest: 3 }, rounds: { count: 3, submitMs: 60_000, graceMs: 10_000, attestMs: 60_000 },
  consent: { required: false, classes: [], onWithdrawal: 'next-round' },
};

const faults = (changes: object): string => {
  try {
    readStudy({ ...valid, ...changes });
    return '';
  } catch (error) {
    expect((error as CodedError).code).to.equal('STUDY_INVALID');
    return (error as CodedError).message;
  }
};

describe('study', () => {
  it('reads a valid document', () => {
    const document = readStudy(valid);
    expect(membersOf(document)).to.deep.equal(['A', 'B', 'C', 'R']);
    expect(fixedPointBound(document.encoding)).to.equal(8 * 2 ** 24);
  });

  it('names every fault together', () => {
    const message = faults({ name: 'Not a label', participants: ['B', 'A'], quorums: { approve: 0, submit: 1, attest: 1 }, surplus: true });
    for (const part of ['study.name', 'study.participants', 'study.quorums.approve', 'surplus']) expect(message).to.include(part);
  });

  const cases: [string, (study: Study) => object, string][] = [
    ['a clip that is no multiple of the resolution', (s) => ({ encoding: { ...s.encoding, clip: '0.3', fractionBits: 2 } }), 'clip * 2^fractionBits'],
    ['a weighted value beyond 2^53', (s) => ({ encoding: { ...s.encoding, fractionBits: 40, maxWeight: 1_000_000 } }), 'below 2^53'],
    ['a sum that overflows 32 bits', (s) => ({ encoding: { ...s.encoding, bits: 32 } }), 'overflow 32 bits'],
    ['a dimension that is not the tensors’', (s) => ({ model: { ...s.model, dimension: 3 } }), 'study.model.dimension'],
    ['local tensors in the dimension', (s) => ({ model: { ...s.model, tensors: s.model.tensors.map((tensor) => ({ ...tensor, local: true })) } }), 'the shared tensors hold 0 parameters'],
    ['half of the members as quorum', (s) => ({ quorums: { ...s.quorums, approve: 2 } }), 'study.quorums.approve'],
    ['half of the aggregators as quorum', (s) => ({ quorums: { ...s.quorums, attest: 2 } }), 'study.quorums.attest'],
    ['fallback to nothing', (s) => ({ suites: { ...s.suites, qkdMissing: 'fallback' } }), 'second suite'],
    ['a suite of the other profile', (s) => ({ suites: { ...s.suites, sealing: ['seal-mlkem1024-qkd'] } }), 'study.suites.sealing'],
    ['required consent to nothing', (s) => ({ consent: { ...s.consent, required: true } }), 'study.consent.classes'],
    ['pads that a link cannot give', (s) => ({ aggregation: { mode: 'masked', expansion: 'mask-otp', epochRounds: 100 }, quorums: { ...s.quorums, submit: 3 }, model: { ...s.model, tensors: [{ name: 'weights', shape: [1000] }], dimension: 1000 } }), 'mask-otp takes 100 rounds * 8216 bytes = 6572800 bits of QKD key a link and epoch, 11 min of a link of 10 kb/s; at most 2097152'],
    ['a million parameters under pads', (s) => ({ aggregation: { mode: 'masked', expansion: 'mask-otp', epochRounds: 1 }, quorums: { ...s.quorums, submit: 3 }, model: { ...s.model, tensors: [{ name: 'weights', shape: [1_000_000] }], dimension: 1_000_000 } }), '64001728 bits of QKD key'],
    ['pads that a reveal cannot give', (s) => ({ aggregation: { mode: 'masked', expansion: 'mask-otp', epochRounds: 1 }, participants: Array.from({ length: 10 }, (_, at) => `H${at}`), quorums: { ...s.quorums, submit: 6 }, model: { ...s.model, tensors: [{ name: 'weights', shape: [20_000] }], dimension: 20_000 } }), 'with 4 drop-outs'],
    ['compression of masked words', (s) => ({ aggregation: { mode: 'masked', expansion: 'mask-aes256ctr', epochRounds: 1 }, quorums: { ...s.quorums, submit: 3 }, encoding: { ...s.encoding, compression: { kind: 'int8', errorFeedback: true } } }), 'encoding.compression: a masked word has the bits'],
    ['compression of no known kind', (s) => ({ encoding: { ...s.encoding, compression: { kind: 'int2', errorFeedback: true } } }), 'study.encoding.compression.kind'],
    ['a feature named twice', (s) => ({ features: [...s.features, ...s.features] }), 'a name stands twice'],
  ];
  const uniform = (aggregation: string, more: object) => (s: Study): object => ({ strategy: { ...s.strategy, weighting: 'uniform', ...more }, aggregation: { mode: 'visible', rule: aggregation } });
  const adam = [['beta1', '0.9'], ['beta2', '0.99'], ['tau', '0.001']].map(([name, value]) => ({ name, value }));
  cases.push(
    ['a strategy without its parameters', (s) => ({ strategy: { ...s.strategy, name: 'fedadam', parameters: adam.slice(1) } }), 'beta1 is missing, from 0 to below 1'],
    ['a parameter outside its range', (s) => ({ strategy: { ...s.strategy, name: 'fedavgm', parameters: [{ name: 'momentum', value: '1' }] } }), 'momentum is 1, it must be from 0 to below 1'],
    ['a q that is not whole', (s) => ({ strategy: { ...s.strategy, name: 'qfedavg', parameters: [{ name: 'q', value: '0.5' }] } }), 'a whole number from 0 to 8'],
    ['a parameter that nothing asks for', (s) => ({ strategy: { ...s.strategy, parameters: [{ name: 'beta1', value: '0.9' }] } }), 'nothing asks for beta1'],
    ['a rule without its f', uniform('median', {}), 'strategy.f: is missing'],
    ['an f without a rule', (s) => ({ strategy: { ...s.strategy, f: 1 } }), 'strategy.f: the rule mean has none'],
    ['a rule that would ignore weights', (s) => ({ strategy: { ...s.strategy, f: 0 }, aggregation: { mode: 'visible', rule: 'median' } }), 'counts every update alike'],
    ['a root that sends nothing', uniform('fltrust', { root: 'R' }), 'strategy.root: is no participant'],
    ['a robust rule on control variates', uniform('median', { name: 'scaffold', f: 0 }), 'scaffold needs the mean'],
    ['control variates without noise beside noised updates', (s) => ({ strategy: { ...s.strategy, name: 'scaffold', weighting: 'uniform' }, privacy: { unit: 'site', clippingNorm: '1', noiseMultiplier: '1', epsilon: '100', delta: '0.00001', sampling: 'all', accountant: 'rdp' } }), 'no noise is priced for that'],
    ['a bound that noise would break', (s) => ({ strategy: { ...s.strategy, weighting: 'uniform', parameters: [{ name: 'maxNorm', value: '1' }] }, privacy: { unit: 'site', clippingNorm: '1', noiseMultiplier: '1', epsilon: '100', delta: '0.00001', sampling: 'all', accountant: 'rdp' } }), 'maxNorm would exclude updates for their noise'],
    ['control variates for local tensors', (s) => ({ strategy: { ...s.strategy, name: 'scaffold', weighting: 'uniform' }, model: { ...s.model, dimension: 1, tensors: s.model.tensors.map((tensor, at) => (at === 1 ? { ...tensor, local: true } : tensor)) } }), 'scaffold corrects the drift of shared tensors only'],
    ['weighted control variates', (s) => ({ strategy: { ...s.strategy, name: 'scaffold' } }), 'counts every control variate alike'],
  );
  for (const [what, change, part] of cases) it(`refuses ${what}`, () => { expect(faults(change(readStudy(valid)))).to.include(part); });

  it('takes convolutions with the shape of their inputs, and survival with its event', () => {
    const tensors = [{ name: 'all', shape: [2] }];
    const cnn = { kind: 'cnn', input: [12, 1], layers: [{ conv: 4, size: [3], stride: [1], padding: 'same' }, { pool: 'max', size: [2] }, 8], tensors, dimension: 2, initial: 'zeros' };
    const cox = { kind: 'cox', layers: [], tensors, dimension: 2, initial: 'zeros' };
    const event = { name: 'died', kind: 'category', categories: ['no', 'yes'], missing: 'reject' };
    const hidden = { privacy: { unit: 'patient', clippingNorm: '1', noiseMultiplier: '1', epsilon: '3', delta: '0.00001', sampling: 'poisson', samplingRate: '0.1', accountant: 'rdp' } };
    expect(faults({ model: cnn })).to.equal('');
    expect(faults({ model: cox, event })).to.equal('');
    expect(faults({ model: { ...cnn, input: undefined } })).to.include('model.input: belongs to kind cnn');
    expect(faults({ model: { ...cnn, input: [4, 3, 1] } })).to.include('sizes and strides have 2 numbers here');
    expect(faults({ model: { ...cnn, layers: [8, ...cnn.layers] } })).to.include('come before dense layers');
    expect(faults({ model: { ...cnn, kind: 'mlp', input: undefined } })).to.include('a model of kind mlp has dense layers only');
    expect(faults({ model: { ...cnn, layers: [{ conv: 4, size: [3], stride: [1], padding: 'same', dilation: 2 }] } })).to.include('model.layers.0');
    expect(faults({ model: cox })).to.include('event: belongs to a model of kind cox');
    expect(faults({ event })).to.include('event: belongs to a model of kind cox');
    expect(faults({ model: cox, event: { ...event, name: 'radius' } })).to.include('a name stands twice');
    expect(faults({ model: cox, event, strategy: { ...valid.strategy, name: 'qfedavg', parameters: [{ name: 'q', value: '1' }] } })).to.include('qfedavg compares losses');
    expect(faults({ model: cox, event, ...hidden })).to.include('that of cox depends on other rows');
    expect(faults({ model: cnn, ...hidden })).to.equal('');
  });

  it('gives a label of more than two categories one output each', () => {
    const digits = { name: 'digit', kind: 'category', categories: ['0', '1', '2'], missing: 'reject' };
    const model = { ...valid.model, outputs: 3 };
    expect(faults({ label: digits, model })).to.equal('');
    expect(faults({ label: digits })).to.include('model.outputs: must be 3');
    expect(faults({ label: digits, model: { ...model, outputs: 4 } })).to.include('model.outputs: must be 3');
    expect(faults({ model })).to.include('model.outputs: belongs to a label of more than two categories');
    expect(faults({ label: { ...digits, categories: ['0', '1'] }, model })).to.include('model.outputs: belongs');
  });

  it('takes adversarial training of numbers that can reach its epsilon', () => {
    const adversarial = { epsilon: '0.15', steps: 7, stepSize: '0.03', lowest: '0', highest: '1' };
    const changed = (changes: object): object => ({ training: { ...valid.training, adversarial: { ...adversarial, ...changes } } });
    expect(faults(changed({}))).to.equal('');
    expect(faults(changed({ steps: 4 }))).to.include('steps * stepSize must reach epsilon');
    expect(faults(changed({ highest: '0' }))).to.include('must be above lowest');
    expect(faults({ ...changed({}), features: [{ name: 'sex', kind: 'category', categories: ['f', 'm'], missing: 'reject' }] })).to.include('a category cannot be moved a little');
    expect(faults({ ...changed({}), model: { ...valid.model, kind: 'cox' } })).to.include('has no loss of its own');
  });

  it('refuses fewer submissions than its rule needs, with a code of their own', () => {
    const participants = ['A', 'B', 'C', 'D', 'E', 'F', 'G'];
    const robust = (rule: string, f: number, submit: number): object => ({
      ...valid, participants, aggregators: participants, quorums: { approve: 4, submit, attest: 4 },
      strategy: { ...valid.strategy, weighting: 'uniform', f }, aggregation: { mode: 'visible', rule },
    });
    for (const [rule, f, least] of [['median', 2, 5], ['trimmed-mean', 1, 3], ['krum', 1, 5], ['multi-krum', 2, 7], ['bulyan', 1, 7]] as const) {
      expect(() => readStudy(robust(rule, f, least - 1)), rule).to.throw(CodedError, `${rule} needs ${least} updates`).with.property('code', 'RULE_BOUND');
      expect(ruleName(readStudy(robust(rule, f, least)))).to.equal(rule);
    }
  });

  it('takes decimals in one spelling only', () => {
    for (const good of ['0', '1', '-1', '0.5', '-0.001', '123456789.123456789012']) expect(decimal.safeParse(good).success, good).to.equal(true);
    for (const bad of ['', '-0', '1.0', '0.50', '01', '1e3', '.5', '+1', '1234567890', 'NaN', '0x1']) expect(decimal.safeParse(bad).success, bad).to.equal(false);
  });
});
