// A small part of the compression table, run as the whole is: bytes as computed, and error feedback brings few bits near the full words.
import { expect } from 'chai';
import { measure } from './measure.js';
import { wdbc } from './tasks.js';

describe('compression of updates on WDBC', () => {
  it('sends few bytes and comes near the model of full words', async () => {
    const task = wdbc();
    const whole = await measure(task, undefined, 'seed 1');
    const int4 = await measure(task, { kind: 'int4', errorFeedback: true }, 'seed 1');
    expect([whole.bytes, int4.bytes]).to.deep.equal([272, 22]);
    expect(int4.accuracy).to.be.at.least(whole.accuracy - 0.03); // 113 test rows: three of them
    expect(await measure(task, { kind: 'int4', errorFeedback: true }, 'seed 1'), 'the same again').to.deep.equal(int4);
  });
});
