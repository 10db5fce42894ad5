// The command line as its user meets it: examples, codes, remedies, exit codes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const program = fileURLToPath(new URL('../bin/fl-worker.mjs', import.meta.url));
const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });

describe('fl-worker', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'epione-cli-'));
  after(() => { rmSync(folder, { recursive: true }); });

  it('helps with an example first', () => {
    const { status, stdout } = run('run', '--help');
    expect(status).to.equal(0);
    expect(stdout).to.match(/^Example:\n {2}\$ fl-worker init/);
  });

  it('refuses unknown options and commands with exit code 2', () => {
    for (const args of [['run', '--config', 'x', '--fast'], ['fly'], ['run']]) {
      const { status, stderr } = run(...args);
      expect(status, args.join(' ')).to.equal(2);
      expect(JSON.parse(stderr)).to.include({ event: 'error', code: 'USAGE' });
    }
  });

  it('keeps compiled code in the owner\'s cache for short commands, and none for a worker', () => {
    const cache = join(folder, 'cache');
    const kept = (...args: string[]): string[] => {
      spawnSync(process.execPath, [program, ...args], { env: { ...process.env, XDG_CACHE_HOME: cache } });
      return existsSync(cache) ? readdirSync(cache) : [];
    };
    expect(kept('run', '--help')).to.deep.equal([]);
    expect(kept('status', '--help')).to.deep.equal(['epione']);
  });

  it('names every fault of a configuration, and a missing profile', () => {
    const path = join(folder, 'worker.yaml');
    writeFileSync(path, 'mspId: HospitalA\nprofile: 7\nlearningRate: 0.1\n');
    const { status, stderr } = run('status', '--config', path);
    expect(status).to.equal(2);
    for (const part of ['profile', 'state', 'blobServer', 'seed', 'learningRate']) expect((JSON.parse(stderr) as { message: string }).message).to.contain(part);
    expect(run('run', '--config', join(folder, 'none.yaml')).status).to.equal(2);
  });

  it('tells a worker that was never started apart, and what a doctor misses', () => {
    const study = `sha256:${'0'.repeat(64)}`;
    const path = join(folder, 'good.yaml');
    writeFileSync(path, JSON.stringify({ mspId: 'HospitalA', profile: 'profile.json', state: 'state', study, seed: 's', blobServer: { port: 1, publicUrl: 'https://a', certificate: 'c', privateKey: 'k', ca: 'a' } }));
    expect(JSON.parse(run('status', '--config', path, '--json').stdout)).to.deep.equal({ mspId: 'HospitalA', study, round: 0, state: 'not started', rounds: [] });
    const { status, stdout } = run('doctor', '--config', path);
    expect(status).to.equal(1);
    expect(stdout).to.match(/^FAULT {4}profile +USAGE: .*\n +-> .*\n/m).and.to.match(/^(ok {5}|WARNING) {2}disk /m);
  });

  it('prints the model part of a study from a Keras model, and draws the same start from the same seed', () => {
    const layers = [{ class_name: 'InputLayer', config: { batch_shape: [null, 30] } }, { class_name: 'Dense', config: { units: 8, activation: 'relu' } }, { class_name: 'Dense', config: { units: 1, activation: 'sigmoid' } }];
    const model = join(folder, 'config.json');
    writeFileSync(model, JSON.stringify({ class_name: 'Sequential', config: { layers } }));
    expect(run('study', 'import-keras', model).stdout).to.equal('model:\n  kind: mlp\n  layers:\n    - 8\n');
    expect(JSON.parse(run('study', 'import-keras', model, '--json').stdout)).to.deep.equal({ model: { kind: 'mlp', layers: [8] } });
    const path = join(folder, 'drawing.yaml');
    writeFileSync(path, JSON.stringify({ mspId: 'HospitalA', profile: 'profile.json', state: 'drawn', seed: 's', blobServer: { port: 1, publicUrl: 'https://a', certificate: 'c', privateKey: 'k', ca: 'a' } }));
    const template = join(folder, 'mlp.yaml');
    writeFileSync(template, readFileSync(new URL('../../data/wdbc/study.yaml', import.meta.url), 'utf8').replace(/^model: .*$/m, 'model: { kind: mlp, layers: [8], initial: zeros }'));
    const draw = (seed: string): { initial: string; parameters: number } => JSON.parse(run('study', 'draw-initial', template, '--seed', seed, '--config', path, '--json').stdout) as { initial: string; parameters: number };
    const drawn = draw('a');
    expect(drawn.parameters).to.equal(30 * 8 + 8 + 8 + 1);
    expect(draw('a')).to.deep.equal(drawn);
    expect(draw('b').initial).not.to.equal(drawn.initial);
    expect(readdirSync(join(folder, 'drawn', 'blobs'))).to.include(drawn.initial.replace(':', '-'));
  });
});
