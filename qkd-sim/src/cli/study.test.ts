/** The studies as commands: results as JSON on stdout, progress on stderr, a plot in a file. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { CascadePoint } from '../study/cascade-study.js';
import type { FinitePoint, LimPoint } from '../study/finite-study.js';
import type { gysStudy } from '../study/gys-study.js';

const program = fileURLToPath(new URL('../../bin/qkd-sim.mjs', import.meta.url));
const study = (...args: string[]): { status: number | null; stdout: string; stderr: string } => spawnSync(process.execPath, [program, 'study', ...args], { encoding: 'utf8' });

describe('qkd-sim study', function () {
  this.timeout(120_000);
  let folder: string;
  before(() => { folder = mkdtempSync(join(tmpdir(), 'epione-study-')); });
  after(() => { rmSync(folder, { recursive: true }); });
  const json = (name: string, ...args: string[]): unknown => {
    const plot = join(folder, `${name}.svg`);
    const { status, stdout, stderr } = study(name, '--json', '--plot', plot, ...args);
    expect(status, stderr).equal(0);
    expect(readFileSync(plot, 'utf8')).match(/^<svg[^]*<\/svg>\n$/);
    return JSON.parse(stdout);
  };

  it('gys stands beside the reference', () => {
    const { points, reach } = json('gys') as ReturnType<typeof gysStudy>;
    expect(points.length).equal(16);
    const differences = points.flatMap(({ infiniteDecoys, vacuumAndWeak }) => [infiniteDecoys.difference, vacuumAndWeak.difference]).filter((value) => value !== undefined);
    expect(differences.length).equal(10);
    for (const difference of differences) expect(difference).within(-3e-4, 3e-4);
    for (const { km, published } of reach) expect(km).closeTo(published, 0.2);
    expect(study('gys').stdout).match(/^Secret bits for a pulse[^]*142\.01 +142\.05 +-0\.04\n/);
  });

  it('cascade has a row for each variant and error rate, the same from the same seed', () => {
    const points = json('cascade', '--frames', '1') as CascadePoint[];
    expect(points.length).equal(42);
    for (const { efficiency, frames } of points) expect([frames, efficiency >= 1 && efficiency < 1.3]).deep.equal([32, true]);
    const text = study('cascade', '--frames', '1');
    expect(text.stdout).contain(points[0]!.efficiency.toFixed(4));
    expect(text.stderr).contain('option8 at 10 %');
  });

  it('finite grows with the block and stands beside the reference', () => {
    const { points, lim } = json('finite') as { points: FinitePoint[]; lim: LimPoint[] };
    for (const list of [points, lim]) for (const [index, { share }] of list.entries()) expect(share).least(list[index - 1]?.share ?? 0);
    expect(lim.filter(({ difference }) => difference !== undefined).length).equal(6);
    for (const { difference = 0 } of lim) expect(difference).within(-0.01, 0.01);
    // The default profile's block: 257,600 ± 5,600 bits were measured from 960,000.
    expect(points.find(({ siftedBits }) => siftedBits === 1e6)!.share).closeTo(0.268, 0.015);
  });

  it('refuses what it does not know', () => {
    for (const args of [['finite', '--profile', 'nothing'], ['finite', '--profile', 'entangled-metro'], ['cascade', '--frames', '0'], ['gys', '--what']]) expect(study(...args).status, args.join(' ')).equal(2);
  });
});
