// A site that hears of a new epoch last still takes part in its first round: events are hints, the ledger is read.
import { expect } from 'chai';
import { slotOwner, statementDigest } from '@epione/protocol';
import { takePart } from './run.js';
import { hospitals, organizations, smallTemplate, TestConsortium } from './testing/consortium.js';
import { TestLedger } from './testing/round-ledger.js';

const count = 6;
const pause = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a changed roster', function () {
  this.timeout(180_000);

  it('costs no round of a site to which nobody tells of proposals and epochs', async () => {
    await using house = await TestConsortium.found({ ...smallTemplate, rounds: { ...smallTemplate.rounds, count } });
    const ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
    const { record } = house.of('HospitalA');
    const but = (calls: Partial<TestLedger>): TestLedger => new Proxy(ledger, {
      get: (target, name) => calls[name as keyof TestLedger] ?? (target[name as keyof TestLedger] as (...args: unknown[]) => unknown).bind(target),
    });
    const ledgers = new Map([
      // This ledger's events name no epochs, and its list of proposals is empty for HospitalC.
      ['HospitalC', but({ listProposals: () => Promise.resolve([]) })],
      // Round 4 waits for HospitalB, and HospitalB for the epoch that begins after it.
      ['HospitalB', but({
        submit: async (signed) => {
          while (signed.statement.round > 3 && (await ledger.getStudy(house.digest)).course?.epochs.length === 1) await pause();
          return ledger.submit(signed);
        },
      })],
    ]);
    const events: string[] = [];
    const running = Promise.all(organizations.map(async (mspId) => takePart(await house.site(mspId, ledgers.get(mspId) ?? ledger, (event) => events.push(event)), house.digest, { signal: new AbortController().signal, stopOnAbort: false })));
    while ((await ledger.getRound('', 3)).slots.length === 0) await pause();
    ledger.propose({ study: house.digest, member: 'HospitalA', record: statementDigest('participant', record), epoch: 1, kind: 'roster', participants: hospitals, aggregators: hospitals, quorum: 2 }, organizations);
    const endings = await running;
    expect(new Set(endings.map((ending) => JSON.stringify(ending)))).to.have.length(1);
    expect((await ledger.getStudy(house.digest)).course?.epochs).to.have.length(2);
    expect(events).not.to.include('sitting this round out');
    for (let round = 1; round <= count; round++) expect((await ledger.getRound('', round)).slots.map(slotOwner), `round ${round}`).to.deep.equal(hospitals);
  });
});
