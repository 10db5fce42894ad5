// Tidying: of an ended study goes what nobody needs, and nothing else; of a running one nothing.
import { expect } from 'chai';
import { statementDigest, type Digest, type Study } from '@epione/protocol';
import { tidyingText } from '../cli/tidy-command.js';
import { takePart } from '../run.js';
import { organizations, smallTemplate, TestConsortium } from '../testing/consortium.js';
import { TestLedger } from '../testing/round-ledger.js';
import { planTidying, type StudyLedger, type Tidying } from './tidy-desk.js';

/** A channel with two studies. */
function channelOf(one: { study: Digest; ledger: TestLedger }, two: { study: Digest; ledger: TestLedger }): StudyLedger {
  const of = (study: string): TestLedger => (study === two.study ? two.ledger : one.ledger);
  return {
    getStudy: (study) => of(study).getStudy(study), getRound: (study, round) => of(study).getRound(study, round), listSetups: (study, epoch) => of(study).listSetups(study, epoch),
    listStudies: async () => [...(await one.ledger.listStudies()), ...(await two.ledger.listStudies())],
  };
}

const reasons = ({ kept }: Tidying): Record<string, number> => Object.fromEntries([...Map.groupBy(kept, ({ why }) => why)].map(([why, blobs]) => [why, blobs.length]));

describe('study tidy', function () {
  this.timeout(120_000);

  it('removes updates and earlier models of an ended study, and keeps its final model, evidence and what another study names', async () => {
    await using house = await TestConsortium.found(smallTemplate);
    const ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
    const site = await house.site('HospitalA', ledger);
    const plan = (on: StudyLedger = ledger, of = site, audited = false): Promise<Tidying> => planTidying(on, of.blobs, of.config, house.digest, audited, Date.now());
    expect(await plan().catch((error: unknown) => (error as { code: string }).code)).to.equal('STUDY_UNDER_WAY');

    const stray = await site.blobs.put(Uint8Array.of(1, 2, 3));
    const [ending] = await Promise.all(organizations.map(async (mspId) => takePart(await house.site(mspId, ledger), house.digest, { signal: new AbortController().signal, stopOnAbort: false })));
    const found = await plan();
    const updates = (await Promise.all([1, 2].map((round) => ledger.getRound('', round)))).flatMap(({ slots }) => slots.flatMap((slot) => (slot.kind === 'submission' ? [slot.statement.blob] : [])));
    const { result } = (await ledger.getRound('', 1)).attestations[0]!.statement;
    expect(found.removable.map(({ digest }) => digest)).to.have.members([...updates, result.model]);
    expect(found.kept.map(({ digest, why }) => [digest, why])).to.deep.equal([[ending!.model, 'final model']]);

    // A next study begins with a model from the middle of this one.
    const next: Study = { ...house.study, name: 'next', model: { ...house.study.model, initial: result.model! } };
    const both = channelOf({ study: house.digest, ledger }, { study: statementDigest('study', next), ledger: new TestLedger(next, [...house.records.values()], Date.now) });
    const shared = await plan(both);
    expect(reasons(shared)).to.deep.equal({ 'final model': 1, 'another study': 1 });

    // The regulator has content keys: an auditor needs the updates until the audit is done, whatever the configuration says by then.
    const regulator = await house.site('Regulator', ledger);
    const forgetful = { ...regulator, config: { ...regulator.config, keepContentKeys: false } };
    for (const keeping of [regulator, forgetful]) expect(reasons(await plan(ledger, keeping))).to.deep.equal({ 'final model': 1, evidence: 7 });
    expect(tidyingText(await plan(ledger, regulator), false)).to.match(/^may be removed of sha256:\w+: 0 blobs, 0 kB\nstays, .*--audited/);
    expect((await plan(ledger, regulator, true)).removable).to.have.length(7);

    for (const { digest } of shared.removable) site.blobs.remove(digest);
    expect(site.blobs.list().map(({ digest }) => digest)).to.have.members([stray, ending!.model, result.model]);
    expect((await plan(both)).removable).to.deep.equal([]);
  });
});
