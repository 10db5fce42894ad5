// A site that hears of a new epoch last still takes part in its first round: events are hints, the ledger is read.
import { expect } from 'chai';
import { slotOwner, statementDigest } from '@epione/protocol';
import { takePart } from './run.js';
import { hospitals, organizations, smallTemplate, TestConsortium } from './testing/consortium.js';
import { TestLedger } from './testing/round-ledger.js';

const count = 12; // rounds enough for a change to be seen and made

describe('a changed roster', function () {
  this.timeout(180_000);

  it('costs no round of a site to which nobody tells of proposals and epochs', async () => {
    await using house = await TestConsortium.found({ ...smallTemplate, rounds: { ...smallTemplate.rounds, count } });
    const ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
    const { record } = house.of('HospitalA');
    // This ledger's events name no epochs, and its list of proposals is empty for HospitalC.
    const untold = new Proxy(ledger, {
      get: (target, name) => (name === 'listProposals' ? () => Promise.resolve([]) : (target[name as keyof TestLedger] as (...args: unknown[]) => unknown).bind(target)),
    });
    const events: string[] = [];
    const running = Promise.all(organizations.map(async (mspId) => takePart(await house.site(mspId, mspId === 'HospitalC' ? untold : ledger, (event) => events.push(event)), house.digest, { signal: new AbortController().signal, stopOnAbort: false })));
    while ((await ledger.getRound('', 3)).slots.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    ledger.propose({ study: house.digest, member: 'HospitalA', record: statementDigest('participant', record), epoch: 1, kind: 'roster', participants: hospitals, aggregators: hospitals, quorum: 2 }, organizations);
    const endings = await running;
    expect(new Set(endings.map((ending) => JSON.stringify(ending)))).to.have.length(1);
    expect((await ledger.getStudy(house.digest)).course?.epochs).to.have.length(2);
    expect(events).not.to.include('sitting this round out');
    for (let round = 1; round <= count; round++) expect((await ledger.getRound('', round)).slots.map(slotOwner), `round ${round}`).to.deep.equal(hospitals);
  });
});
