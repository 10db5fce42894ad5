// Runs the tests of all packages, or of those named: `npm test -- protocol chaincode`; `faults` are the slow ones that break a network, `foreign` builds a client of another language.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const asked = process.argv.slice(2);
const apart = { faults: 'test/dist/faults/**/*.fault.js', foreign: 'test/dist/**/*.slow.js' };
const unknown = asked.filter((name) => !(name in apart) && !workspaces.includes(name));
if (unknown.length > 0) {
  console.error(`There is no package ${unknown.join(', ')}; there are ${[...workspaces, ...Object.keys(apart)].join(', ')}.`);
  process.exit(2);
}
const names = asked.length > 0 ? asked : workspaces;
// What needs two packages waits for networks most of the time, so the packages' own tests run beside it.
const runs = [names.filter((name) => name === 'test'), names.filter((name) => name !== 'test')].filter((group) => group.length > 0);

// Node's own option stands before mocha: told of it, mocha would start a second process, and end with code 0 when that is interrupted.
const mocha = [
  '--enable-source-maps', join('node_modules', 'mocha', 'bin', 'mocha.js'),
  '--timeout', '120000', '--reporter', join(root, 'scripts', 'reporter.cjs'),
];
// The contract API logs each decorator at level info.
const env = { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR', ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) };
const children = [];
let shown = 0;
const counts = { passed: 0, failed: 0 };
const failures = [];

/** Runs tests; the first run that has not ended is shown as it goes, another one once it is its turn. */
function run(group, place) {
  const child = spawn(process.execPath, [...mocha, ...group.map((name) => apart[name] ?? `${name}/dist/**/*.test.js`)], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const held = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(line) ?? [];
    if (passed !== undefined) {
      counts.passed += Number(passed);
      counts.failed += Number(failed);
    } else if (line.startsWith('failed: ')) failures.push(line);
    else if (shown === place) console.log(line);
    else held.push(line);
  });
  children.push({ child, held });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve(code ?? 1));
  });
}

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    // A test in progress may have a handler of its own for the first; a second signal ends it all the same.
    for (const { child } of children) child.kill(interrupted ? 'SIGKILL' : signal);
    interrupted = true;
  });
}
let worst = 0;
for (const [place, ended] of runs.map(run).entries()) {
  worst = Math.max(worst, await ended);
  shown = place + 1;
  for (const line of children[shown]?.held.splice(0) ?? []) console.log(line);
}
console.log(['', ...failures, `${counts.passed} passed, ${counts.failed} failed`].join('\n'));
process.exitCode = interrupted ? 130 : worst;
