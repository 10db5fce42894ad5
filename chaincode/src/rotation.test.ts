/** What a rotation does to statements before and after it, with two keys and two records to mix (PROTOCOL section 2, rotation and possession). */
import { expect } from 'chai';
import { canonicalText, sign, statementDigest, type Json, type ParticipantRecord } from '@epione/protocol';
import { argument, Consortium, organizations } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';

const a = 'HospitalA';

/** Registers a successor, signed by the key of its version and by that of `previous`. */
function rotate(house: Consortium, next: ParticipantRecord, previous = 1, signedBy = next.version): Promise<string> {
  const by = (generation: number): string => sign('participant', next as unknown as Json, house.signer(a, generation)).signature;
  return codeOf(house.ledger.run({ mspId: a }, (ctx) => house.participants.registerParticipant(ctx, canonicalText({ signature: by(signedBy), previousSignature: by(previous), statement: next as unknown as Json }))));
}

/** Submits in round 1 under a record, signed by the key of a generation. */
function submit(house: Consortium, record: string, generation: number, certificateOf = a): Promise<string> {
  const statement = { ...house.submission(a), record };
  return codeOf(house.ledger.run({ mspId: a, certificateOf }, (ctx) => house.rounds.submit(ctx, argument(sign('submission', statement as unknown as Json, house.signer(a, generation))))));
}

describe('a rotation', () => {
  it('leaves what was committed under the old record valid: the round goes on and ends with it', async () => {
    const house = await new Consortium().open();
    await house.submit(a);
    const attestations = organizations.map((mspId) => house.attestation(mspId));
    const next = house.successor(a, 2);
    expect(await rotate(house, next)).to.equal('accepted');
    for (const mspId of ['HospitalB', 'HospitalC']) await house.submit(mspId);
    house.goOn(next);
    for (const attestation of attestations) await house.call('attest', 'attestation', { ...attestation, record: house.record(attestation.aggregator) }, attestation.aggregator);
    await house.submit(a, 2, { after: { kind: 'ended', attesters: organizations.slice(0, 3) } });
  });

  it('lets nothing pass under the old record or by the old key, and all under the new by the new', async () => {
    const house = await new Consortium().open();
    const [before, next] = [house.record(a), house.successor(a, 2)];
    const after = statementDigest('participant', next);
    expect(await rotate(house, next)).to.equal('accepted');
    expect(await submit(house, before, 1)).to.equal('RECORD_NOT_CURRENT');
    expect(await submit(house, before, 2)).to.equal('RECORD_NOT_CURRENT');
    expect(await submit(house, after, 1)).to.equal('BAD_SIGNATURE');
    expect(await submit(house, after, 2, 'Stranger'), 'another certificate').to.equal('CALLER_MISMATCH');
    expect(await submit(house, after, 2)).to.equal('accepted');
  });

  it('needs both signatures, of the right keys, and the next version', async () => {
    const house = await new Consortium().open();
    const next = house.successor(a, 2);
    expect(await rotate(house, next, 2, 2), 'the new key twice').to.equal('BAD_SIGNATURE');
    expect(await rotate(house, next, 1, 1), 'the old key twice: it does not possess the new one').to.equal('BAD_SIGNATURE');
    expect(await rotate(house, next, 2, 1), 'the two changed about').to.equal('BAD_SIGNATURE');
    expect(await rotate(house, house.successor(a, 3), 1)).to.equal('RECORD_NOT_CURRENT');
    expect(await rotate(house, { ...next, previous: house.record('HospitalB') })).to.equal('RECORD_NOT_CURRENT');
    expect(await rotate(house, next)).to.equal('accepted');
    expect(await rotate(house, next), 'a second time').to.equal('RECORD_NOT_CURRENT');
  });

  it('may replace the encapsulation key alone', async () => {
    const house = await new Consortium().open();
    const next = { ...house.successor(a, 2), signingKey: house.newRecord(a).signingKey };
    expect(await rotate(house, next, 1, 1)).to.equal('accepted');
    expect(await submit(house, statementDigest('participant', next), 1)).to.equal('accepted');
  });

  it('follows an own revocation as superseded, under which nothing more was accepted', async () => {
    const house = await new Consortium().open();
    const revocation = { mspId: a, record: house.record(a), reason: 'superseded' };
    await house.ledger.run({ mspId: a }, (ctx) => house.participants.revokeParticipant(ctx, argument(house.signed('revocation', revocation, a))));
    expect(await submit(house, house.record(a), 1)).to.equal('RECORD_REVOKED');
    const next = house.successor(a, 2);
    expect(await rotate(house, next)).to.equal('accepted');
    expect(await submit(house, house.record(a), 2)).to.equal('RECORD_NOT_CURRENT');
    expect(await submit(house, statementDigest('participant', next), 2)).to.equal('accepted');
  });
});
