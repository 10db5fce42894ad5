// A masked study whose pair keys cannot be agreed on ends refused and says why, or goes on without QKD where the study allows it.
import { expect } from 'chai';
import { exitCodeOf } from '../exit.js';
import type { Facts } from '../progress.js';
import { takePart } from '../run.js';
import { workerStatus } from '../status.js';
import type { StudyTemplate } from '../study-template.js';
import { organizations, smallTemplate, TestConsortium } from '../testing/consortium.js';
import { linkOf } from '../testing/key-entity.js';
import { TestLedger } from '../testing/round-ledger.js';

const masked = (suites: Partial<StudyTemplate['suites']>, submitMs: number): StudyTemplate => ({
  ...smallTemplate, suites: { ...smallTemplate.suites, ...suites }, rounds: { ...smallTemplate.rounds, count: 1, submitMs }, aggregation: { mode: 'masked', expansion: 'mask-aes256ctr', epochRounds: 10 },
});
const options = { signal: new AbortController().signal, stopOnAbort: false };

describe('pair keys before a study is open', function () {
  this.timeout(300_000); // loads TensorFlow.js, also on a busy machine

  it('are not waited for without end: every site ends refused, and names whose are missing', async () => {
    await using house = await TestConsortium.found(masked({}, 3000));
    const ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
    house.entity.cut.add(linkOf('sae-hospitala', 'sae-hospitalb'));
    const told = new Map<string, Facts>();
    const endings = await Promise.allSettled(organizations.map(async (mspId) => {
      const site = await house.site(mspId, ledger, (event, facts = {}) => { if (event === 'waiting for pair keys') told.set(mspId, facts); });
      return takePart(site, house.digest, options);
    }));
    for (const ending of endings) {
      const reason: unknown = ending.status === 'rejected' ? ending.reason : undefined;
      expect(reason).to.be.instanceOf(Error).with.property('message').that.matches(/pair keys of HospitalA.* have been missing for 3 s/);
      expect(reason).to.have.property('code', 'PAIR_KEY_MISSING');
      expect(exitCodeOf(reason)).to.equal(3);
    }
    // On a busy machine another one may be late as well.
    expect(told.get('HospitalA')).to.include({ code: 'QKD_UNAVAILABLE' }).and.to.have.property('of').that.matches(/^HospitalA/);
    expect(told.get('Regulator')).to.include({ code: undefined, message: undefined }).and.to.have.property('of').that.matches(/^HospitalA/);
    expect(await workerStatus(house.of('HospitalB').config)).to.deep.include({ round: 0, state: 'waiting for pair keys' });
  });

  it('come from ML-KEM alone after a while where the study says so, with the reason on the ledger', async () => {
    const sealing: StudyTemplate['suites']['sealing'] = ['seal-mlkem768-qkd', 'seal-mlkem768'];
    await using house = await TestConsortium.found(masked({ qkdMissing: 'fallback', qkdWaitMs: 300, sealing }, 600_000));
    const ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
    house.entity.cut.add(linkOf('sae-hospitala', 'sae-hospitalb'));
    const endings = await Promise.all(organizations.map(async (mspId) => takePart(await house.site(mspId, ledger), house.digest, options)));
    expect(endings.map(({ outcome }) => outcome)).to.deep.equal(organizations.map(() => 'complete'));
    const pairs = (await ledger.listSetups(house.digest, 1)).flatMap(({ statement }) => statement.pairs.map(({ to, suite, reason }) => [`${statement.participant} ${to}`, suite, reason]));
    expect(pairs).to.have.deep.members([
      ['HospitalA HospitalB', 'seal-mlkem768', 'QKD_UNAVAILABLE'], ['HospitalA HospitalC', 'seal-mlkem768-qkd', undefined], ['HospitalB HospitalC', 'seal-mlkem768-qkd', undefined],
    ]);
  });
});
