/** A folder that holds a chaincode whole, for those who deploy it without this repository: Fabric's samples, image builders. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { codeFiles, linkedSiblings, packChaincode, type ChaincodePackage } from './chaincode-package.js';
import { lockfileOf } from './lockfile.js';
import { NetworkError } from '../error.js';

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string().default(''),
  license: z.string().default('UNLICENSED'),
  type: z.enum(['commonjs', 'module']).default('commonjs'),
  main: z.string().default('index.js'),
  exports: z.unknown().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
});
type Manifest = z.infer<typeof manifest>;

const readManifest = (dir: string): Manifest => manifest.parse(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')));

// Not executable: peers refuse such files in a package.
function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o644 });
}

function copyCode(from: string, to: string, main: string): void {
  const code = dirname(main);
  for (const name of codeFiles(join(from, code))) {
    const file = join(to, code, name);
    mkdirSync(dirname(file), { recursive: true });
    cpSync(join(from, code, name), file);
  }
}

const rootLock = z.object({ overrides: z.record(z.string(), z.unknown()).default({}) });

/** The nearest folder above that has a lockfile: the workspace. */
function workspaceOf(dir: string): string | undefined {
  for (let at = dir; ; at = dirname(at)) {
    if (existsSync(join(at, 'package-lock.json'))) return at;
    if (at === dirname(at)) return undefined;
  }
}

/**
 * Writes the compiled chaincode with its siblings of the repository, its exact dependencies and their lockfile, and its Dockerfile
 * where it has one. The folder installs with `npm ci --omit=dev`; `npm run build` checks it, `npm start` registers with a peer.
 * @param dir folder of the chaincode's package.json, built
 * @param to a folder that is new or empty
 * @returns the package of the same code, as it is deployed as a service
 * @throws {NetworkError} CHAINCODE_INVALID, USAGE when the folder is in use
 */
export function writeStandalone(dir: string, to: string, name: string): ChaincodePackage {
  const pack = packChaincode(dir, name);
  const target = resolve(to);
  if (existsSync(target) && readdirSync(target).length > 0) throw new NetworkError('USAGE', `${target} is not empty.`, 'Name a new folder with --standalone.');
  mkdirSync(target, { recursive: true });
  const own = readManifest(dir);
  copyCode(dir, target, own.main);
  const siblings = new Map<string, string>();
  for (const [dependency, folder] of linkedSiblings(dir, Object.keys(own.dependencies))) {
    const sibling = readManifest(folder);
    const place = basename(folder);
    siblings.set(dependency, `file:${place}`);
    copyCode(folder, join(target, place), existsSync(join(folder, 'dist')) ? 'dist/index.js' : sibling.main);
    writeJson(join(target, place, 'package.json'), sibling);
  }
  const workspace = workspaceOf(dir);
  const { overrides } = workspace === undefined ? { overrides: {} } : rootLock.parse(JSON.parse(readFileSync(join(workspace, 'package.json'), 'utf8')));
  const { version, description, license, type, main } = own;
  const root = {
    name: own.name.replace('/', '-').replace('@', ''),
    version,
    private: true,
    description,
    license,
    type,
    main,
    // The first that load an ES module with require, which the siblings are.
    engines: { node: '>=20.19' },
    scripts: { build: `node --check ${own.main}`, start: 'fabric-chaincode-node start', server: 'fabric-chaincode-node server' },
    dependencies: { ...own.dependencies, ...Object.fromEntries(siblings) },
    ...(Object.keys(overrides).length > 0 ? { overrides } : {}),
  };
  writeJson(join(target, 'package.json'), root);
  if (workspace !== undefined) {
    const lock: unknown = JSON.parse(readFileSync(join(workspace, 'package-lock.json'), 'utf8'));
    writeJson(join(target, 'package-lock.json'), lockfileOf(lock, relative(workspace, resolve(dir)).replaceAll('\\', '/'), root));
  }
  for (const file of ['Dockerfile', '.dockerignore']) if (existsSync(join(dir, file))) cpSync(join(dir, file), join(target, file));
  return pack;
}
