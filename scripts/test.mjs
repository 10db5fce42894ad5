// Runs the tests of all packages, or of those named: `npm test -- protocol chaincode`.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !workspaces.includes(name));
if (unknown.length > 0) {
  console.error(`There is no package ${unknown.join(', ')}; there are ${workspaces.join(', ')}.`);
  process.exit(2);
}
const specs = (asked.length > 0 ? asked : workspaces).map((name) => `${name}/dist/**/*.test.js`);
const args = [
  join('node_modules', 'mocha', 'bin', 'mocha.js'),
  '--enable-source-maps', '--timeout', '20000', '--reporter', join(root, 'scripts', 'reporter.cjs'), ...specs,
];
// The contract API logs each decorator at level info.
const env = { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR' };
const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
