/** Clients of other authors from PyPI, unchanged, in an environment of their own that is made once. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../study/command.js';

const folder = join(repository, 'test', '.state', 'python-clients');
const packages = ['qkdsec[doctor]==0.3.0', 'etsi-qkd-014-client==0.9.0', 'skip-qkd==1.0.0', 'pyOpenSSL==26.4.0', 'cryptography==50.0.2'];
const complete = join(folder, 'complete');

/** The first two reach TLS through urllib3, which can take it from pyOpenSSL: its OpenSSL has X25519MLKEM768, whatever Python was built with. */
const hook = 'import urllib3.contrib.pyopenssl as tls; tls.inject_into_urllib3()\n';

function run(command: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  const words = error === undefined ? `${stdout}${stderr}`.trim().split('\n').slice(-3).join('\n') : error.message;
  throw new Error(`the clients from PyPI cannot be installed (${words}). Python 3.10 or later with venv, and a way to PyPI, are needed.`);
}

/** The folder of the environment's programs. */
function environment(): string {
  const bin = join(folder, 'bin');
  const wanted = `${packages.join('\n')}\n`;
  if (existsSync(complete) && readFileSync(complete, 'utf8') === wanted) return bin;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('python3', '-m', 'venv', folder);
  run(join(bin, 'python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages);
  const [libraries] = globSync(join(folder, 'lib', 'python*', 'site-packages'));
  writeFileSync(join(libraries ?? folder, 'post-quantum.pth'), hook);
  writeFileSync(complete, wanted);
  return bin;
}

/** What a program ended with. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the environment to its end; it must not block this process, which may be a server to it. */
export async function runPython(program: 'python' | 'qkdsec' | 'qkd014-client', ...args: string[]): Promise<Finished> {
  const child = spawn(join(environment(), program), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (part: Buffer) => stdout.push(part));
  child.stderr.on('data', (part: Buffer) => stderr.push(part));
  const [code] = await once(child, 'close') as [number | null];
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
