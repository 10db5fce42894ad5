/** What is checked before anything starts. */
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { NetworkError } from '../error.js';
import { checkSpace, freeBytes } from './start.js';

describe('start', () => {
  it('refuses a disk without room, and says how much is missing', () => {
    const free = freeBytes(tmpdir());
    checkSpace(tmpdir(), 1);
    expect(() => {
      checkSpace(tmpdir(), free * 2);
    })
      .to.throw(NetworkError, 'MB are needed')
      .with.property('code', 'NO_SPACE');
  });
});
