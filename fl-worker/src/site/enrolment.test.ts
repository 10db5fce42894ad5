// Which keys may come back with a new record.
import { expect } from 'chai';
import type { ParticipantState } from '@epione/protocol';
import { mustRetire } from './enrolment.js';

const record = { signingKey: 's1', encapsulationKey: 'e1' };
const state = (changes: Partial<ParticipantState> = {}): ParticipantState => ({ record: 'sha256:1', version: 1, status: 'current', ...changes });
const files = (signingKey: string, encapsulationKey: string): { signingKey: string; encapsulationKey: string } => ({ signingKey, encapsulationKey });

describe('key files and a record', () => {
  it('stay as they are while the record is good, also when it ended by its owner\'s wish', () => {
    for (const standing of [state(), state({ status: 'revoked', reason: 'left' })]) expect(mustRetire({ state: standing, record }, files('s1', 'e1'))).to.equal(false);
  });

  it('are put aside together after a compromise, and after a revocation by the others', () => {
    for (const standing of [state({ status: 'revoked', reason: 'compromised' }), state({ status: 'revoked', reason: 'left', proposal: `sha256:${'2'.repeat(64)}` })]) {
      expect([files('s1', 'e1'), files('s2', 'e1'), files('s1', 'e2'), files('s2', 'e2')].map((each) => mustRetire({ state: standing, record }, each))).to.deep.equal([true, true, true, false]);
    }
  });

  it('are made anew together when the signing key is lost; a lost encapsulation key alone is replaced by the signing key\'s word', () => {
    expect([files('s2', 'e1'), files('s2', 'e2'), files('s1', 'e2')].map((each) => mustRetire({ state: state(), record }, each))).to.deep.equal([true, false, false]);
  });
});
