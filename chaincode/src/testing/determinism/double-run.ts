/** Runs the tests of a chaincode in two fresh processes that differ in all that must not matter, and compares every transaction byte for byte. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Recording } from './record.js';

/** What the second run shows. */
export interface Comparison {
  /** `Contract:transaction` of each transaction that was simulated, refused ones included. */
  readonly exercised: ReadonlySet<string>;
  /** Tests in which a transaction's outcome differs, each with the first such transaction and both outcomes. */
  readonly differences: readonly { readonly test: string; readonly transaction: string; readonly outcomes: readonly [string, string] }[];
}

/** How a process differs from the next: time zone, locale, clock, the order in which the tests run, and V8's seeds. */
interface Surroundings {
  readonly env: Record<string, string>;
  readonly flags: readonly string[];
}

const years = 365 * 86_400_000;
const here: Surroundings = { env: { TZ: 'UTC', LANG: 'C', LC_ALL: 'C', EPIONE_CLOCK_OFFSET_MS: '0' }, flags: ['--random-seed=1'] };
const elsewhere: Surroundings = {
  env: { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', EPIONE_CLOCK_OFFSET_MS: String(3 * years), EPIONE_REVERSED: '1' },
  flags: ['--random-seed=2', '--hash-seed=2'],
};

const mocha = join(createRequire(__filename).resolve('mocha/package.json'), '..', 'bin', 'mocha.js');

async function recordingOf(specs: readonly string[], { env, flags }: Surroundings, folder: string): Promise<Recording> {
  const file = join(folder, 'recording.json');
  const args = [...flags, mocha, '--require', join(__dirname, 'record.js'), '--reporter', 'dot', '--timeout', '120000', ...specs];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env, EPIONE_RECORDING: file, EPIONE_SIGNATURES: join(folder, 'signatures.json') }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`the tests fail in ${JSON.stringify(env)}:\n${output}`);
  return JSON.parse(readFileSync(file, 'utf8')) as Recording;
}

function compare(one: Recording, other: Recording): Comparison {
  const exercised = new Set(Object.values(one).flatMap((list) => list.map((entry) => entry?.transaction ?? 'none')));
  const tests = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const differences = tests.flatMap((test) => {
    const [left = [], right = []] = [one[test], other[test]];
    const at = Array.from({ length: Math.max(left.length, right.length) }).findIndex((_, index) => JSON.stringify(left[index]) !== JSON.stringify(right[index]));
    if (at < 0) return [];
    const outcomes: [string, string] = [left[at]?.outcome ?? 'absent', right[at]?.outcome ?? 'absent'];
    return [{ test, transaction: left[at]?.transaction ?? right[at]?.transaction ?? 'none', outcomes }];
  });
  return { exercised, differences };
}

/**
 * @param specs compiled mocha tests that run a chaincode on `StubLedger`, and name its contracts with `named` of record.js.
 * @throws Error with mocha's output where a test fails.
 */
export async function runTwice(specs: readonly string[]): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'epione-determinism-'));
  try {
    return compare(await recordingOf(specs, here, folder), await recordingOf(specs, elsewhere, folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
