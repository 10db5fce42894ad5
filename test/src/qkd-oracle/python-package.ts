/** A package from PyPI in a Python environment of its own, made once and kept beside the tests' other state. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../study/command.js';

const folder = join(repository, 'test', '.state', 'qkd-oracle');
const packages = ['qkd==0.2.0', 'numpy==2.4.6'];

function run(command: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', input, maxBuffer: 1e8 });
  if (status === 0) return stdout;
  throw new Error(error?.message ?? `${command} ${args.join(' ')}: ${stderr.trim().split('\n').slice(-3).join('\n')}`);
}

/** Python with `qkd` 0.2.0. @throws Error with the remedy when it cannot be installed */
function python(): string {
  const program = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return program;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    run('python3', ['-m', 'venv', folder]);
    run(program, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', ...packages]);
  } catch (cause) {
    throw new Error(`${packages.join(' and ')} cannot be installed. Python 3.11 or later with venv, and a way to PyPI, are needed.`, { cause });
  }
  writeFileSync(complete, `${packages.join('\n')}\n`);
  return program;
}

/** A case for the package: which function, and its arguments. */
export interface OracleCase {
  readonly kind: 'finite' | 'decoy' | 'oneBasis' | 'sixState' | 'deviceIndependent' | 'pairs' | 'cascade';
  readonly [argument: string]: unknown;
}

/** What the package says of each case, in their order. */
export const askOracle = (cases: readonly OracleCase[]): unknown[] =>
  JSON.parse(run(python(), [join(repository, 'test', 'src', 'qkd-oracle', 'oracle.py')], JSON.stringify(cases))) as unknown[];
