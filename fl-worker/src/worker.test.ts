// The worker among others: whole rounds, a site killed at every step, links without keys, blobs that vanish.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { consentCommitment, consentRef, consentSubject, decodeModel, fromHex, subjectKey, submissionDigest, toHex, type Attestation, type Digest, type Stored, type Submission } from '@epione/protocol';
import type { Report } from './progress.js';
import { seededRandom } from './random.js';
import { readTrainingData, takePart } from './run.js';
import { loadTf } from './training/tf.js';
import { train } from './training/train.js';
import { hospitals, organizations, rowsOf, secretOf, smallTemplate, TestConsortium } from './testing/consortium.js';
import { linkOf } from './testing/key-entity.js';
import { lifeOf, type Death } from './testing/life.js';
import { TestLedger } from './testing/round-ledger.js';
import type { Ending } from './worker.js';

const options = { signal: new AbortController().signal, stopOnAbort: false };
const newLedger = (house: TestConsortium): TestLedger => new TestLedger(house.study, [...house.records.values()], Date.now);

async function runSites(house: TestConsortium, ledger: TestLedger, mspIds: readonly string[], reportOf: (mspId: string) => Report = () => () => undefined): Promise<Ending[]> {
  return Promise.all(mspIds.map(async (mspId) => takePart(await house.site(mspId, ledger, reportOf(mspId)), house.digest, options)));
}

async function submissionsOf(ledger: TestLedger, round: number): Promise<Stored<Submission>[]> {
  return (await ledger.getRound('', round)).slots.flatMap((slot) => (slot.kind === 'submission' ? [slot] : []));
}
const attestationsOf = async (ledger: TestLedger, round: number): Promise<readonly Stored<Attestation>[]> => (await ledger.getRound('', round)).attestations;

