/** What a folder must hold to be a snapshot; snapshots of real peers are taken and joined by in the tests of faults. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NetworkError } from '../error.js';
import { readSnapshot } from './snapshots.js';

describe('snapshot', () => {
  let dir: string;
  const write = (hash: string): void => {
    writeFileSync(join(dir, '_snapshot_signable_metadata.json'), '{"channel_name":"epione","last_block_number":7,"state_db_type":"goleveldb"}');
    writeFileSync(join(dir, '_snapshot_additional_metadata.json'), `{"snapshot_hash":"${hash}","last_block_commit_hash":""}`);
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'epione-snapshot-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it('says its channel, its last block and its hash', () => {
    write('ab'.repeat(32));
    expect(readSnapshot(dir)).to.deep.equal({ dir, channel: 'epione', block: 7, hash: 'ab'.repeat(32) });
  });

  it('is refused when files are missing or hold something else', () => {
    expect(() => readSnapshot(dir)).to.throw(NetworkError, dir).with.property('code', 'SNAPSHOT_INVALID');
    write('short');
    expect(() => readSnapshot(dir)).to.throw(NetworkError, dir).with.property('code', 'SNAPSHOT_INVALID');
  });
});
