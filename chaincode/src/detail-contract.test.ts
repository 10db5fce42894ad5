/** Details: kept at the owner's peers only, checked by anyone, erased without a trace in the state. */
import { expect } from 'chai';
import { canonicalText, digestOf, openDetail, sealDetail, type SealedDetail } from '@epione/protocol';
import { DetailContract } from './detail-contract.js';
import { argument, Consortium } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';

const contract = new DetailContract();
const asked = canonicalText({ id: 'd-1', mspId: 'HospitalA' });

function keep(house: Consortium, { sealed }: Pick<SealedDetail, 'sealed'>, changes: object = {}, endorsers = ['HospitalA']): Promise<string> {
  const { channel, genesis } = house.newRecord('HospitalA');
  const statement = { channel, genesis, mspId: 'HospitalA', record: house.record('HospitalA'), id: 'd-1', digest: digestOf(sealed), ...changes };
  return house.ledger.run({ mspId: 'HospitalA' }, (ctx) => contract.keepDetail(ctx, argument(house.signed('detail', statement, 'HospitalA'))), { transient: { sealed }, endorsers });
}

function erase(house: Consortium, mspId = 'HospitalA'): Promise<string> {
  const { channel, genesis } = house.newRecord('HospitalA');
  const statement = { channel, genesis, mspId: 'HospitalA', record: house.record('HospitalA'), id: 'd-1' };
  return house.ledger.run({ mspId }, (ctx) => contract.eraseDetail(ctx, argument(house.signed('erasure', statement, 'HospitalA'))), { endorsers: ['HospitalA'] });
}

const ask = async (house: Consortium, question: 'getDetail' | 'checkDetail', mspId: string): Promise<Record<string, string>> =>
  JSON.parse(await house.ledger.evaluate({ mspId }, (ctx) => contract[question](ctx, asked))) as Record<string, string>;

describe('Detail', () => {
  let house: Consortium;
  let kept: SealedDetail;

  beforeEach(async () => {
    house = new Consortium();
    for (const mspId of ['HospitalA', 'HospitalB']) await house.register(mspId);
    kept = sealDetail('HospitalA', 'd-1', 'form 7, page 2', (bytes) => new Uint8Array(bytes).fill(7));
  });

  it('is kept by its owner alone, and every member has its digest', async () => {
    await keep(house, kept);
    const { sealed = '' } = await ask(house, 'getDetail', 'HospitalA');
    expect(openDetail('HospitalA', 'd-1', { ...kept, sealed: Buffer.from(sealed, 'base64url') })).to.equal('form 7, page 2');
    expect(await ask(house, 'checkDetail', 'HospitalB')).to.deep.equal({ digest: digestOf(kept.sealed) });
    expect(await codeOf(ask(house, 'getDetail', 'HospitalB'))).to.equal('NOT_AUTHORISED');
  });

  it('stands in no event, read or write that others see', async () => {
    const { channel, genesis } = house.newRecord('HospitalA');
    const statement = { channel, genesis, mspId: 'HospitalA', record: house.record('HospitalA'), id: 'd-1', digest: digestOf(kept.sealed) };
    const simulation = await house.ledger.simulate({ mspId: 'HospitalA' }, (ctx) => contract.keepDetail(ctx, argument(house.signed('detail', statement, 'HospitalA'))), { transient: { sealed: kept.sealed }, endorsers: ['HospitalA'] });
    expect(simulation.answer).not.to.include(Buffer.from(kept.sealed).toString('base64url'));
    expect(JSON.stringify(simulation.event?.payload.toString())).not.to.include(Buffer.from(kept.sealed).toString('base64url'));
  });

  it('is refused twice, unlike its digest, too large, from a stranger', async () => {
    expect(await codeOf(keep(house, kept, { digest: digestOf(Buffer.from('other')) }))).to.equal('BLOB_MISMATCH');
    expect(await codeOf(keep(house, { sealed: new Uint8Array(64 * 1024 + 1) }))).to.equal('TOO_LARGE');
    expect(await codeOf(keep(house, { sealed: new Uint8Array() }))).to.equal('TOO_LARGE');
    expect(await codeOf(keep(house, kept, { channel: 'other' }))).to.equal('CALLER_MISMATCH');
    expect(await codeOf(keep(house, kept, { mspId: 'HospitalB' }))).to.equal('CALLER_MISMATCH');
    await keep(house, kept);
    expect(await codeOf(keep(house, kept))).to.equal('CONFLICT');
  });

  it('is not written without its owner\'s peer', async () => {
    expect(await codeOf(keep(house, kept, {}, ['HospitalB', 'HospitalC', 'Regulator']))).to.contain('ENDORSEMENT_POLICY_FAILURE');
  });

  it('is gone after its erasure, by its owner only', async () => {
    expect(await codeOf(erase(house))).to.equal('BLOB_MISSING');
    await keep(house, kept);
    expect(await codeOf(erase(house, 'HospitalB'))).to.equal('CALLER_MISMATCH');
    await erase(house);
    expect(await ask(house, 'getDetail', 'HospitalA')).to.deep.equal({});
    expect(await ask(house, 'checkDetail', 'HospitalB')).to.deep.equal({});
  });
});
