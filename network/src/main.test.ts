/** The command line as its user sees it: words, streams and exit codes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const program = fileURLToPath(new URL('../bin/fl-network.mjs', import.meta.url));

describe('fl-network', function () {
  this.timeout(60_000);
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'epione-cli-'));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [program, ...args], { cwd: dir, encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } });
  }

  it('begins every help with an example', () => {
    for (const name of ['up', 'down', 'status', 'logs', 'package', 'deploy', 'doctor', 'clean', 'peer reset', 'snapshot take', 'snapshot join']) {
      const { status, stdout } = run([...name.split(' '), '--help']);
      expect(status).to.equal(0);
      expect(stdout).to.match(new RegExp(`^Example:\n  fl-network ${name}`));
      for (const option of ['--state', '--topology', '--json']) expect(stdout).to.contain(option);
    }
  });

  it('refuses unknown options and commands, and a name that is missing', () => {
    for (const args of [['up', '--sate', 'x'], ['upp'], ['logs'], ['logs', 'peer.A', '--lines', '0'], ['up', 'extra']]) {
      expect(run(args).status, args.join(' ')).to.equal(2);
    }
  });

  it('tells all faults of a topology at once', () => {
    const file = join(dir, 'bad.yaml');
    writeFileSync(file, 'channel: NO\norganizations: [{ mspId: A }, { mspId: A }]\n');
    const { status, stdout, stderr } = run(['up', '--topology', file, '--json']);
    expect(status).to.equal(2);
    expect(stdout).to.equal('');
    const error = JSON.parse(stderr) as Record<string, string>;
    expect(error).to.include({ event: 'error', code: 'TOPOLOGY_INVALID' });
    for (const path of ['channel', 'consensus', 'organizations.1.mspId']) expect(error['message']).to.contain(`\n  ${path}: `);
  });

  it('says where Fabric was looked for', () => {
    const { status, stderr } = run(['up'], { FABRIC_BIN: dir });
    expect(status).to.equal(1);
    expect(stderr).to.equal(`NO_FABRIC: FABRIC_BIN is ${dir}, which lacks one of peer, orderer, configtxgen.\nCorrect FABRIC_BIN, or unset it.\n`);
  });

  it('says that there is no network', () => {
    for (const name of ['status', 'down', 'deploy', 'clean', 'peer reset A', 'snapshot take A']) {
      const { status, stderr } = run([...name.split(' '), '--state', join(dir, 'none')]);
      expect(status).to.equal(1);
      expect(stderr).to.contain(`STATE_MISSING: ${join(dir, 'none')} holds no network.`);
    }
  });

  it('examines a machine before the first start, one line a finding with a remedy for each fault', () => {
    const { stdout } = run(['doctor'], { FABRIC_BIN: dir });
    expect(stdout.trimEnd().split('\n')).to.have.length(4);
    expect(stdout).to.match(/^FAULT {3}programs: FABRIC_BIN is .* -> Correct FABRIC_BIN, or unset it\.$/m);
    expect(stdout).to.match(/^ok {6}node: Node \d+.* with OpenSSL 3/m);
    expect(run(['doctor'], { FABRIC_BIN: dir }).status).to.equal(1);
  });
});
