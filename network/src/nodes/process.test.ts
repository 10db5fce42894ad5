/** Processes: known by pid and start time, stopped, and never taken for another that got the same pid. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NetworkError } from '../error.js';
import { lastWords, runningPid, startProcess, stopProcess, type ProcessSpec } from './process.js';
import { writeJson, type Network } from '../state.js';
import { parseTopology } from '../topology.js';

describe('process', function () {
  // A loaded machine is slow, which is no fault of the code.
  this.timeout(120_000);
  let network: Network;
  const spec = (name: string, code: string): ProcessSpec => ({ name, command: process.execPath, args: ['-e', code], cwd: network.dir, env: {}, ports: {} });
  beforeEach(() => {
    const dir = mkdtempSync(join(tmpdir(), 'epione-process-'));
    mkdirSync(join(dir, 'processes'));
    network = { dir, topology: parseTopology({ consensus: 'raft', organizations: [{ mspId: 'A' }] }), organizations: [] };
  });
  afterEach(() => {
    rmSync(network.dir, { recursive: true });
  });

  it('starts one, finds it again and stops it', async () => {
    const pid = await startProcess(network, spec('idle', 'setInterval(() => 0, 1000)'));
    expect(runningPid(network, 'idle')).to.equal(pid);
    expect(await stopProcess(network, 'idle')).to.equal(true);
    expect(runningPid(network, 'idle')).to.equal(undefined);
    expect(await stopProcess(network, 'idle')).to.equal(false);
  });

  it('ends one that does not listen', async () => {
    await startProcess(network, spec('deaf', "process.on('SIGTERM', () => 0); console.log('ready'); setInterval(() => 0, 1000)"));
    while (!lastWords(network, 'deaf').includes('ready')) await new Promise((done) => setTimeout(done, 10));
    expect(await stopProcess(network, 'deaf', 50)).to.equal(true);
    expect(runningPid(network, 'deaf')).to.equal(undefined);
  });

  it('does not take another process with a recorded pid for its own', async () => {
    const pid = await startProcess(network, spec('idle', 'setInterval(() => 0, 1000)'));
    const record = JSON.parse(readFileSync(join(network.dir, 'processes', 'idle.json'), 'utf8')) as { startedAt: string };
    writeJson(join(network.dir, 'processes', 'reused.json'), { pid, startedAt: 'another time' });
    expect(runningPid(network, 'reused')).to.equal(undefined);
    expect(await stopProcess(network, 'reused')).to.equal(false);
    expect(runningPid(network, 'idle')).to.equal(pid);
    expect(record.startedAt).to.match(/\d/);
    await stopProcess(network, 'idle');
  });

  it('names a program that cannot be started', async () => {
    const error = await startProcess(network, { ...spec('none', ''), command: join(network.dir, 'missing') }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(NetworkError).with.property('code', 'PROCESS_FAILED');
  });
});
