/** Consents and accesses: terms decide, withdrawal is final, the log is for its owner and auditors. */
import { expect } from 'chai';
import { canonicalText, consentSubject, sha256, toHex, type ConsentDecision } from '@epione/protocol';
import { AccessContract } from './access-contract.js';
import { ConsentContract } from './consent-contract.js';
import { argument, Consortium } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';

const contract = new ConsentContract();
const subject = (text: string): string => consentSubject(sha256(new TextEncoder().encode(text)), 'HospitalA');
const purpose = { duo: ['DUO:0000007', 'DUO:0000042'], reason: 'HRESCH' };

async function houseWith(grants: string[], terms: object = {}): Promise<Consortium> {
  const house = new Consortium();
  await house.register('HospitalA');
  await house.register('HospitalB');
  const { channel, genesis } = house.newRecord('HospitalA');
  const statement = { channel, genesis, mspId: 'HospitalA', record: house.record('HospitalA'), purpose, classes: ['imaging', 'pathology'], grants: grants.map((id) => ({ consentId: id, subject: subject(id) })), ...terms };
  await house.ledger.run({ mspId: 'HospitalA' }, (ctx) => contract.grantConsent(ctx, argument(house.signed('consent', statement, 'HospitalA'))));
  return house;
}

async function evaluate(house: Consortium, question: object, subjects: string[]): Promise<ConsentDecision[]> {
  const asked = canonicalText({ mspId: 'HospitalA', subjects: subjects.map(subject), purpose: { duo: ['DUO:0000007'], reason: 'HRESCH' }, classes: ['pathology'], at: 500, ...question });
  return (JSON.parse(await house.ledger.run({ mspId: 'HospitalB' }, (ctx) => contract.evaluateConsent(ctx, asked))) as { decisions: ConsentDecision[] }).decisions;
}

const withdraw = (house: Consortium, id: string): Promise<string> => {
  const { channel, genesis } = house.newRecord('HospitalA');
  const statement = { channel, genesis, mspId: 'HospitalA', record: house.record('HospitalA'), consentId: id, subject: subject(id) };
  return house.ledger.run({ mspId: 'HospitalA' }, (ctx) => contract.withdrawConsent(ctx, argument(house.signed('withdrawal', statement, 'HospitalA'))));
};

describe('Consent', () => {
  it('permits what the terms cover and nothing else', async () => {
    const house = await houseWith(['c1', 'c2'], { period: { from: 100, until: 1000 } });
    expect(await evaluate(house, {}, ['c1', 'nobody'])).to.deep.equal([
      { subject: subject('c1'), decision: 'permit', consentId: 'c1' },
      { subject: subject('nobody'), decision: 'deny', code: 'CONSENT_EMPTY' },
    ]);
    const refused = { subject: subject('c1'), decision: 'deny', code: 'PURPOSE_REFUSED' };
    for (const other of [{ at: 99 }, { at: 1000 }, { classes: ['genome'] }, { purpose: { duo: ['DUO:0000007'], reason: 'TREAT' } }, { purpose: { duo: ['DUO:0000018'], reason: 'HRESCH' } }])
      expect(await evaluate(house, other, ['c1'])).to.deep.equal([refused]);
    expect((await evaluate(house, { at: 100 }, ['c1']))[0]!.decision).to.equal('permit');
  });

  it('denies after withdrawal, which happens once and only to what was granted', async () => {
    const house = await houseWith(['c1', 'c2']);
    await withdraw(house, 'c1');
    expect((await evaluate(house, {}, ['c1', 'c2'])).map((entry) => entry.decision)).to.deep.equal(['deny', 'permit']);
    expect((await evaluate(house, {}, ['c1']))[0]!.code).to.equal('CONSENT_WITHDRAWN');
    expect(await codeOf(withdraw(house, 'c1'))).to.equal('CONSENT_WITHDRAWN');
    expect(await codeOf(withdraw(house, 'c9'))).to.equal('CONSENT_EMPTY');
  });

  it('puts no name and no secret of a person on the ledger', async () => {
    const house = await houseWith(['c1']);
    const secret = toHex(sha256(new TextEncoder().encode('c1')));
    expect(JSON.stringify(await evaluate(house, {}, ['c1']))).not.to.include(secret);
    expect(subject('c1')).not.to.equal(consentSubject(sha256(new TextEncoder().encode('c1')), 'HospitalB'));
  });
});

describe('Access', () => {
  const log = new AccessContract();
  const append = (house: Consortium, mspId: string): Promise<string> => {
    const { channel, genesis } = house.newRecord(mspId);
    const statement = { channel, genesis, mspId, record: house.record(mspId), actor: 'worker', action: 'train', object: 'data', purpose: 'study' };
    return house.ledger.run({ mspId }, (ctx) => log.appendAccess(ctx, argument(house.signed('access', statement, mspId))));
  };

  it('keeps entries in order, page by page, for the owner and auditors only', async () => {
    const house = await houseWith(['c1']);
    for (let entry = 0; entry < 3; entry++) await append(house, 'HospitalA');
    await append(house, 'HospitalB');
    const ask = (caller: { mspId: string; role?: string }, more: object = {}): Promise<string> => house.ledger.run(caller, (ctx) => log.queryAccess(ctx, canonicalText({ mspId: 'HospitalA', pageSize: 2, ...more })));
    const first = JSON.parse(await ask({ mspId: 'HospitalA' })) as { entries: { time: number }[]; bookmark: string };
    const second = JSON.parse(await ask({ mspId: 'Regulator', role: 'auditor' }, { bookmark: first.bookmark })) as { entries: { time: number }[]; bookmark?: string };
    const times = [...first.entries, ...second.entries].map((entry) => entry.time);
    expect(times).to.have.length(3);
    expect(times).to.deep.equal([...times].sort((a, b) => a - b));
    expect(second.bookmark).to.equal(undefined);
    expect(await codeOf(ask({ mspId: 'HospitalB' }))).to.equal('NOT_AUTHORISED');
    expect(await ask({ mspId: 'HospitalC' }, { mspId: 'HospitalC' })).to.equal('{"entries":[]}');
  });
});
