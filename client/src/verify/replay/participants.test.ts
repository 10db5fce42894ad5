/** Revocations and admissions by the members as an auditor repeats them: each rule broken by itself, as colluding peers could let it pass. */
import { sign, statementDigest, type Digest, type Json, type ParticipantRecord, type Revocation } from '@epione/protocol';
import { expect } from 'chai';
import type { History } from '../../audit/history.js';
import { printMembers } from '../../audit/print.js';
import { showMembers } from '../../audit/views.js';
import { Scribe } from '../../testing/scribe.js';
import { checkSuspects } from '../rounds.js';
import { propose } from './proposals.js';
import { approve } from './studies.js';

const b = 'HospitalB';
const others = ['HospitalA', 'Regulator'];
interface Carried {
  readonly proposal: Digest;
  readonly approvals: { member: string; approval: Digest }[];
}

const carried = (scribe: Scribe, statement: object, members: readonly string[] = others): Carried => {
  const proposal = scribe.propose(statement);
  return { proposal, approvals: scribe.approve(proposal, members) };
};
const stolen = (scribe: Scribe, members?: readonly string[]): Carried => carried(scribe, { kind: 'revoke', mspId: b, revokes: scribe.record(b), reason: 'compromised', since: 1000 }, members);
const revoke = (scribe: Scribe, mandate: Carried, changes: Partial<Revocation> = {}): void => {
  scribe.revoke('Regulator', { mspId: b, record: scribe.record(b), reason: 'compromised', since: 1000, mandate: { ...mandate, member: 'Regulator', record: scribe.record('Regulator') }, ...changes });
};
const admitted = (scribe: Scribe, record: ParticipantRecord, members?: readonly string[]): Carried => carried(scribe, { kind: 'admit', mspId: b, admits: statementDigest('participant', record) }, members);

/** HospitalB replaces its keys. @param vouchedBy generation of the key that signs as the previous one. */
const rotate = (scribe: Scribe, vouchedBy = 1): void => {
  const next = scribe.newRecord(b, 2);
  scribe.register(b, next, { previousSignature: sign('participant', next as unknown as Json, scribe.signer(b, vouchedBy)).signature });
};

