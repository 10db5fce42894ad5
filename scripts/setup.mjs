// Sets everything up once: dependencies from the lockfile, the build, Fabric's binaries. Plain JavaScript, any Node from 18.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const begun = Date.now();
let didSomething = false;
const terminal = process.stderr.isTTY === true;
const bin = join(root, 'node_modules', '.bin');

/** Runs one command; counts its output lines as progress and shows its last lines when it fails. */
function run(title, command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    didSomething = true;
    let lines = 0;
    let tail = [];
    const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
    const progress = () => (options.total ? `${Math.min(lines, options.total)}/${options.total}, ${seconds()}` : seconds());
    if (!terminal) console.error(`${title} ...`);
    const timer = terminal ? setInterval(() => process.stderr.write(`\r\u001b[K${title} ... ${progress()}`), 200) : undefined;
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const take = (chunk) => {
      const rows = chunk.toString().split('\n').filter(Boolean);
      lines += rows.length;
      tail = [...tail, ...rows].slice(-25);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const finish = () => {
      if (timer) clearInterval(timer);
      if (terminal) process.stderr.write('\r\u001b[K');
    };
    child.on('error', (error) => {
      finish();
      reject(error.code === 'ENOENT' ? new Error(`${title}: ${command} is not installed. ${options.remedy ?? ''}`) : error);
    });
    child.on('close', (code) => {
      finish();
      if (code === 0) {
        console.error(`${title}: done in ${seconds()}`);
        resolve();
      } else reject(new Error(`${title} failed (exit code ${code}):\n${tail.join('\n')}\n${options.remedy ?? ''}`));
    });
  });
}

const digest = (...files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
};
const stampIs = (file, value) => existsSync(file) && readFileSync(file, 'utf8') === value;

/** Digest over names, sizes and times of all sources: cheap, and changes whenever a build is due. */
function sourcesDigest() {
  const hash = createHash('sha256').update(digest('package-lock.json', 'tsconfig.base.json', 'tsconfig.json'));
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else {
        const { size, mtimeMs } = statSync(path);
        hash.update(`${relative(root, path)} ${size} ${mtimeMs}\n`);
      }
    }
  };
  for (const name of JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).workspaces) walk(join(root, name, 'src'));
  walk(join(root, 'qkd-sim', 'assembly'));
  return hash.digest('hex');
}

async function dependencies() {
  const stamp = join(root, 'node_modules', '.setup');
  const wanted = digest('package-lock.json');
  if (stampIs(stamp, wanted)) return;
  // npm runs on the Node that started it: `ci` deletes node_modules and with it the pinned Node.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const remedy = 'Check the connection to the package registry and run the command again.';
  if (npm) await run('Dependencies', process.env.npm_node_execpath ?? process.execPath, [npm, ...args], { remedy });
  else await run('Dependencies', 'npm', args, { remedy });
  writeFileSync(stamp, wanted);
}

/** The Node that the scripts run on: the pinned one, put where npm looks first, or the system's where none is pinned. */
function pinnedNode() {
  const target = join('..', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  const link = join(bin, 'node');
  // npm 10 does not link the program of an optional dependency when install scripts are off; npm 11 does.
  if (!existsSync(link) && existsSync(join(bin, target))) symlinkSync(target, link);
  if (existsSync(link)) return link;
  const windows = join(bin, 'node.cmd');
  if (existsSync(windows)) return windows;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 16)) return process.execPath;
  throw new Error(`Node ${process.versions.node} is too old and no pinned Node exists for ${process.platform}-${process.arch}. Install Node 24.16 or later.`);
}

async function build(node) {
  const stamp = join(root, 'node_modules', '.built');
  const wanted = sourcesDigest();
  if (stampIs(stamp, wanted) && existsSync(join(root, 'test', 'dist'))) return;
  await run('Build', node, [join('node_modules', 'typescript7', 'bin', 'tsc'), '-b'], { remedy: 'The lines above name the file.' });
  await run('WebAssembly', node, [join('scripts', 'wasm.mjs')], { remedy: 'The lines above name the file.' });
  writeFileSync(stamp, wanted);
}

/** Fabric's peer, orderer and configtxgen: from FABRIC_BIN, else PATH, else built once with Go (docs/decisions). */
async function fabric() {
  const names = ['peer', 'orderer', 'configtxgen'];
  const hasAll = (folder) => names.every((name) => existsSync(join(folder, name)));
  if (process.env.FABRIC_BIN) {
    if (hasAll(process.env.FABRIC_BIN)) return;
    throw new Error(`FABRIC_BIN is ${process.env.FABRIC_BIN}, which lacks one of ${names.join(', ')}. Correct or unset it.`);
  }
  if ((process.env.PATH ?? '').split(delimiter).some(hasAll)) return;
  const module = join('network', 'fabric');
  const target = join(root, module, 'bin');
  const stamp = join(target, '.built');
  const wanted = digest(join(module, 'go.mod'), join(module, 'go.sum'));
  if (stampIs(stamp, wanted) && hasAll(target)) return;
  mkdirSync(target, { recursive: true });
  const remedy = 'Install Go 1.24 or later, or set FABRIC_BIN to a folder with the Fabric 3.1 binaries.';
  await run('Fabric sources', 'go', ['-C', module, 'mod', 'download'], { remedy });
  const env = { CGO_ENABLED: '0', GOBIN: target, GOFLAGS: '-buildvcs=false -trimpath -ldflags=-s' };
  await run('Fabric binaries', 'go', ['-C', module, 'install', '-v', 'tool'], { env, total: 820, remedy });
  writeFileSync(stamp, wanted);
}

try {
  await dependencies();
  const node = pinnedNode();
  await build(node);
  await fabric();
  if (didSomething) console.error(`Set-up complete after ${((Date.now() - begun) / 1000).toFixed(0)} s.`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
