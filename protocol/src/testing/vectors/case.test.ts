/** That the table of vectors tells a disagreement, and the sets that stand in the repository. */
import { expect } from 'chai';

import { tally, type Case } from './case.js';
import { keptSets } from './kept-files.js';

const refuse = (): boolean => {
  throw new RangeError('no');
};
const faultsOf = (...cases: Case[]): readonly string[] => tally({ name: 'set', cases: () => cases }).faults;

describe('published vectors', () => {
  it('count what agrees and what is refused, by back end', () => {
    const { cases, counts, faults } = tally({
      name: 'set',
      cases: () => [
        { id: '1', valid: true, run: { native: () => true, javascript: () => true } },
        { id: '2', valid: false, run: { native: () => false } },
        { id: '3', valid: false, run: { native: refuse } },
      ],
    });
    expect({ cases, counts, faults }).to.deep.equal({ cases: 3, counts: { native: { agree: 1, refused: 2 }, javascript: { agree: 1, refused: 0 } }, faults: [] });
  });

  it('tell a wrong result, a refusal of what is valid, and an acceptance of what is not', () => {
    expect(faultsOf({ id: '7', valid: true, run: { native: () => false } })).to.deep.equal(['set, native, 7: another result']);
    expect(faultsOf({ id: '7', valid: true, run: { native: () => true, javascript: refuse } })).to.deep.equal(['set, javascript, 7: refused: no']);
    expect(faultsOf({ id: '7', valid: false, run: { javascript: () => true } })).to.deep.equal(['set, javascript, 7: accepted']);
  });

  it('are never none', () => {
    expect(faultsOf()).to.deep.equal(['set: no tests']);
  });

  for (const set of keptSets) it(`${set.name} agree`, () => { expect(tally(set).faults).to.deep.equal([]); });
});
