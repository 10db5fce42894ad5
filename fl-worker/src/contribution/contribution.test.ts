// Contributions: the same digest at two organizations and from a simulation, a harmful site below zero, an absent one at nothing, masked studies refused.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { digestOf, type Study } from '@epione/protocol';
import { contributionAt } from '../cli/contribution-command.js';
import { readCsv } from '../data/csv.js';
import { toDataset, type Dataset } from '../data/dataset.js';
import { exitCodeOf } from '../exit.js';
import { seededRandom } from '../random.js';
import { readTrainingData, takePart } from '../run.js';
import { simulate } from '../simulation/simulate.js';
import { simulatedStudy } from '../simulation/simulated-study.js';
import { siteNames } from '../simulation/site-data.js';
import { hospitals, organizations, smallTemplate, TestConsortium } from '../testing/consortium.js';
import { TestLedger } from '../testing/round-ledger.js';
import { assertVisible, contributionDigest, contributionOf, type Contribution, type ContributionOptions } from './contribution.js';
import type { PlayedRound } from './round-game.js';

/** The rounds of a simulation as contributions want them. */
async function* played(study: Study, sites: ReadonlyMap<string, Dataset>, seed: string, dropOut = 0): AsyncGenerator<PlayedRound> {
  for await (const { round, model, base, state, words } of simulate({ study, sites, seed, dropOut, keepWords: true })) {
    if (model !== undefined && words !== undefined) yield { round, model, parameters: base, state, words, participants: study.participants.length };
  }
}

/** Two clouds of points; at an odd site every label says the opposite. */
function rowsOf(mspId: string, rows: number, wrong: boolean): Dataset {
  const random = seededRandom('simulated rows', mspId);
  const labels = Float32Array.from({ length: rows }, (_, row) => row % 2);
  const features = Float32Array.from({ length: 2 * rows }, (_, at) => random.normal() + (at % 2 === 0 ? 1 : -1) * labels[at >> 1]!);
  return { rows, width: 2, features, labels: wrong ? labels.map((label) => 1 - label) : labels, ids: [...labels.keys()].map(String) };
}

const test = { data: rowsOf('test', 60, false), digest: digestOf(new TextEncoder().encode('test')) };
const valueOf = ({ values }: Contribution, participant: string): number => Number(values.find((share) => share.participant === participant)?.value);

