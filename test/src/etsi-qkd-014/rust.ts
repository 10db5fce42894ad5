/** The client of TU Eindhoven from the Rust registry, unchanged, with a program around it (`rust-client`), built once. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { repository } from '../study/command.js';

const source = join(repository, 'test', 'src', 'etsi-qkd-014', 'rust-client');
const state = join(repository, 'test', '.state', 'rust-client');
const program = join(state, 'target', 'debug', 'rust-client');

function run(command: string, args: readonly string[], options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv }): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { ...options, encoding: 'utf8' });
  if (status === 0) return;
  const words = error === undefined ? `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n') : error.message;
  throw new Error(`the Rust client cannot be built (${words}). Cargo 1.85 or later, OpenSSL's headers, a C compiler and libsodium (libsodium-dev) are needed.`);
}

/** Where libsodium's library and description are, taken from Debian's packages where it is not installed. */
function libsodium(): string | undefined {
  if (spawnSync('pkg-config', ['--exists', 'libsodium']).status === 0) return undefined;
  const found = (): string | undefined => globSync(join(state, 'usr', 'lib', '*', 'pkgconfig', 'libsodium.pc'))[0];
  if (found() === undefined) {
    run('apt-get', ['download', 'libsodium-dev', 'libsodium23'], { cwd: state });
    for (const archive of globSync(join(state, '*.deb'))) run('dpkg', ['-x', archive, state], { cwd: state });
  }
  return dirname(dirname(found() ?? state));
}

/** Builds the program; about four minutes of processor time the first time. @returns a function that runs it. */
export function buildRustClient(): (...args: readonly string[]) => Promise<{ readonly stdout: string }> {
  mkdirSync(state, { recursive: true });
  const sodium = libsodium();
  const more = sodium === undefined ? {} : { PKG_CONFIG_PATH: join(sodium, 'pkgconfig'), LIBRARY_PATH: sodium, LD_LIBRARY_PATH: sodium };
  const whole = { ...env, ...more, CARGO_TARGET_DIR: join(state, 'target') };
  if (!existsSync(program)) run('cargo', ['build', '--locked', '--quiet'], { cwd: source, env: whole });
  return async (...args) => promisify(execFile)(program, args, { env: whole });
}