describe('worker', function () {
  this.timeout(180_000); // nine processes that load TensorFlow.js, also on a busy machine
  let undisturbed: string | undefined;
  before(async () => {
    await using house = await TestConsortium.found(smallTemplate);
    undisturbed = (await runSites(house, newLedger(house), organizations))[0]!.model;
  });

  it('runs a study to its end: all sites attest the same federated average', async () => {
    await using house = await TestConsortium.found(smallTemplate);
    const ledger = newLedger(house);
    const endings = await runSites(house, ledger, organizations);
    expect(endings).to.deep.equal(organizations.map(() => ({ outcome: 'complete', model: undisturbed })));
    expect(await attestationsOf(ledger, 2)).to.have.length(4);
    // Each hospital's use of its data stands in the access log once, however many rounds follow.
    expect(ledger.accesses.map(({ statement }) => `${statement.mspId} ${statement.action}`).sort()).to.deep.equal(hospitals.map((mspId) => `${mspId} train`));

    const tf = await loadTf();
    let model = new Float32Array(3);
    for (const round of [1, 2]) {
      const parts = await Promise.all(hospitals.map(async (mspId) => {
        const data = await readTrainingData(house.of(mspId).config, house.study);
        return { rows: data.rows, local: await train(tf, house.study, model, data, seededRandom('training', 'seed', round, mspId)) };
      }));
      const total = parts.reduce((sum, part) => sum + part.rows, 0);
      model = model.map((_, k) => parts.reduce((sum, part) => sum + (part.rows * part.local[k]!) / total, 0));
    }
    const site = await house.site('Regulator', ledger);
    const federated = decodeModel((await site.blobs.get(undisturbed as Digest))!);
    federated.forEach((parameter, k) => expect(parameter).to.be.closeTo(model[k]!, 1e-6));
  });

  it('killed at every step and started again, submits once a round and ends in the same model', async () => {
    await using house = await TestConsortium.found(smallTemplate);
    const ledger = newLedger(house);
    const others = runSites(house, ledger, ['HospitalB', 'HospitalC']); // without the regulator every attestation counts
    const at = (round: number, ...events: string[]): Death[] => events.map((event) => ({ event, round }));
    const deaths = [...at(1, 'trained', 'keys ready', 'sealed'), 'submit', ...at(1, 'aggregated'), 'attest', ...at(1, 'round ended'), ...at(2, 'submitted')] satisfies Death[];
    const submitted: string[] = [];
    for (const death of deaths) expect(await lifeOf('HospitalA', house, ledger, death, submitted), JSON.stringify(death)).to.equal('killed');
    const endings = await Promise.all([lifeOf('HospitalA', house, ledger, undefined, submitted), others, runSites(house, ledger, ['Regulator'])]);
    expect(endings.flat()).to.deep.equal(organizations.map(() => ({ outcome: 'complete', model: undisturbed })));

    const statements = [...(await submissionsOf(ledger, 1)), ...(await submissionsOf(ledger, 2))].map((slot) => slot.statement);
    expect(statements.filter((statement) => statement.participant === 'HospitalA')).to.have.length(2);
    expect(new Set(submitted), 'distinct statements that left the site').to.have.length(2);
    const keyIds = statements.flatMap((statement) => statement.sealed.flatMap((entry) => entry.keyIds));
    expect(keyIds).to.have.length(18); // 3 hospitals, 3 recipients, 2 rounds
    expect(new Set(keyIds)).to.have.length(18);
  });

  it('waits without a QKD key and names the cause when the round is aborted', async () => {
    await using house = await TestConsortium.found({ ...smallTemplate, rounds: { count: 1, submitMs: 1500, graceMs: 1000, attestMs: 60_000 } });
    house.entity.cut.add(linkOf('sae-hospitala', 'sae-hospitalb'));
    const ledger = newLedger(house);
    const endings = await runSites(house, ledger, organizations);
    expect(endings).to.deep.equal(organizations.map(() => ({ outcome: 'refused', code: 'QKD_UNAVAILABLE' })));
    expect((await submissionsOf(ledger, 1)).map((slot) => slot.statement.participant)).to.deep.equal(['HospitalC']);
    expect((await ledger.getRound('', 1)).closing?.statement.reason).to.equal('QKD_UNAVAILABLE');
  });

  it('falls back where the study allows it, with the reason on the ledger', async () => {
    const suites = { ...smallTemplate.suites, sealing: ['seal-mlkem768-x25519-qkd', 'seal-mlkem768'], qkdMissing: 'fallback', qkdWaitMs: 300 } as typeof smallTemplate.suites;
    await using house = await TestConsortium.found({ ...smallTemplate, suites, rounds: { ...smallTemplate.rounds, count: 1 } });
    house.entity.cut.add(linkOf('sae-hospitala', 'sae-hospitalb'));
    const ledger = newLedger(house);
    expect((await runSites(house, ledger, organizations)).map((ending) => ending.outcome)).to.deep.equal(['complete', 'complete', 'complete', 'complete']);
    const [a] = await submissionsOf(ledger, 1);
    expect(a!.statement.sealed.map(({ to, suite, reason, keyIds }) => [to, suite, reason, keyIds.length])).to.deep.equal([
      ['HospitalB', 'seal-mlkem768', 'QKD_UNAVAILABLE', 0], ['HospitalC', 'seal-mlkem768-x25519-qkd', undefined, 1], ['Regulator', 'seal-mlkem768-x25519-qkd', undefined, 1],
    ]);
  });

  it('excludes an update whose blob nobody has, and shows who differs', async () => {
    await using house = await TestConsortium.found({ ...smallTemplate, rounds: { count: 1, submitMs: 60_000, graceMs: 1000, attestMs: 3000 } });
    const ledger = newLedger(house);
    const spoil: Report = (event) => {
      if (event !== 'sealed') return;
      const blobs = join(house.of('HospitalB').config.state, 'blobs');
      for (const name of readdirSync(blobs)) writeFileSync(join(blobs, name), 'spoilt');
    };
    const endings = await runSites(house, ledger, organizations, (mspId) => (mspId === 'HospitalB' ? spoil : () => undefined));
    expect(new Set(endings.map((ending) => ending.model))).to.have.length(1);
    const results = (await attestationsOf(ledger, 1)).map(({ statement }) => [statement.aggregator, statement.result.excluded]);
    const missing = [{ participant: 'HospitalB', code: 'BLOB_MISSING' }];
    expect(results).to.deep.equal([['HospitalA', missing], ['HospitalB', []], ['HospitalC', missing], ['Regulator', missing]]);
  });

  describe('in a study that requires consent', () => {
    const consent = { required: true, classes: ['pathology'], onWithdrawal: 'retract' as const };
    const subjectOf = (hospital: string, row: number): string => consentSubject(fromHex(secretOf(hospital, row)), hospital);

    it('trains on rows whose consent is in force, and commits to them', async () => {
      await using house = await TestConsortium.found({ ...smallTemplate, consent, rounds: { ...smallTemplate.rounds, count: 1 } });
      const ledger = newLedger(house);
      ledger.withdrawn.add(subjectOf('HospitalA', 3));
      await runSites(house, ledger, organizations);
      const [a] = await submissionsOf(ledger, 1);
      expect(a!.statement.numExamples).to.equal(rowsOf('HospitalA') - 3); // two were never asked, one has withdrawn
      const refs = Array.from({ length: rowsOf('HospitalA') - 2 }, (_, row) => row).filter((row) => row !== 3).map((row) =>
        consentRef(subjectKey(fromHex(secretOf('HospitalA', row)), house.digest), `c-${subjectOf('HospitalA', row).slice(0, 8)}`));
      expect(a!.statement.consent).to.deep.include({ commitment: toHex(consentCommitment(refs)), height: 6 });
    });

    it('takes its submission back when a person withdraws before the seal', async () => {
      await using house = await TestConsortium.found({ ...smallTemplate, consent, rounds: { ...smallTemplate.rounds, count: 1 } });
      house.entity.cut.add(linkOf('sae-hospitalb', 'sae-hospitalc'));
      const ledger = newLedger(house);
      const reportOf = (mspId: string): Report => (event) => {
        if (mspId === 'HospitalA' && event === 'submitted') ledger.withdrawn.add(subjectOf('HospitalA', 3));
        if (mspId === 'HospitalA' && event === 'retracted') house.entity.cut.clear();
      };
      const endings = await runSites(house, ledger, organizations, reportOf);
      expect(new Set(endings.map((ending) => ending.outcome))).to.deep.equal(new Set(['complete']));
      const { slots } = await ledger.getRound('', 1);
      expect(slots.map((slot) => slot.kind)).to.deep.equal(['retraction', 'submission', 'submission']);
      expect((await attestationsOf(ledger, 1))[0]!.statement.submissions.map((entry) => entry.participant)).to.deep.equal(['HospitalB', 'HospitalC']);
    });
  });

  it('is rescued by others when its QKD keys are lost', async () => {
    await using house = await TestConsortium.found({ ...smallTemplate, rounds: { ...smallTemplate.rounds, count: 1 } });
    house.entity.lose.set('sae-regulator', 3);
    const ledger = newLedger(house);
    const told: string[] = [];
    const endings = await runSites(house, ledger, organizations, (mspId) => (event) => told.push(`${mspId} ${event}`));
    expect(endings).to.deep.equal(organizations.map(() => ({ outcome: 'complete', model: endings[0]!.model })));
    expect(told.filter((line) => line === 'Regulator rescued by another member')).to.have.length(3);
    expect((await attestationsOf(ledger, 1)).map(({ statement }) => statement.result.excluded)).to.deep.equal([[], [], [], []]);
    const kept = JSON.parse(readFileSync(join(house.of('Regulator').config.state, 'content-keys.json'), 'utf8')) as { submission: string }[];
    expect(kept.map((entry) => entry.submission).sort()).to.deep.equal((await submissionsOf(ledger, 1)).map((slot) => submissionDigest(slot.statement)).sort());
  });

  it('refuses a study that the ledger does not have, naming those it has', async () => {
    await using house = await TestConsortium.found(smallTemplate);
    const site = await house.site('HospitalA', newLedger(house));
    let clock = 0;
    const error = await takePart({ ...site, elapsed: () => (clock += 4000) }, `sha256:${'0'.repeat(64)}`, options).then(() => undefined, (cause: unknown) => cause as { code: string; remedy: string });
    expect(error?.code).to.equal('STUDY_MISMATCH');
    expect(error?.remedy).to.contain(house.digest);
  });
});