describe('contribution', function () {
  this.timeout(180_000); // sites that load TensorFlow.js, also on a busy machine

  it('is the same document at two organizations that opened the updates, and from a simulation', async () => {
    await using house = await TestConsortium.found(smallTemplate);
    for (const mspId of ['HospitalA', 'Regulator']) house.configs.set(mspId, { ...house.of(mspId).config, keepContentKeys: true });
    const ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
    const sites = await Promise.all(organizations.map(async (mspId) => house.site(mspId, ledger)));
    await Promise.all(sites.map(async (site) => takePart(site, house.digest, { signal: new AbortController().signal, stopOnAbort: false })));
    const file = join(house.of('Regulator').config.state, 'test.csv');
    writeFileSync(file, readFileSync(house.of('HospitalC').config.data!.train));
    const [a, b, , regulator] = sites;
    const told = await contributionAt(regulator!, house.digest, file, { utility: 'logLoss' });
    const again = await contributionAt(a!, house.digest, file, { utility: 'logLoss' });
    expect(contributionDigest(again)).to.equal(contributionDigest(told));
    const rows = new Map(await Promise.all(hospitals.map(async (mspId) => [mspId, await readTrainingData(house.of(mspId).config, house.study)] as const)));
    const of: ContributionOptions = { study: house.study, utility: 'logLoss', test: { data: toDataset(readCsv(readFileSync(file, 'utf8')), house.study), digest: digestOf(readFileSync(file)) } };
    const simulated = await contributionOf(of, played(house.study, rows, 'seed'));
    expect(simulated).to.deep.equal(told);
    expect(told.rounds.map(({ method, evaluations }) => [method, evaluations])).to.deep.equal([['exact', 8], ['exact', 8]]);
    // One row, one digit or another metric, another document.
    writeFileSync(file, readFileSync(file, 'utf8').replace(/,1\n$/, ',0\n').replace(/\n$/, '\r\n'));
    expect(contributionDigest(await contributionAt(regulator!, house.digest, file, { utility: 'logLoss' }))).not.to.equal(contributionDigest(told));
    const keyless = await contributionAt(b!, house.digest, file, {}).catch((error: unknown) => error);
    expect(keyless).to.have.property('code', 'DATA_MISSING');
  });

  it('adds up to what the rounds gained, puts harm below zero and nothing on a site that never came', async () => {
    const study = simulatedStudy({ ...smallTemplate, rounds: { ...smallTemplate.rounds, count: 3 } }, siteNames(5));
    const sites = new Map(siteNames(5).map((mspId, at) => [mspId, rowsOf(mspId, 30, at === 4)]));
    const told = await contributionOf({ study, test, utility: 'logLoss' }, played(study, sites, 's'));
    const sum = told.values.reduce((total, { value }) => total + Number(value), 0);
    expect(sum).to.be.closeTo(Number(told.whole), 1e-9);
    expect(Number(told.whole)).to.be.closeTo(Number(told.rounds.at(-1)!.after) - Number(told.rounds[0]!.before), 1e-9);
    expect(Math.abs(Number(told.unattributed))).to.be.below(1e-9);
    expect(valueOf(told, 'Site0005')).to.be.below(0);
    for (const honest of siteNames(4)) expect(valueOf(told, honest)).to.be.above(0);
    const absent = await contributionOf({ study, test, utility: 'logLoss' }, played(study, sites, 'u', 0.3));
    for (const { round, values } of absent.rounds) expect(values.length, String(round)).to.be.within(3, 5);
  });

  it('samples above eight sites and comes near the exact values there, too', async () => {
    const study = simulatedStudy({ ...smallTemplate, rounds: { ...smallTemplate.rounds, count: 1 } }, siteNames(9));
    const sites = new Map(siteNames(9).map((mspId, at) => [mspId, rowsOf(mspId, 10 + 4 * at, at === 8)]));
    const of = async (method?: 'exact'): Promise<Contribution> => contributionOf({ study, test, utility: 'logLoss', method }, played(study, sites, 's'));
    const [sampled, exact] = [await of(), await of('exact')];
    expect([sampled.rounds[0]!.method, exact.rounds[0]!.method, exact.guided]).to.deep.equal(['gtg', 'exact', undefined]);
    const size = exact.values.reduce((total, { value }) => total + Math.abs(Number(value)), 0);
    expect(siteNames(9).reduce((total, name) => total + Math.abs(valueOf(sampled, name) - valueOf(exact, name)), 0)).to.be.below(0.1 * size);
    expect(contributionDigest(await of())).to.equal(contributionDigest(sampled));
  });

  it('leaves out what a robust rule cannot make of few updates', async () => {
    const study = simulatedStudy({ ...smallTemplate, strategy: { ...smallTemplate.strategy, weighting: 'uniform', f: 1 }, aggregation: { mode: 'visible', rule: 'median' } }, siteNames(4));
    const sites = new Map(siteNames(4).map((mspId) => [mspId, rowsOf(mspId, 20, false)]));
    const told = await contributionOf({ study, test, utility: 'accuracy' }, played(study, sites, 's'));
    expect(Math.abs(Number(told.unattributed))).to.be.below(1e-9);
  });

  it('is refused where nobody sees an update, and where updates are not those of the model', async () => {
    const masked = simulatedStudy({ ...smallTemplate, aggregation: { mode: 'masked', expansion: 'mask-aes256ctr', epochRounds: 10 } }, siteNames(3));
    const refusal = (() => { try { assertVisible(masked); return undefined; } catch (error) { return error; } })();
    expect(refusal).to.have.property('code', 'UPDATES_HIDDEN');
    expect(exitCodeOf(refusal)).to.equal(3);
    const study = simulatedStudy(smallTemplate, siteNames(3));
    const sites = new Map(siteNames(3).map((mspId) => [mspId, rowsOf(mspId, 10, false)]));
    async function* changed(): AsyncGenerator<PlayedRound> {
      for await (const round of played(study, sites, 's')) yield { ...round, words: new Map([...round.words].slice(1)) };
    }
    expect(await contributionOf({ study, test }, changed()).catch((error: unknown) => error)).to.have.property('code', 'WRONG_SET');
  });
});
