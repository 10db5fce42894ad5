/** The comparison of a study's first and last rounds. */
import { expect } from 'chai';
import { figuresOf, replayFigures } from './replay.js';

describe('a replay', () => {
  it('compares the last tenth of the rounds with the first', () => {
    const roundMs = [...new Array<number>(10).fill(4), ...new Array<number>(80).fill(5), ...new Array<number>(10).fill(6)];
    const lines = figuresOf({ roundMs, questionMs: [2, 2, 2], lateQuestionMs: [3, 2, 3] });
    expect(lines.map(({ name, value, ratio }) => [name, value, ratio])).to.deep.equal([['state.replay.round', 6, 1.5], ['state.replay.getRound', 3, 1.5]]);
  });

  it('plays real rounds', async () => {
    const lines = await replayFigures(2, 4);
    expect(lines.map(({ name }) => name)).to.deep.equal(['state.replay.round', 'state.replay.getRound']);
    for (const { value } of lines) expect(value).to.be.above(0);
  });
});
