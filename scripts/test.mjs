// Runs the tests of all packages, or of those named: `npm test -- protocol chaincode`; `faults` are the slow ones that break a network, `foreign` builds a client of another language.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
const specs = (asked.length > 0 ? asked : workspaces).map((name) => apart[name] ?? `${name}/dist/**/*.test.js`);
// Node's own option stands before mocha: told of it, mocha would start a second process, and end with code 0 when that is interrupted.
const args = [
  '--enable-source-maps', join('node_modules', 'mocha', 'bin', 'mocha.js'),
  '--timeout', '20000', '--reporter', join(root, 'scripts', 'reporter.cjs'), ...specs,
];
// The contract API logs each decorator at level info.
const env = { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR' };
const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    // A test in progress may have a handler of its own for the first; a second signal ends it all the same.
    child.kill(interrupted ? 'SIGKILL' : signal);
    interrupted = true;
  });
}
child.on('close', (code) => {
  process.exitCode = interrupted ? 130 : (code ?? 1);
});
