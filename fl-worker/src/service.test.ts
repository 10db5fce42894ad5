// The unit is one that systemd understands whole, restarts what is worth it and keeps the rest out of reach.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseConfig } from './config.js';
import { serviceUnit, unitName } from './service.js';

const settings = { mspId: 'HospitalA', profile: 'profile.json', state: 'state', seed: 's', blobServer: { port: 1, publicUrl: 'https://localhost:1', certificate: 'c', privateKey: 'k', ca: 'a' } };
const unitOf = (more: object = {}, folder = '/etc/epione'): string =>
  serviceUnit(parseConfig(JSON.stringify({ ...settings, ...more }), folder), { configFile: join(folder, 'worker.yaml'), user: 'root', node: process.execPath, program: '/opt/epione/fl-worker.mjs' });

describe('service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'epione-service-'));
  after(() => { rmSync(folder, { recursive: true }); });

  it('starts the worker again after faults, not after refusals, and gives it its state folder only', () => {
    const lines = unitOf().split('\n');
    expect(lines).to.include.members(['Restart=on-failure', 'RestartPreventExitStatus=2 3 4', 'ProtectSystem=strict', 'ReadWritePaths="/etc/epione/state"', 'NoNewPrivileges=yes', 'Environment=MALLOC_ARENA_MAX=1', 'EnvironmentFile=-/etc/epione/worker.env']);
    expect(lines).to.include(`ExecStart="${process.execPath}" "/opt/epione/fl-worker.mjs" run --config "/etc/epione/worker.yaml" --json`);
    expect(lines.filter((line) => /^(MemoryMax|CPUQuota|LoadCredential)/.test(line))).to.deep.equal([]);
  });

  it('has the limits of the configuration, and secrets as credentials', () => {
    const lines = unitOf({ limits: { memoryMb: 2048, cpuThreads: 2, nice: 10 }, keyProtection: { passphraseFile: '/run/credentials/epione-worker.service/passphrase' } }).split('\n');
    expect(lines).to.include.members(['MemoryMax=2048M', 'CPUQuota=200%', 'Nice=10', 'LoadCredential=passphrase:/etc/epione/passphrase', 'PrivateDevices=yes']);
  });

  it('is a unit for systemd', function () {
    const verify = (text: string): { status: number | null; stderr: string } => {
      writeFileSync(join(folder, unitName), text);
      return spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', join(folder, unitName)], { encoding: 'utf8' });
    };
    const unit = unitOf({ limits: { memoryMb: 2048, cpuThreads: 2 } }, join(folder, 'a b%')).replace('/opt/epione/fl-worker.mjs', join(folder, 'fl-worker.mjs'));
    // Where there is no systemd, the form alone: every line a known section or a setting.
    for (const line of unit.trimEnd().split('\n')) expect(line).to.match(/^(|#.*|\[(Unit|Service|Install)\]|[A-Z][A-Za-z]+=.*)$/);
    const found = verify(unit);
    if (found.status === null) return;
    expect(found.stderr).not.to.match(new RegExp(unitName));
    expect(verify(unit.replace('NoNewPrivileges=yes', 'NoSuchSetting=yes')).stderr, 'it does look').to.match(/NoSuchSetting/);
  });
});