describe('records, as an auditor repeats them', () => {
  it('finds nothing in a member that was revoked and came back, and counts what its thief may have written', () => {
    const scribe = new Scribe().open();
    revoke(scribe, stolen(scribe));
    expect(scribe.ledger.participants.get(b)).to.deep.include({ status: 'revoked', reason: 'compromised' });
    const next = scribe.newRecord(b, 2);
    scribe.register(b, next, { admission: admitted(scribe, next) });
    scribe.propose({ kind: 'end' });
    expect(scribe.faults).to.deep.equal([]);
    expect(scribe.ledger.participants.get(b)).to.deep.equal({ record: statementDigest('participant', next), version: 2, status: 'current' });
    const shown = showMembers({ ledger: scribe.ledger } as History).filter((member) => member.mspId === b);
    expect(shown.map(({ version, status }) => [version, status])).to.deep.equal([[1, 'revoked'], [2, 'current']]);
    expect(shown[0]?.revoked).to.deep.include({ reason: 'compromised', since: 1000, by: 'Regulator', approvedBy: others });
    expect(shown[1]?.admittedBy).to.deep.equal(others);
    expect(printMembers(shown)).to.match(/HospitalB {2}1 .* revoked .* compromised since 1970-01-01T00:00:01\.000Z, by Regulator for HospitalA, Regulator\nHospitalB {2}2 .* current .* HospitalA, Regulator {2}-$/);
    checkSuspects(scribe.ledger, scribe.report);
    // Its approval of the study.
    expect(scribe.report.checks().find((check) => check.name === 'keys.suspect')?.message).to.match(/^1 statements under sha256:[0-9a-f]{64} since/);
  });

  it('finds nothing in a rotation: what was written before stays good, and nothing of it is suspect', () => {
    const scribe = new Scribe().open();
    scribe.propose({ kind: 'end' }, b);
    rotate(scribe);
    scribe.approve(scribe.propose({ kind: 'abort', round: 1 }), ['Regulator']);
    scribe.write('proposal', propose, b, { study: scribe.study, member: b, record: scribe.record(b), epoch: 1, kind: 'abort', round: 2 }, { signer: scribe.signer(b, 2) });
    checkSuspects(scribe.ledger, scribe.report);
    expect(scribe.faults).to.deep.equal([]);
    expect(showMembers({ ledger: scribe.ledger } as History).filter((member) => member.mspId === b).map(({ version, status }) => [version, status])).to.deep.equal([[1, 'superseded'], [2, 'current']]);
  });

  const broken: [what: string, fault: string, act: (scribe: Scribe) => void][] = [
    ['a revocation that too few approved', 'record.chain NOT_APPROVED', (scribe) => { revoke(scribe, stolen(scribe, ['HospitalA'])); }],
    ['a revocation for another reason', 'record.chain NOT_APPROVED', (scribe) => { revoke(scribe, stolen(scribe), { reason: 'left' }); }],
    ['a revocation from another time on', 'record.chain NOT_APPROVED', (scribe) => { revoke(scribe, stolen(scribe), { since: 0 }); }],
    ['a revocation by nobody\'s proposal', 'record.chain NOT_APPROVED', (scribe) => { revoke(scribe, { ...stolen(scribe), proposal: scribe.study }); }],
    ['a revocation twice', 'record.chain RECORD_NOT_CURRENT', (scribe) => { const mandate = stolen(scribe); revoke(scribe, mandate); revoke(scribe, mandate); }],
    ['a revocation of another\'s record without a mandate', 'record.chain CALLER_MISMATCH', (scribe) => { scribe.revoke('Regulator', { mspId: b, record: scribe.record(b), reason: 'left' }); }],
    ['a proposal about a stranger\'s keys', 'course.epochs NOT_AUTHORISED', (scribe) => { scribe.propose({ kind: 'revoke', mspId: 'HospitalC', revokes: scribe.record('HospitalC'), reason: 'left' }); }],
    ['a rotation that the old key did not sign', 'record.chain BAD_SIGNATURE', (scribe) => { rotate(scribe, 2); }],
    ['a statement by the old key after a rotation', 'study.approved RECORD_NOT_CURRENT', (scribe) => {
      const before = scribe.record(b);
      rotate(scribe);
      scribe.write('approval', approve, b, { subject: scribe.study, member: b, record: before, decision: 'approve' });
    }],
    ['a vote on one\'s own keys', 'study.approved NOT_AUTHORISED', (scribe) => { stolen(scribe, [b]); }],
    ['a new record by the stolen key', 'record.chain RECORD_REVOKED', (scribe) => {
      revoke(scribe, stolen(scribe));
      const next = scribe.newRecord(b, 2);
      scribe.register(b, next, { previousSignature: sign('participant', next as unknown as Json, scribe.signer(b)).signature });
    }],
    ['an admission that too few approved', 'record.chain NOT_APPROVED', (scribe) => { const next = scribe.newRecord(b, 2); scribe.register(b, next, { admission: admitted(scribe, next, ['HospitalA']) }); }],
    ['an admission of another record', 'record.chain NOT_APPROVED', (scribe) => { scribe.register(b, { ...scribe.newRecord(b, 2), blobUrl: 'https://elsewhere/' }, { admission: admitted(scribe, scribe.newRecord(b, 2)) }); }],
    ['an admission with an old key', 'record.chain BAD_KEY', (scribe) => {
      const next = { ...scribe.newRecord(b, 2), encapsulationKey: scribe.newRecord(b).encapsulationKey };
      scribe.register(b, next, { admission: admitted(scribe, next) });
    }],
  ];
  for (const [what, fault, act] of broken) {
    it(`tells ${what}`, () => {
      const scribe = new Scribe().open();
      act(scribe);
      expect([...new Set(scribe.faults)]).to.deep.equal([fault]);
    });
  }
});
