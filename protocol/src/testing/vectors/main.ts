/** `npm run vectors`: every published vector that the protocol's algorithms have, through both back ends, as one table; fails on any disagreement. */
import { parseArgs } from 'node:util';

import { hashBasedSets } from './acvp-hash-based.js';
import { latticeSets } from './acvp-lattice.js';
import { tally, type Backend, type Tally, type VectorSet } from './case.js';
import { keptSets } from './kept-files.js';
import { kemSets } from './wycheproof-kem.js';
import { signatureSets } from './wycheproof-signatures.js';
import { symmetricSets } from './wycheproof-symmetric.js';

const help = `Example:
  npm run vectors -- --only ML-KEM

Runs published test vectors through OpenSSL (native) and JavaScript (noble; our own HKDF, Poly1305 and Merkle tree).
The first run downloads them by Go's module proxy. Signing with SLH-DSA takes some minutes.

Options:
  --only <text>  the sets whose names contain this
  --json         one JSON object a set
  --help         this text
`;

const sets: readonly VectorSet[] = [...signatureSets, ...kemSets, ...symmetricSets, ...keptSets, ...latticeSets, ...hashBasedSets];

const cell = ({ counts }: Tally, backend: Backend, what: 'agree' | 'refused'): string => String(counts[backend]?.[what] ?? '-').padStart(8);
const row = (name: string, cases: string | number, ...cells: string[]): string => `${name.padEnd(42)} ${String(cases).padStart(6)} ${cells.join(' ')}`;

/** One line of the table. */
function line(result: Tally): string {
  const cells = (['native', 'javascript'] as const).flatMap((backend) => [cell(result, backend, 'agree'), cell(result, backend, 'refused')]);
  return `${row(result.name, result.cases, ...cells)}${result.faults.length > 0 ? `  ${result.faults.length} WRONG` : ''}`;
}

/** The sum over all sets. */
function sum(results: readonly Tally[]): Tally {
  const count = (backend: Backend) => ({
    agree: results.reduce((total, { counts }) => total + (counts[backend]?.agree ?? 0), 0), refused: results.reduce((total, { counts }) => total + (counts[backend]?.refused ?? 0), 0),
  });
  return { name: 'all', cases: results.reduce((total, { cases }) => total + cases, 0), counts: { native: count('native'), javascript: count('javascript') }, faults: results.flatMap(({ faults }) => faults), leftOut: undefined };
}

/** @returns the exit code: 0 all agree, 1 some do not, 2 usage. */
function main(): number {
  const { values: { only = '', json = false, help: asked = false } } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  const chosen = sets.filter(({ name }) => name.includes(only));
  if (asked) {
    process.stdout.write(help);
    return 0;
  }
  if (chosen.length === 0) {
    process.stderr.write(`No set has "${only}" in its name. There are: ${sets.map(({ name }) => name).join(', ')}.\n`);
    return 2;
  }
  const say = (text: string): void => { if (!json) process.stdout.write(`${text}\n`); };
  say(row('', '', '         native', '  ', '    JavaScript'));
  say(row('vectors', 'cases', '   agree', ' refused', '   agree', ' refused'));
  const results = chosen.map((set) => {
    const result = tally(set);
    if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
    say(line(result));
    return result;
  });
  const total = sum(results);
  say(line(total));
  for (const { name, leftOut } of chosen) if (leftOut !== undefined) say(`Left out of ${name}: ${leftOut}.`);
  for (const fault of total.faults) process.stderr.write(`${fault}\n`);
  return total.faults.length === 0 ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true ? 2 : 1;
}
