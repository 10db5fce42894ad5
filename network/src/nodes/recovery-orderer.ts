/**
 * An orderer for one purpose: to start although its enrolment certificate has ended. The channel still takes its votes, and
 * only with a quorum of them can new certificates be put into the channel; but Fabric's orderer does not start with such a
 * certificate (msp/mspimplsetup.go), and no setting changes that. So it is built from the pinned sources with that one
 * check turned into a warning, used for the renewal, and not for anything else.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NetworkError } from '../error.js';
import type { Network } from '../state.js';
import { findBinaries, type Binaries } from './fabric-binaries.js';

const moduleDir = fileURLToPath(new URL('../../fabric', import.meta.url));
const fabricModule = 'github.com/hyperledger/fabric';
const check = /return errors\.Errorf\((".*expired %v ago"), (.*)\)/;
const remedy = 'Set this machine\'s clock back to before the end of the orderers\' certificates, run fl-network certificates renew, and set the clock right.';

async function go(args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false -trimpath -ldflags=-s' };
  return (await promisify(execFile)('go', [...args], { cwd, env, maxBuffer: 64_000_000 })).stdout.trim();
}

/** Copies the sources without their tests, and without their modes, since the module cache is read-only. */
function copySources(from: string, to: string): void {
  const aside = /(^|[/\\])(testdata|docs|integration|vendor)([/\\]|$)|_test\.go$/;
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    const file = relative(from, join(entry.parentPath, entry.name));
    if (!entry.isFile() || aside.test(file)) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    writeFileSync(join(to, file), readFileSync(join(from, file)));
  }
}

async function build(dir: string, program: string): Promise<void> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const sources = join(dir, 'fabric');
  copySources(await go(['list', '-m', '-f', '{{.Dir}}', fabricModule], moduleDir), sources);
  const file = join(sources, 'msp', 'mspimplsetup.go');
  const code = readFileSync(file, 'utf8');
  if (!check.test(code)) throw new Error('the check is not where it is in release 3.1.1');
  writeFileSync(file, code.replace(check, 'mspLogger.Warnf($1, $2)'));
  writeFileSync(join(dir, 'go.mod'), `${readFileSync(join(moduleDir, 'go.mod'), 'utf8').replace(/^module .*$/m, 'module epione/recovery')}\nreplace ${fabricModule} => ./fabric\n`);
  writeFileSync(join(dir, 'go.sum'), readFileSync(join(moduleDir, 'go.sum')));
  await go(['build', '-o', `${program}.built`, `${fabricModule}/cmd/orderer`], dir);
  rmSync(sources, { recursive: true });
  // The orderers also refuse what another one with such a certificate proposes, unless told.
  writeFileSync(program, `#!/bin/sh\nORDERER_GENERAL_AUTHENTICATION_NOEXPIRATIONCHECKS=true exec "${program}.built" "$@"\n`, { mode: 0o700 });
}

/**
 * Builds it, once for a state folder; half a minute with the sources at hand.
 * @returns Fabric's programs with this orderer
 * @throws {NetworkError} CERTIFICATE_EXPIRED when it cannot be built, with what else can be done
 */
export async function recoveryBinaries(network: Network): Promise<Binaries> {
  const binaries = findBinaries();
  if (dirname(binaries.orderer) !== join(moduleDir, 'bin')) {
    throw new NetworkError('CERTIFICATE_EXPIRED', 'Too few orderers can start with certificates that have not ended, and Fabric\'s programs are not those that the set-up built, so none that starts all the same can be built.', remedy);
  }
  const dir = join(network.dir, 'recovery');
  const program = join(dir, 'orderer');
  if (existsSync(program)) return { ...binaries, orderer: program };
  try {
    await build(dir, program);
  } catch (error) {
    throw new NetworkError('CERTIFICATE_EXPIRED', `Too few orderers can start with certificates that have not ended, and one that starts all the same cannot be built: ${String((error as { stderr?: unknown }).stderr ?? error)}`, `Install Go 1.24 or later; or: ${remedy}`, error);
  }
  return { ...binaries, orderer: program };
}
