// fl-worker simulate as a user meets it: a divided file, files by site, what it leaves in a folder, and faults that are told before a round is run.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { digestOf } from '@epione/protocol';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { writeCsv } from '../data/csv.js';
import { smallTemplate } from '../testing/consortium.js';

const program = fileURLToPath(new URL('../../bin/fl-worker.mjs', import.meta.url));

describe('fl-worker simulate', function () {
  this.timeout(300_000); // processes that load TensorFlow.js, also on a busy machine
  const folder = mkdtempSync(join(tmpdir(), 'epione-simulate-'));
  const at = (name: string): string => join(folder, name);
  const run = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, [program, 'simulate', at('study.yaml'), '--seed', 's', ...args]).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: unknown) => error as { code: number; stdout: string; stderr: string },
    );

  before(() => {
    const rows = (from: number, to: number) => writeCsv({ columns: ['id', 'x', 'y', 'ill'], records: Array.from({ length: to - from }, (_, row) => ({ line: row + 2, cells: [String(from + row), String((from + row) % 7 - ((from + row) % 2)), String(((from + row) * 5) % 11 - 5), String((from + row) % 2)] })) });
    writeFileSync(at('study.yaml'), stringify(smallTemplate));
    writeFileSync(at('rows.csv'), rows(0, 80));
    writeFileSync(at('HospitalA.csv'), rows(0, 20));
    writeFileSync(at('HospitalB.csv'), rows(20, 50));
    writeFileSync(at('test.csv'), rows(50, 80));
  });

  after(() => { rmSync(folder, { recursive: true, force: true }); });

  it('divides a file, tells each round, and leaves model, plots and results', async () => {
    const { code, stdout, stderr } = await run('--data', at('rows.csv'), '--sites', '3', '--contribution', '--out', at('out'));
    expect([code, readdirSync(at('out')).sort()]).to.deep.equal([0, ['contribution.json', 'contribution.svg', 'model.f32', 'rounds.svg', 'simulation.json']]);
    const { model, rounds, sites } = JSON.parse(readFileSync(at('out/simulation.json'), 'utf8')) as { model: string; rounds: { model: string }[]; sites: Record<string, number> };
    expect(digestOf(readFileSync(at('out/model.f32')))).to.equal(model);
    expect(rounds.at(-1)?.model).to.equal(model);
    expect(Object.values(sites).reduce((sum, rows) => sum + rows, 0)).to.equal(60);
    expect(stdout).to.match(/^round {2}outcome {2}updates {2}absent {2}excluded .*AUC {2}accuracy {2}log loss\n/).and.include(`model ${model}`).and.to.match(/contribution sha256:[0-9a-f]{64}\n$/);
    expect(stderr.trim().split('\n').map((line) => (JSON.parse(line) as { event: string }).event)).to.deep.equal(['simulation', 'round', 'round']);
  });

  it('takes a file for each site, named after it', async () => {
    const { code, stdout } = await run('--data', at('HospitalA.csv'), at('HospitalB.csv'), '--test', at('test.csv'), '--rounds', '1', '--json');
    const { sites, rounds } = JSON.parse(stdout) as { sites: object; rounds: { metrics: { rows: number } }[] };
    expect([code, sites, rounds.map(({ metrics }) => metrics.rows)]).to.deep.equal([0, { HospitalA: 20, HospitalB: 30 }, [30]]);
  });

  it('refuses by exit code: usage 2, the study’s rules 3, other faults 1', async () => {
    expect((await run('--data', at('rows.csv'), '--sites', '1001')).code).to.equal(2);
    expect((await run('--data', at('none.csv'))).stderr).to.include('DATA_MISSING');
    writeFileSync(at('study.yaml'), stringify({ ...smallTemplate, aggregation: { mode: 'masked', expansion: 'mask-aes256ctr', epochRounds: 10 } }));
    const { code, stderr } = await run('--data', at('rows.csv'), '--sites', '3', '--contribution');
    expect([code, (JSON.parse(stderr) as { code: string }).code]).to.deep.equal([3, 'UPDATES_HIDDEN']);
  });
});
