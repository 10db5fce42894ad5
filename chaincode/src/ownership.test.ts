/** Keys that one organization owns: the ledger itself refuses to change them without the owner, or by the owner alone. */
import { expect } from 'chai';
import { canonicalText, submissionDigest } from '@epione/protocol';
import { ParticipantContract } from './participant-contract.js';
import { RoundContract } from './round-contract.js';
import { argument, Consortium } from './testing/consortium.js';

const rounds = new RoundContract();

/** HospitalA takes its submission back, with these organizations as endorsers. */
async function retraction(house: Consortium, endorsers: readonly string[]): Promise<string> {
  const statement = { study: house.studyDigest, epoch: 1, round: 1, participant: 'HospitalA', record: house.record('HospitalA'), submission: submissionDigest(house.submission('HospitalA')), reason: 'CONSENT_WITHDRAWN' };
  const signed = argument(house.signed('retraction', statement, 'HospitalA'));
  const simulation = await house.ledger.simulate({ mspId: 'HospitalA' }, (ctx) => rounds.retract(ctx, signed), { endorsers });
  return house.ledger.submit([simulation])[0] ?? 'none';
}

describe('a slot', () => {
  it('is filled under the chaincode\'s policy, and changes by its owner with a majority', async () => {
    for (const [endorsers, code] of [
      [['HospitalB', 'HospitalC', 'Regulator'], 'ENDORSEMENT_POLICY_FAILURE'],
      [['HospitalA', 'HospitalB'], 'ENDORSEMENT_POLICY_FAILURE'],
      [['HospitalA'], 'ENDORSEMENT_POLICY_FAILURE'],
      [['HospitalA', 'HospitalC', 'Regulator'], 'VALID'],
    ] as const) {
      const house = await new Consortium().open();
      await house.submit('HospitalA');
      expect(await retraction(house, endorsers), endorsers.join()).to.equal(code);
    }
  });

  it('of an organization without a peer changes as everything else does, since nobody could endorse as its owner', async () => {
    for (const [endorsers, code] of [[['HospitalB', 'HospitalC', 'Regulator'], 'VALID'], [['HospitalB', 'HospitalC'], 'ENDORSEMENT_POLICY_FAILURE']] as const) {
      const house = await new Consortium().open({ HospitalA: { peerless: true } });
      await house.submit('HospitalA');
      expect(await retraction(house, endorsers), endorsers.join()).to.equal(code);
    }
  });

  it('keeps its history, newest first', async () => {
    const house = await new Consortium().open();
    await house.submit('HospitalA');
    await retraction(house, ['HospitalA', 'HospitalB', 'HospitalC']);
    const question = canonicalText({ participant: 'HospitalA', round: 1, study: house.studyDigest });
    const { changes } = JSON.parse(await house.ledger.evaluate({ mspId: 'Regulator' }, (ctx) => rounds.getSlotHistory(ctx, question))) as { changes: { value: { kind: string }; time: number }[] };
    expect(changes.map(({ value }) => value.kind)).to.deep.equal(['retraction', 'submission']);
    expect(changes[0]!.time).to.be.at.least(changes[1]!.time);
  });
});

describe('a participant', () => {
  it('has a history of its standing', async () => {
    const house = await new Consortium().open();
    const asked = canonicalText({ mspId: 'HospitalB' });
    const answer = JSON.parse(await house.ledger.evaluate({ mspId: 'Regulator' }, (ctx) => new ParticipantContract().getParticipantHistory(ctx, asked))) as { changes: { value: unknown }[] };
    expect(answer.changes.map(({ value }) => value)).to.deep.equal([{ record: house.record('HospitalB'), status: 'current', version: 1 }]);
  });
});
