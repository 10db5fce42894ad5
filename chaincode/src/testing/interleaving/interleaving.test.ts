/** Random interleavings of all transactions under Fabric's version checks, and that each version check of the race table is needed. */
import { expect } from 'chai';
import { committeeStudy, maskedStudy, study } from '../consortium.js';
import { interleave, newTally, type Blindness } from './interleaving.js';
import { Broken, type Invariant } from './invariants.js';

/** How many interleavings a study gets, and the first one's seed: `EPIONE_INTERLEAVINGS=2000 EPIONE_SEED=1`. */
const { EPIONE_INTERLEAVINGS: asked = '3', EPIONE_SEED: seed = '20261122' } = process.env;
const steps = 120;

const studies = { visible: { ...study, rounds: { ...study.rounds, count: 4 } }, masked: maskedStudy, committee: committeeStudy };

/** PROTOCOL section 4, "Races": without this read in the read set, this invariant falls. */
const races: readonly (Blindness & { readonly race: string; readonly breaks: readonly Invariant[] })[] = [
  { race: 'a late submission after closeRound', transaction: 'submit', kind: 'closing', rival: 'closeRound', breaks: ['nothing outside'] },
  { race: 'closeRound after a late submission', transaction: 'closeRound', kind: 'submission', rival: 'submit', breaks: ['closing lists live'] },
  { race: 'a retraction after the last submission', transaction: 'retract', kind: 'submission', rival: 'submit', breaks: ['one set', 'write-once'] },
  { race: 'a retraction after closeRound', transaction: 'retract', kind: 'closing', rival: 'closeRound', breaks: ['one set'] },
  { race: 'abortRound after the last attestation', transaction: 'abortRound', kind: 'attestation', rival: 'attest', breaks: ['one end'] },
  { race: 'an attestation after abortRound', transaction: 'attest', kind: 'closing', rival: 'abortRound', breaks: ['one end'] },
  { race: 'openEpoch after the last attestation', transaction: 'openEpoch', kind: 'attestation', rival: 'attest', breaks: ['course'] },
  { race: 'openEpoch after abortRound', transaction: 'openEpoch', kind: 'closing', rival: 'abortRound', breaks: ['course'] },
  { race: 'two submissions of one participant', transaction: 'submit', kind: 'submission', rival: 'submit', breaks: ['write-once', 'one set'] },
];

describe('random interleavings', () => {
  for (const [mode, document] of Object.entries(studies)) {
    it(`keep every invariant in ${mode === 'committee' ? 'visible mode with a committee' : `${mode} mode`}`, async function () {
      const times = Number(asked);
      this.timeout(60_000 + 2_000 * times);
      const tally = newTally();
      for (let at = 0; at < times; at++) {
        const own = Number(seed) + at;
        try {
          await interleave(document, own, steps, tally);
        } catch (error) {
          throw new Error(`${mode}, EPIONE_SEED=${own} EPIONE_INTERLEAVINGS=1`, { cause: error });
        }
      }
      // The interleavings are no idle ones: transactions of every kind were refused or lost a race, and rounds ended in more than one way.
      expect(tally.committed.size).to.be.at.least(6);
      expect([...tally.refused.keys()].filter((code) => code.endsWith('MVCC_READ_CONFLICT'))).to.have.length.at.least(3);
      expect(tally.ends.size).to.be.at.least(2);
    });
  }

  for (const { race, breaks, ...blindness } of races) {
    it(`find ${race}, if versions are not checked`, async function () {
      this.timeout(120_000);
      let found: unknown;
      for (let at = 0; at < 60 && found === undefined; at++) {
        found = await interleave(studies.visible, at, steps, newTally(), blindness).then(() => undefined, (error: unknown) => error);
      }
      expect(found).to.be.instanceOf(Broken);
      expect(breaks).to.include((found as Broken).invariant);
    });
  }
});
