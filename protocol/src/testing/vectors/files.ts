/** Where the published vectors lie: Go modules in Go's own cache, checked by go.sum, and small files beside them in `vectors/`. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const folder = fileURLToPath(new URL('../../../vectors/', import.meta.url));
const folders = new Map<string, string>();

/** The folder of a module that go.mod names; downloaded once. @throws Error with the remedy. */
function moduleFolder(path: string): string {
  const known = folders.get(path);
  if (known !== undefined) return known;
  const { status, stdout, stderr, error } = spawnSync('go', ['mod', 'download', '-json', path], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${path} cannot be downloaded (${error?.message ?? (stderr || stdout).trim()}). Go 1.24 or later and a way to its module proxy are needed.`);
  const { Dir: found } = JSON.parse(stdout) as { Dir: string };
  folders.set(path, found);
  return found;
}

/** A file of Project Wycheproof, `testvectors_v1`. */
export const wycheproof = (name: string): unknown => JSON.parse(readFileSync(join(moduleFolder('github.com/c2sp/wycheproof'), 'testvectors_v1', `${name}_test.json`), 'utf8'));

/** A file of NIST's ACVP as circl ships it, compressed. */
export const acvp = (path: string): unknown => JSON.parse(gunzipSync(readFileSync(join(moduleFolder('github.com/cloudflare/circl'), `${path}.json.gz`))).toString());

/** A file that stands in the repository. */
export const kept = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));

/** Bytes of a hexadecimal text in either case. */
export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** Equality of bytes; public values, so time does not matter. */
export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
