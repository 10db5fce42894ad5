// When a round may be closed or aborted by a worker.
import { expect } from 'chai';
import type { RoundState } from '@epione/protocol';
import { smallTemplate } from '../testing/consortium.js';
import { studyFrom } from '../study-template.js';
import { closingDue } from './closing.js';

const members = ['A', 'B', 'C'];
const document = studyFrom(smallTemplate, { channel: 'epione', genesis: `sha256:${'0'.repeat(64)}`, chaincode: 'epione', participants: members, aggregators: members, observers: [] });
const epoch = { epoch: 1, from: 1, participants: members.map((mspId) => ({ mspId, record: document.genesis })), aggregators: members, quorum: 2 };
const due = (state: RoundState, slots = 0): ReturnType<typeof closingDue> => closingDue({ document }, { state, epoch, records: { slots: Array(slots).fill({}) as never, attestations: [] } });

describe('closing', () => {
  const open = { state: 'open' as const, missing: [], deadline: 10_000, overdue: false };

  it('closes after the deadline when enough have submitted', () => {
    expect(due({ ...open, live: ['A', 'B'] }, 2)).to.deep.equal({ kind: 'close', from: 10_250 });
  });

  it('aborts after the grace period when too few have, at once when all slots are filled', () => {
    expect(due({ ...open, live: ['A'] }, 1)).to.deep.equal({ kind: 'abort', from: 11_250 });
    expect(due({ ...open, live: ['A'] }, 3)).to.deep.equal({ kind: 'abort', from: 0 });
  });

  it('aborts a sealed round whose attestations do not come, and nothing that has ended', () => {
    expect(due({ state: 'sealed', set: [], sealedAt: 0, awaited: [], deadline: 20_000, overdue: false })).to.deep.equal({ kind: 'abort', from: 20_250 });
    expect(due({ state: 'aborted', base: 'zeros', reason: 'TOO_FEW', endedAt: 0 })).to.equal(undefined);
  });
});
