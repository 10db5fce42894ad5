// Rows under consent: judged at one block of the ledger, whatever else is committed meanwhile; files that are not as expected are refused.
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { consentSubject, fromHex } from '@epione/protocol';
import type { WorkerError } from '../error.js';
import { readTrainingData } from '../run.js';
import { rowsOf, secretOf, smallTemplate, TestConsortium } from '../testing/consortium.js';
import { TestLedger } from '../testing/round-ledger.js';
import { anyWithdrawn, consentedRows, readConsents, type ConsentedRows } from './consented-rows.js';
import type { RoundView, StudyInForce } from './course.js';

const consent = { required: true, classes: ['pathology'], onWithdrawal: 'next-round' as const };
const view = { opened: { base: 'zeros', openedAt: 0 }, openedBy: [] as readonly string[] } as RoundView;

describe('rows under consent', function () {
  this.timeout(120_000);
  let house: TestConsortium;
  let ledger: TestLedger;
  const study = (): StudyInForce => ({ digest: house.digest, document: house.study, course: { openedAt: 0, epochs: [] } });
  const rows = async (openedBy: readonly string[] = []): Promise<ConsentedRows> => consentedRows(await house.site('HospitalA', ledger), study(), { ...view, openedBy }, await readTrainingData(house.of('HospitalA').config, house.study));

  beforeEach(async () => {
    house = await TestConsortium.found({ ...smallTemplate, consent });
    ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
  });
  afterEach(() => house[Symbol.asyncDispose]());

  it('are judged at the block before the question, though others submit meanwhile', async () => {
    ledger.meanwhile.push('Round:submit');
    const { data, consent: said, subjects } = await rows();
    expect(data.rows).to.equal(rowsOf('HospitalA') - 2);
    expect(subjects).to.have.length(data.rows);
    expect(said?.height).to.equal(6);
  });

  it('are judged again when a consent was written meanwhile', async () => {
    ledger.meanwhile.push('Consent:withdrawConsent');
    expect((await rows()).consent?.height).to.equal(7);
    ledger.meanwhile.push('Consent:grantConsent', 'Round:submit');
    expect((await rows()).consent?.height).to.equal(8);
  });

  it('are not judged at a peer that has not seen the round\'s opening', async () => {
    const lagging = await rows(['block 7']).then(() => undefined, (cause: unknown) => cause as { code: string });
    expect(lagging?.code).to.equal('UNAVAILABLE');
    ledger.chain.push('Round:attest');
    expect((await rows(['block 7'])).consent?.height).to.equal(7);
  });

  it('are none when all have withdrawn, and withdrawal is seen afterwards', async () => {
    const { subjects } = await rows();
    const site = await house.site('HospitalA', ledger);
    expect(await anyWithdrawn(site, study(), view, subjects)).to.equal(false);
    for (let row = 0; row < rowsOf('HospitalA'); row++) ledger.withdrawn.add(consentSubject(fromHex(secretOf('HospitalA', row)), 'HospitalA'));
    expect(await anyWithdrawn(site, study(), view, subjects)).to.equal(true);
    const error = await rows().then(() => undefined, (cause: unknown) => cause as { code: string });
    expect(error?.code).to.equal('CONSENT_EMPTY');
  });

  it('need a file of secrets', async () => {
    const { config } = house.of('HospitalA');
    writeFileSync(config.data?.consents ?? '', '{"1": {"secret": "short"}, "2": {"name": "x"}}');
    const error = await rows().then(() => undefined, (cause: unknown) => cause as { code: string; message: string });
    expect(error?.code).to.equal('DATA_INVALID');
    expect(error?.message).to.contain('1.secret').and.to.contain('2');
  });

  it('of a file that cannot be read say whether it is there, and nothing of what is in it', async () => {
    const { config } = house.of('HospitalA');
    const path = config.data!.consents!;
    const faultOf = (file: string): Promise<WorkerError> => readConsents(file).then(() => { throw new Error('was read'); }, (error: unknown) => error as WorkerError);
    expect(await faultOf(`${path}.none`)).to.have.nested.property('cause.code', 'ENOENT');
    writeFileSync(path, `{"1":{"secret":"${secretOf('HospitalA', 1)}x}`);
    const broken = await faultOf(path);
    expect([broken.code, broken.message, broken.cause]).to.deep.equal(['DATA_INVALID', `cannot read the consents ${path}`, undefined]);
  });
});
