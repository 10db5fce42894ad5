/** The set-up says what is missing and what to do, and skips what is done. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { repository } from './study/command.js';

/** A checkout like this one, dependencies and build included, but without Fabric's programs. */
function withoutFabric(): string {
  const copy = mkdtempSync(join(tmpdir(), 'epione-set-up-'));
  for (const name of readdirSync(repository)) if (!['.git', '.state', 'network', 'scripts'].includes(name)) symlinkSync(join(repository, name), join(copy, name));
  cpSync(join(repository, 'scripts'), join(copy, 'scripts'), { recursive: true });
  mkdirSync(join(copy, 'network', 'fabric'), { recursive: true });
  for (const name of ['src', 'package.json', 'tsconfig.json', 'dist']) symlinkSync(join(repository, 'network', name), join(copy, 'network', name));
  for (const name of ['go.mod', 'go.sum']) copyFileSync(join(repository, 'network', 'fabric', name), join(copy, 'network', 'fabric', name));
  return copy;
}

const setUp = (root: string, env: Record<string, string>): { status: number | null; stderr: string } =>
  spawnSync(process.execPath, [join(root, 'scripts', 'setup.mjs')], { env, encoding: 'utf8' });

describe('set-up', function () {
  this.timeout(600_000);
  const copy = withoutFabric();
  after(() => {
    rmSync(copy, { recursive: true });
  });

  it('names Go and the way round it when neither Go nor Fabric’s programs are there', () => {
    const { status, stderr } = setUp(copy, { PATH: dirname(process.execPath) });
    expect(stderr).to.include('go is not installed').and.include('Install Go 1.24 or later').and.include('FABRIC_BIN');
    expect(status).to.equal(1);
  });

  it('refuses a FABRIC_BIN without the programs', () => {
    const { status, stderr } = setUp(copy, { PATH: dirname(process.execPath), FABRIC_BIN: copy });
    expect(stderr).to.include('lacks one of peer, orderer, configtxgen');
    expect(status).to.equal(1);
  });

  it('does nothing the second time', () => {
    const { status, stderr } = setUp(repository, { PATH: process.env['PATH'] ?? '' });
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
  });
});
