// Options of a revocation, as people write them.
import { expect } from 'chai';
import { WorkerError } from '../error.js';
import { revocationOf } from './revoke-command.js';

describe('the options of a revocation', () => {
  it('become a reason and a time in ms', () => {
    expect(revocationOf({ reason: 'left' })).to.deep.equal({ reason: 'left' });
    expect(revocationOf({ reason: 'compromised', since: '2026-11-20T08:00Z' })).to.deep.equal({ reason: 'compromised', since: Date.UTC(2026, 10, 20, 8) });
  });

  it('are refused where a time is none', () => {
    expect(() => revocationOf({ reason: 'compromised', since: 'yesterday' })).to.throw(WorkerError, 'yesterday').with.property('code', 'CONFIG_INVALID');
  });
});
