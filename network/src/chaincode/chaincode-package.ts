/** The chaincode package that peers install: the same bytes, and so the same package ID, wherever it is built. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { PackageConnection } from '../connection/target.js';
import { NetworkError } from '../error.js';

/** A package and its names. */
export interface ChaincodePackage {
  readonly bytes: Buffer;
  /** `label:sha256 of the bytes`. */
  readonly packageId: string;
  readonly label: string;
  /** Version of the definition: that of package.json and the digest of the code. */
  readonly version: string;
}

const blockBytes = 512;

/** One ustar archive (POSIX.1-1988) of regular files, in the given order, with no owner and no time. @param mode of every file. */
export function tar(entries: readonly (readonly [name: string, content: Uint8Array])[], mode = 0o644): Buffer {
  const blocks: Buffer[] = [];
  for (const [name, content] of entries) {
    const header = Buffer.alloc(blockBytes);
    const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
    header.write(name, 0, 100);
    header.write(octal(mode, 8), 100);
    header.write(octal(0, 8), 108);
    header.write(octal(0, 8), 116);
    header.write(octal(content.length, 12), 124);
    header.write(octal(0, 12), 136);
    header.write('        ', 148); // The checksum counts its own field as spaces.
    header.write('0', 156);
    header.write('ustar\x0000', 257);
    header.write(`${octal(header.reduce((sum, byte) => sum + byte, 0), 7)} `, 148);
    blocks.push(header, Buffer.from(content), Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes));
  }
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

/** gzip (RFC 1952) with stored blocks (RFC 1951, 3.2.4), because what zlib compresses to differs between its versions. */
export function gzip(content: Uint8Array): Buffer {
  const storedBytes = 0xffff;
  const blocks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < content.length; at += storedBytes) {
    const block = content.subarray(at, at + storedBytes);
    const head = Buffer.alloc(5);
    head[0] = at + storedBytes >= content.length ? 1 : 0;
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(~block.length & 0xffff, 3);
    blocks.push(head, block);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content));
  trailer.writeUInt32LE(content.length, 4);
  // Method deflate, no flags, no time, no hint on compression, system unknown.
  return Buffer.concat([Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255), ...blocks, trailer]);
}

const manifest = z.object({ name: z.string(), version: z.string(), main: z.string().optional(), dependencies: z.record(z.string(), z.string()).default({}) });

function readManifest(dir: string): z.infer<typeof manifest> {
  const file = join(dir, 'package.json');
  const parsed = manifest.safeParse(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);
  if (parsed.success) return parsed.data;
  throw new NetworkError('CHAINCODE_INVALID', `${file} is missing or lacks name and version.`, 'Name the folder of a built chaincode with --path.');
}

/** Folders of a chaincode whose files no peer runs: its tests' tools and its lint rules. */
const aside = ['node_modules', 'testing', 'lint'];

/** Compiled files under a folder, in one order, without tests and what only they use. */
export function codeFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?js$/.test(name) && !/\.(test|fuzz)\.[cm]?js$/.test(name) && !name.split(sep).some((folder) => aside.includes(folder)))
    .sort();
}

/** Dependencies that are linked and not installed, with their folders: siblings of the same repository, whose code changes without a version. */
export function linkedSiblings(dir: string, dependencies: readonly string[]): [name: string, folder: string][] {
  const siblings: [string, string][] = [];
  for (const name of dependencies) {
    for (let at = dir; ; at = dirname(at)) {
      const link = join(at, 'node_modules', name);
      if (existsSync(link)) {
        const target = realpathSync(link);
        if (!target.split(sep).includes('node_modules')) siblings.push([name, target]);
        break;
      }
      if (at === dirname(at)) break;
    }
  }
  return siblings;
}

/** SHA-256 (hex) over names and bytes of the chaincode's compiled files and those of its linked siblings. */
function codeDigest(dir: string, main: string, dependencies: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (folder: string): void => {
    for (const name of codeFiles(folder)) {
      const content = readFileSync(join(folder, name));
      hash.update(`${relative(folder, join(folder, name)).split(sep).join('/')}\0${content.length}\0`).update(content);
    }
  };
  add(dirname(join(dir, main)));
  for (const [, sibling] of linkedSiblings(dir, dependencies)) add(existsSync(join(sibling, 'dist')) ? join(sibling, 'dist') : sibling);
  return hash.digest('hex');
}

/**
 * Packs a built Node chaincode for use as a service. The package holds no code, no address and no key: only what names the
 * code, so that one package ID serves all organizations and changes with the code.
 * @param dir folder of the chaincode's package.json, whose `main` exports `contracts`
 * @param connection what a builder that takes connection.json from the package needs, as Fabric's own does
 * @throws {NetworkError} CHAINCODE_INVALID when it is not built or its package.json lacks something
 */
export function packChaincode(dir: string, name: string, connection?: PackageConnection): ChaincodePackage {
  const { version: release, main, dependencies } = readManifest(dir);
  if (main === undefined) throw new NetworkError('CHAINCODE_INVALID', `${join(dir, 'package.json')} has no "main", by which Fabric's server finds the contracts.`, 'Add "main" with the compiled entry file.');
  if (!existsSync(join(dir, main))) throw new NetworkError('CHAINCODE_INVALID', `${join(dir, main)} does not exist.`, 'Build the chaincode first: npm run build.');
  const digest = codeDigest(dir, main, Object.keys(dependencies).sort());
  const label = `${name}_${release}`;
  const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const named = ['chaincode.json', text({ name, version: release, code: `sha256:${digest}` })] as const;
  const code = gzip(tar(connection ? [['connection.json', text(connection)], named] : [named]));
  const bytes = gzip(tar([['metadata.json', text({ type: 'ccaas', label })], ['code.tar.gz', code]]));
  const packageId = `${label}:${createHash('sha256').update(bytes).digest('hex')}`;
  return { bytes, packageId, label, version: `${release}+${digest.slice(0, 16)}` };
}
