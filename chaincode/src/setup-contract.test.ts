/** Masked mode on the ledger: set-ups before an epoch, an epoch of bounded length, and what a sealed round no longer allows. */
import { expect } from 'chai';
import { canonicalText, type Setup, type Stored } from '@epione/protocol';
import { argument, Consortium, digestOfText, hospitals, maskedStudy, organizations } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';

const otpStudy: typeof maskedStudy = { ...maskedStudy, aggregation: { mode: 'masked', expansion: 'mask-otp', epochRounds: 3 } };

/** All members agreed; the study is not open. */
async function agreed(study = maskedStudy): Promise<Consortium> {
  const house = new Consortium(study);
  for (const mspId of organizations) await house.register(mspId);
  await house.registerStudy();
  for (const mspId of organizations) await house.approve(mspId);
  return house;
}

const open = (house: Consortium, statement: object = house.opening()): Promise<string> =>
  house.ledger.run({ mspId: 'HospitalA' }, (ctx) => house.studies.openStudy(ctx, argument(house.signed('opening', statement, 'HospitalA'))));

/** The next epoch, of the same roster. */
const rekeyed = (house: Consortium, from: number, after: object): object =>
  ({ ...house.epoch(hospitals, organizations), after, epoch: { epoch: 2, from, participants: house.entries(hospitals, 2, from), aggregators: organizations, quorum: 3 } });

describe('Setup', () => {
  it('must be there of each participant before a masked study opens; the epoch names the one it takes', async () => {
    const house = await agreed();
    for (const mspId of ['HospitalA', 'HospitalB']) await house.setUp(house.setup(mspId));
    expect(await codeOf(open(house))).to.equal('SETUP_MISSING');
    await house.setUp(house.setup('HospitalC', 1, 1, ['HospitalA', 'HospitalC']));
    await house.setUp(house.setup('HospitalA', 1, 1, hospitals, { blob: digestOfText('another try') }));
    expect(await codeOf(open(house)), 'the opening names the set-up before').to.equal('SETUP_MISSING');
    await house.setUp(house.setup('HospitalA'));
    await open(house);
    const found = JSON.parse(await house.ledger.run({ mspId: 'Regulator' }, (ctx) => house.setups.listSetups(ctx, canonicalText({ study: house.studyDigest, epoch: 1 })))) as { setups: Stored<Setup>[] };
    expect(found.setups.map(({ statement }) => statement.participant)).to.deep.equal(hospitals);
    expect(await codeOf(house.setUp(house.setup('HospitalB'))), 'epoch 1 is open').to.equal('EPOCH_NOT_NEW');
  });

  it('is refused with pairs that are not one’s own to agree on, other suites, or in visible mode', async () => {
    const house = await agreed();
    const refused = (participant: string, changes: Partial<Setup>): Promise<string> => codeOf(house.setUp(house.setup(participant, 1, 1, hospitals, changes)));
    const [pair] = house.setup('HospitalB').pairs;
    expect(await refused('HospitalB', { pairs: [{ ...pair!, to: 'HospitalA' }] })).to.equal('BAD_FIELD');
    expect(await refused('HospitalB', { pairs: [] })).to.equal('BAD_FIELD');
    expect(await refused('HospitalB', { pairs: [{ ...pair!, suite: 'seal-mlkem768', keyIds: [] }] })).to.equal('SUITE_REFUSED');
    expect(await refused('HospitalB', { pairs: [{ ...pair!, keyIds: [] }] })).to.equal('SUITE_REFUSED');
    expect(await refused('HospitalB', { epoch: 2 })).to.equal('EPOCH_NOT_NEW');
    expect(await codeOf(house.setUp(house.setup('HospitalB'), 'HospitalA')), 'another’s').to.equal('CALLER_MISMATCH');
    const visible = await new Consortium().open();
    expect(await codeOf(visible.setUp(visible.setup('HospitalB', 2, 2)))).to.equal('BAD_FIELD');
    expect(await codeOf(visible.openEpoch({ ...visible.epoch(hospitals, organizations), epoch: { epoch: 2, from: 2, participants: visible.entries().map((entry) => ({ ...entry, setup: digestOfText('none') })), aggregators: organizations, quorum: 3 } }))).to.equal('BAD_FIELD');
  });

  it('names pad keys where the masks are one-time pads, and only there', async () => {
    const seeded = await agreed();
    const padded = await agreed(otpStudy);
    const withPads = (house: Consortium, padKeyIds: string[]): Partial<Setup> => ({ pairs: house.setup('HospitalB').pairs.map((pair) => ({ ...pair, padKeyIds })) });
    const refused = (house: Consortium, changes: Partial<Setup>): Promise<string> => codeOf(house.setUp(house.setup('HospitalB', 1, 1, hospitals, changes)));
    expect([await refused(seeded, {}), await refused(seeded, withPads(seeded, ['pad-1']))]).to.deep.equal(['accepted', 'BAD_FIELD']);
    expect([await refused(padded, {}), await refused(padded, withPads(padded, [])), await refused(padded, withPads(padded, ['pad-1', 'pad-2']))]).to.deep.equal(['BAD_FIELD', 'BAD_FIELD', 'accepted']);
  });

  it('is for its own roster, records and first round', async () => {
    const house = await agreed();
    for (const mspId of ['HospitalB', 'HospitalC']) await house.setUp(house.setup(mspId));
    const wrong = house.setup('HospitalA', 1, 2);
    await house.setUp(wrong);
    const opening = house.opening() as { epoch: { participants: object[] } };
    const naming = (setup: Setup): object => ({ ...opening, epoch: { ...opening.epoch, participants: opening.epoch.participants.map((entry, at) => (at === 0 ? { ...entry, setup: house.setupDigest(setup) } : entry)) } });
    expect(await codeOf(open(house, naming(wrong)))).to.equal('EPOCH_WRONG');
    const few = house.setup('HospitalA', 1, 1, ['HospitalA', 'HospitalC']);
    await house.setUp(few);
    expect(await codeOf(open(house, naming(few)))).to.equal('EPOCH_WRONG');
  });
});

