// A study's rounds for TensorBoard, against bytes that it wrote itself, and in the layout of MLflow's file store (fixtures/export/README.md).
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { WorkerStatus } from '../status.js';
import { storeFiles, writeStore } from './mlflow.js';
import { seriesOf } from './series.js';
import { crc32c, eventFile, eventFileName } from './tensorboard.js';

const found: WorkerStatus = {
  mspId: 'HospitalA', study: `sha256:${'ab'.repeat(32)}`, round: 2, state: 'training',
  rounds: [
    { round: 1, outcome: 'final', model: `sha256:${'1'.repeat(64)}`, seconds: 1.5, trainingMs: 80, keysMs: 40, sealingMs: 20, ledgerMs: 500, aggregationMs: 130, qkdBits: 768, epsilon: '0.25' },
    { round: 2, trainingMs: 81, keysMs: 0, sealingMs: 0, ledgerMs: 0, aggregationMs: 0, qkdBits: 0 },
  ],
};
const points = seriesOf(found);
const timeMs = 1_770_000_000_000;
const fixture = (name: string): Buffer => readFileSync(new URL(`../../fixtures/export/${name}`, import.meta.url));

describe('export', () => {
  it('tells of each round what has been measured, and nothing of rows', () => {
    expect(points.filter(({ round }) => round === 1).map(({ name, value }) => [name, value])).to.deep.equal([
      ['round/final', 1], ['round/seconds', 1.5], ['time/training_ms', 80], ['time/keys_ms', 40], ['time/sealing_ms', 20], ['time/ledger_ms', 500], ['time/aggregation_ms', 130], ['qkd/bits', 768], ['privacy/epsilon', 0.25],
    ]);
    expect(points.filter(({ round }) => round === 2).map(({ name }) => name)).to.deep.equal(['time/training_ms', 'time/keys_ms', 'time/sealing_ms', 'time/ledger_ms', 'time/aggregation_ms', 'qkd/bits']);
  });

  it('has the check sums of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).to.equal(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).to.equal(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).to.equal(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at))).to.equal(0x46dd794e);
  });

  it('writes the event file that TensorBoard writes', () => {
    const two = points.filter(({ name }) => name === 'round/seconds' || name === 'time/training_ms');
    expect(eventFile(two, timeMs).toString('hex')).to.equal(fixture('events.out.tfevents').toString('hex'));
    expect(eventFileName('HospitalA', timeMs)).to.equal('events.out.tfevents.1770000000.HospitalA');
  });

  it('writes the layout of a file store of MLflow, the same run at every export', () => {
    const files = storeFiles(found, points, timeMs, '/mlruns');
    expect(Object.fromEntries(files)).to.deep.equal(JSON.parse(fixture('mlruns.json').toString('utf8')));
    expect([...storeFiles(found, [], timeMs + 1, '/mlruns').keys()].every((name) => files.has(name))).to.equal(true);
  });

  it('makes the folders that MLflow wants of a run, before the first round too', async () => {
    const store = mkdtempSync(join(tmpdir(), 'epione-mlruns-'));
    expect(readdirSync(await writeStore({ ...found, rounds: [] }, [], timeMs, store)).sort()).to.deep.equal(['artifacts', 'meta.yaml', 'metrics', 'params', 'tags']);
    rmSync(store, { recursive: true });
  });
});
