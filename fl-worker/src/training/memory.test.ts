// Training that would not fit into memory is refused with what it needs; what is allowed is the smallest of all limits.
import { expect } from 'chai';
import { WorkerError } from '../error.js';
import { assertMemory, memoryAllowed, memoryNeeded } from './memory.js';
import { describeModel } from './model.js';

const studyOf = (layers: number[], inputs: number, batchSize = 32): Parameters<typeof assertMemory>[0] =>
  ({ model: describeModel({ kind: 'mlp', layers }, inputs, 'zeros'), training: { optimizer: 'sgd', learningRate: '0.1', localEpochs: 1, batchSize } });

describe('memory', () => {
  it('grows with rows, inputs, parameters and the batch', () => {
    const small = memoryNeeded(studyOf([8], 30), 1000, 30);
    expect(small).to.be.above(150e6).and.below(300e6);
    expect(memoryNeeded(studyOf([8], 30), 1_000_000, 30) - small).to.be.above(1_000_000 * 30 * 8 * 0.9);
    expect(memoryNeeded(studyOf([4000, 4000], 30), 1000, 30) - small).to.be.above(16e6 * 40);
    expect(memoryNeeded(studyOf([1000], 30, 4096), 10_000, 30)).to.be.above(memoryNeeded(studyOf([1000], 30, 32), 10_000, 30));
  });

  it('is bounded by the configuration, else by what is left', () => {
    const machine = { available: 2e9, free: 1e9, resident: 1e8 };
    expect(memoryAllowed({ memoryMb: 512 }, machine)).to.equal(512e6);
    expect(memoryAllowed({ memoryMb: 4096 }, machine)).to.equal(2.1e9);
    expect(memoryAllowed(undefined, machine)).to.equal(2.1e9);
  });

  it('is asked for before training begins, in words', () => {
    assertMemory(studyOf([8], 30), 1000, 30, { memoryMb: 1024 }, 1024e6);
    expect(() => { assertMemory(studyOf([8000, 8000], 30), 1000, 30, { memoryMb: 1024 }, 1024e6); }).to.throw(WorkerError, /^training 1000 rows of 30 inputs on 64264001 parameters takes about \d{4} MB, and 1024 MB are allowed$/).with.property('code', 'MEMORY_SHORT');
  });
});