describe('Round in masked mode', () => {
  it('takes no number of examples, and no submission once the epoch’s pair keys are used up', async () => {
    const house = await new Consortium(maskedStudy).open();
    expect(await codeOf(house.submit('HospitalA', 1, { numExamples: 10 }))).to.equal('BAD_FIELD');
    for (const round of [1, 2, 3]) {
      for (const mspId of hospitals) await house.submit(mspId, round);
      for (const mspId of organizations) await house.attest(mspId, round);
    }
    expect(await codeOf(house.submit('HospitalA', 4))).to.equal('EPOCH_EXPIRED');
  });

  it('goes on with the next epoch’s keys where each has set up anew', async () => {
    const house = await new Consortium(maskedStudy).open();
    expect(await codeOf(house.openEpoch(rekeyed(house, 2, { kind: 'opening' })))).to.equal('SETUP_MISSING');
    for (const mspId of hospitals) await house.setUp(house.setup(mspId, 2, 2));
    await house.openEpoch(rekeyed(house, 2, { kind: 'opening' }));
    for (const mspId of hospitals) await house.submit(mspId);
    for (const mspId of organizations) await house.attest(mspId);
    expect(await codeOf(house.submit('HospitalA', 2))).to.equal('EPOCH_WRONG');
    await house.submit('HospitalA', 2, { epoch: 2 });
  });

  it('once sealed, is aborted by an approved proposal only', async () => {
    const house = await new Consortium(maskedStudy).open();
    for (const mspId of hospitals) await house.submit(mspId);
    house.ledger.now += 10 ** 9;
    expect(await codeOf(house.call('abortRound', 'closing', house.closing('HospitalA', 'abort', []), 'HospitalA'))).to.equal('NOT_APPROVED');
  });
});
