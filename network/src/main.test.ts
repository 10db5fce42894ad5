/** The command line as its user sees it: words, streams and exit codes. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const program = fileURLToPath(new URL('../bin/fl-network.mjs', import.meta.url));

describe('fl-network', function () {
  this.timeout(120_000);
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

  it('packages without a network, and tells the ID of the very bytes', () => {
    const { status, stdout } = run(['package', '--output', 'out.tar.gz', '--package-address', '{{.peername}}_cc:9999', '--json']);
    expect(status).to.equal(0);
    const { packageId, label, output } = JSON.parse(stdout) as Record<string, string>;
    expect(packageId).to.equal(`${label}:${createHash('sha256').update(readFileSync(output ?? '')).digest('hex')}`);
    const code = spawnSync('tar', ['-xzOf', output ?? '', 'code.tar.gz']).stdout;
    const connection = spawnSync('tar', ['-xzOf', '-', 'connection.json'], { input: code, encoding: 'utf8' }).stdout;
    expect(JSON.parse(connection)).to.deep.equal({ address: '{{.peername}}_cc:9999', dial_timeout: '10s', tls_required: false });
  });

  it('refuses options of a deployment that do not go together, and profiles with faults', () => {
    writeFileSync(join(dir, 'profile.yaml'), 'channel: c\n');
    const address = ['--package-address', 'a:1'];
    for (const args of [['--samples', 'x'], ['--channel', 'c'], address, ['--profile', 'none.yaml'], ['--profile', 'profile.yaml'], ['--profile', 'fabric-samples'], ['--profile', 'profile.yaml', '--samples', 'x'], ['--profile', 'x', ...address, '--package-connection', 'y']]) {
      const { status, stderr } = run(['deploy', ...args]);
      expect(status, args.join(' ')).to.equal(2);
      expect(stderr).to.match(/^(USAGE|PROFILE_INVALID): /);
    }
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
