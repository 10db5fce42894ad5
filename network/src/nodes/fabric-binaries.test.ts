/** Where Fabric's programs are looked for, and what is said when they are nowhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NetworkError } from '../error.js';
import { findBinaries } from './fabric-binaries.js';

describe('fabric binaries', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'epione-bin-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });
  const fill = (): void => {
    for (const name of ['peer', 'orderer', 'configtxgen']) writeFileSync(join(dir, name), '');
  };

  it('takes FABRIC_BIN before PATH', () => {
    fill();
    expect(findBinaries({ FABRIC_BIN: dir, PATH: '/nowhere' }).peer).to.equal(join(dir, 'peer'));
  });

  it('takes PATH before the built folder', () => {
    fill();
    expect(findBinaries({ PATH: `/nowhere:${dir}` }).orderer).to.equal(join(dir, 'orderer'));
  });

  it('refuses a FABRIC_BIN that lacks one', () => {
    expect(() => findBinaries({ FABRIC_BIN: dir })).to.throw(NetworkError, dir).with.property('code', 'NO_FABRIC');
  });

  it('says what to install when they are nowhere', () => {
    expect(() => findBinaries({ PATH: '' }, dir)).to.throw(NetworkError, 'not built').with.property('remedy').that.contains('Go 1.24');
  });
});
