/** The command lines: help that begins with an example, refusal of what is unknown, faults of a file all at once. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { programs, repository, type ProgramName } from './study/command.js';

const commands: Record<ProgramName, readonly string[]> = {
  'fl-network': ['up', 'down', 'status', 'logs', 'deploy', 'doctor', 'clean'],
  'qkd-sim': ['init', 'run', 'status', 'eve', 'resume', 'randomness'],
  'fl-worker': ['init', 'run', 'status', 'doctor'],
  'etsi-qkd-014': ['status', 'get-key', 'get-key-with-ids', 'doctor'],
  'fl-audit': ['study', 'rounds', 'verify', 'log', 'export'],
};

const run = (script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

describe('command lines', function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), 'epione-commands-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const [name, list] of Object.entries(commands) as [ProgramName, readonly string[]][]) {
    it(`${name} helps with an example first, as does each of its commands`, () => {
      for (const args of [[], ...list.map((command) => [command])]) {
        const { status, stdout } = run(programs[name], ...args, '--help');
        expect(status, args.join(' ')).to.equal(0);
        expect(stdout.trimStart().slice(0, 8), `${name} ${args.join(' ')}`).to.equal('Example:');
        expect(stdout).to.include(name);
      }
    });

    it(`${name} refuses an unknown option and an unknown command with exit code 2`, () => {
      for (const args of [['--no-such-option'], ['no-such-command'], ...list.map((command) => [command, '--no-such-option'])]) {
        const { status, stderr } = run(programs[name], ...args);
        expect(status, `${name} ${args.join(' ')}`).to.equal(2);
        expect(stderr).to.match(/no-such-|required option/);
      }
    });
  }

  it('npm start refuses what is out of range', () => {
    const main = join(repository, 'test', 'dist', 'study', 'main.js');
    for (const [args, told] of [[['--eve', '1.5'], 'from 0 to 1'], [['--rounds', '0'], 'from 1 to 1000'], [['--qkd-missing', 'never'], 'fail, fallback'], [['--surprise'], 'unknown option'],
      [['--expansion', 'mask-otp', '--aggregation', 'visible'], 'under masks'], [['--expansion', 'mask-otp', '--qkd-missing', 'fallback'], 'no fallback']] as const) {
      const { status, stderr } = run(main, ...args);
      expect(status).to.equal(2);
      expect(stderr).to.include(told);
    }
    expect(run(main, '--help').stdout.trimStart()).to.match(/^Example:/);
  });

  it('a faulty file is refused with every fault in it', () => {
    const worker = join(folder, 'worker.yaml');
    writeFileSync(worker, 'mspId: "Hospital A"\nprofile: profile.json\nstate: state\nblobServer: { port: 0 }\nsurplus: 1\n');
    const refused = run(programs['fl-worker'], 'run', '--config', worker);
    expect(refused.status).to.equal(2);
    for (const field of ['mspId', 'blobServer.port', 'blobServer.certificate', 'seed', 'surplus']) expect(refused.stderr).to.include(field);

    const topology = join(folder, 'topology.yaml');
    writeFileSync(topology, 'channel: Not_A_Channel\nconsensus: solo\norganizations: []\nextra: true\n');
    const network = run(programs['fl-network'], 'up', '--state', join(folder, 'network'), '--topology', topology);
    expect(network.status).to.equal(2);
    for (const field of ['channel', 'consensus', 'organizations', 'extra']) expect(network.stderr).to.include(field);

    const site = join(folder, 'site.yaml');
    writeFileSync(site, 'site: north\nlisten: { host: localhost, port: 99999 }\nlinks: {}\n');
    const qkd = run(programs['qkd-sim'], 'run', '--config', site);
    expect(qkd.status).not.to.equal(0);
    for (const field of ['kmeId', 'listen.port', 'links', 'tls']) expect(qkd.stderr).to.include(field);
  });
});
