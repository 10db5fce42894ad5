// A study whose rounds are aggregated by a committee: drawn anew each round, through an abort, past a liar, after a kill.
import { expect } from 'chai';
import { aggregatorsIn, approvalsIn, epochOf, openRound, sha256, sign, type Digest, type OpeningEvidence, type RoundRecords } from '@epione/protocol';
import { anchorFrom } from './keys/chain-secret.js';
import type { Report } from './progress.js';
import { takePart } from './run.js';
import { hospitals, organizations, smallTemplate, TestConsortium } from './testing/consortium.js';
import { lifeOf } from './testing/life.js';
import { TestLedger } from './testing/round-ledger.js';
import type { Ending } from './worker.js';

const options = { signal: new AbortController().signal, stopOnAbort: false };
const rounds = 4;
const template = { ...smallTemplate, aggregation: { mode: 'visible' as const, rule: 'mean' as const, committee: 3 }, rounds: { ...smallTemplate.rounds, count: rounds } };

/** The ledger of an opened study, with the anchors that its participants gave when they approved it: the same in each run, and so are the committees. */
async function opened(house: TestConsortium): Promise<TestLedger> {
  const anchors = new Map<string, { readonly anchor?: string }>();
  for (const mspId of hospitals) anchors.set(mspId, await anchorFrom(house.of(mspId).config.state, house.digest, house.study, () => sha256(new TextEncoder().encode(`chain of ${mspId}`))));
  return new TestLedger(house.study, [...house.records.values()], Date.now, anchors);
}

const take = async (house: TestConsortium, ledger: TestLedger, mspId: string, report?: Report): Promise<Ending> => takePart(await house.site(mspId, ledger, report), house.digest, options);

interface Found {
  readonly records: RoundRecords;
  readonly committee: readonly string[];
}

/** Every round as the ledger holds it, with the committee that an outsider finds for it. */
async function roundsOf(house: TestConsortium, ledger: TestLedger): Promise<Found[]> {
  const { course } = await ledger.getStudy(house.digest);
  const found: Found[] = [];
  for (let round = 1; round <= rounds; round++) {
    const before = found.at(-1)?.records;
    const agreed = before?.attestations.filter(({ statement }) => statement.result.model === mostNamed(before)).map(({ statement }) => statement.aggregator) ?? [];
    const after: OpeningEvidence = before === undefined ? { kind: 'opening' } : before.closing?.statement.kind === 'abort' ? { kind: 'aborted' } : { kind: 'ended', attesters: agreed.slice(0, 2) };
    const opening = openRound(house.study, course!, round, after, before ?? { attestations: [] });
    found.push({ records: await ledger.getRound('', round), committee: aggregatorsIn(house.study, epochOf(course!, round)!, opening) });
  }
  return found;
}

function mostNamed({ attestations }: RoundRecords): Digest | undefined {
  const models = attestations.map(({ statement }) => statement.result.model);
  return models.toSorted((a, b) => models.filter((model) => model === a).length - models.filter((model) => model === b).length).at(-1);
}

describe('a committee', function () {
  this.timeout(180_000);

  it('recomputes each round, is another one from round to round, and all go on with its model', async () => {
    await using house = await TestConsortium.found(template);
    const ledger = await opened(house);
    const endings = await Promise.all(organizations.map((mspId) => take(house, ledger, mspId)));
    const found = await roundsOf(house, ledger);
    expect(new Set(endings.map(({ outcome, model }) => `${outcome} ${String(model)}`))).to.deep.equal(new Set([`complete ${String(mostNamed(found.at(-1)!.records))}`]));
    for (const { records, committee } of found) {
      expect(records.attestations.map(({ statement }) => statement.aggregator)).to.deep.equal(committee);
      for (const slot of records.slots) expect(slot.kind === 'submission' && slot.statement.sealed.map(({ to }) => to)).to.deep.equal(committee.filter((to) => to !== slot.statement.participant));
    }
    expect(new Set(found.map(({ committee }) => committee.join())).size, found.map(({ committee }) => committee.join()).join(' / ')).to.be.at.least(2);
  });

  it('goes on after an aborted round and a hospital killed before its submission, and names the member that lied', async () => {
    await using house = await TestConsortium.found(template);
    const ledger = await opened(house);
    // Round 1 is aborted by its members before anybody submits.
    const { course } = await ledger.getStudy(house.digest);
    const by = (mspId: string): { member: string; record: Digest } => ({ member: mspId, record: course!.epochs[0]!.participants.find((entry) => entry.mspId === mspId)!.record });
    const keys = (await house.site('HospitalA', ledger)).keys;
    const proposal = ledger.propose({ study: house.digest, ...by('HospitalA'), epoch: 1, kind: 'abort', round: 1 }, hospitals);
    const carried = (await ledger.listProposals())[0]!;
    await ledger.abortRound(sign('closing', { study: house.digest, epoch: 1, round: 1, ...by('HospitalA'), after: { kind: 'opening' }, kind: 'abort', submissions: [], reason: 'ROUND_ENDED', proposal, approvals: approvalsIn(carried.approvals) }, keys.signer));

    // One member of each committee lies about the model, in the first round in which it sits.
    const liar = 'HospitalB';
    let lied = 0;
    const attest = ledger.attest.bind(ledger);
    const site = await house.site(liar, ledger);
    ledger.attest = (signed) => {
      if (signed.statement.aggregator !== liar || lied > 0) return attest(signed);
      lied = signed.statement.round;
      return attest(sign('attestation', { ...signed.statement, result: { ...signed.statement.result, model: house.digest } }, site.keys.signer));
    };
    const submitted: string[] = [];
    const killed = (async (): Promise<Ending | 'killed'> => {
      expect(await lifeOf('HospitalC', house, ledger, 'submit', submitted)).to.equal('killed');
      return lifeOf('HospitalC', house, ledger, undefined, submitted);
    })();
    const endings = await Promise.all([...organizations.filter((mspId) => mspId !== 'HospitalC').map((mspId) => take(house, ledger, mspId)), killed]);
    expect(new Set(endings.map((ending) => JSON.stringify(ending))).size).to.equal(1);
    const found = await roundsOf(house, ledger);
    expect(found[0]!.records.closing?.statement.kind).to.equal('abort');
    expect(lied).to.be.at.least(2);
    const round = found[lied - 1]!;
    const others = round.records.attestations.filter(({ statement }) => statement.aggregator !== liar).map(({ statement }) => statement.result.model);
    expect(new Set(others)).to.deep.equal(new Set([mostNamed(round.records)]));
    expect(round.records.attestations.find(({ statement }) => statement.aggregator === liar)!.statement.result.model).to.equal(house.digest);
  });
});
