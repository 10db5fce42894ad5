// docs/crypto-inventory.md lists every use of classical cryptography and every socket; what the sources have beyond it fails here.
import { expect } from 'chai';
import { faultsOf, pathsIn, rowsBelow } from './page.js';
import { readSources, type Source } from './sources.js';

const page = 'docs/crypto-inventory.md';

const says = (pattern: RegExp) => ({ words }: Source): boolean => [...words].some((word) => pattern.test(word));
const imports = (module: string, ...names: readonly string[]) => (source: Source): boolean => names.some((name) => source.imports.get(module)?.has(name));
const anyOf = (...rules: readonly ((source: Source) => boolean)[]) => (source: Source): boolean => rules.some((rule) => rule(source));

/** Signatures of Node that no word beside them shows to be ML-DSA or SLH-DSA. */
const signsWithoutName = (source: Source): boolean =>
  imports('node:crypto', 'sign', 'verify', 'createSign', 'createVerify', 'generateKeyPair', 'generateKeyPairSync', 'webcrypto')(source) && !says(/^(ml|slh)[-_]?dsa/i)(source);

/** Broken by a quantum computer, or broken already. */
const breakable: Readonly<Record<string, (source: Source) => boolean>> = {
  ECDSA: anyOf(says(/ecdsa|^P-(256|384|521)$|^p(256|384|521)$|prime256v1|^secp\d+[rk]1$/i), signsWithoutName),
  Ed25519: says(/ed(25519|448)/i),
  X25519: says(/^x(25519|448)$/i),
  ECDH: says(/^(createECDH|ECDH|diffieHellman|createDiffieHellman)$/i),
  RSA: says(/^rsa/i),
  'X.509': anyOf(says(/^X509Certificate$/), imports('@peculiar/x509', '*')),
  'SHA-1': says(/^sha-?1$/i),
  MD5: says(/^md5$/i),
};

/** Weakened by a quantum computer, by no more than their length allows for. */
const kept: Readonly<Record<string, (source: Source) => boolean>> = {
  'SHA-256': says(/^(hmac)?sha-?(2-)?256$/i),
  'SHA-384': says(/^(hmac)?sha-?384$/i),
  'SHA-512': says(/^(hmac)?sha-?512$/i),
  'SHA-3': says(/^(sha-?3[-_]?\d+|shake-?\d+)$/i),
  AES: says(/^aes-?\d+/i),
  other: says(/^(chacha|blake|scrypt|pbkdf2|argon|salsa|des-|rc4)/i),
};

const sockets = ['node:http', 'node:https', 'node:http2', 'node:net', 'node:tls', 'node:dgram', '@grpc/grpc-js', 'fetch', 'ws'];
/** What opens no connection. */
const harmless = ['checkServerIdentity', 'TLSSocket', 'STATUS_CODES', 'Metadata', 'status', 'BlockList', 'isIP'];
const opensSocket = (source: Source): boolean =>
  sockets.some((module) => [...(source.imports.get(module) ?? [])].some((name) => !harmless.includes(name)));

const covers = (path: string, file: string): boolean => (path.endsWith('/') ? file.startsWith(path) : path === file);

/** Uses that no row lists, and rows that list what is not there. */
function differences(rows: readonly { readonly name: string; readonly paths: readonly string[] }[], rules: Readonly<Record<string, (source: Source) => boolean>>, sources: readonly Source[]): string[] {
  const uses = Object.entries(rules).flatMap(([name, rule]) => sources.filter(rule).map(({ file }) => ({ name, file })));
  const unlisted = uses.filter(({ name, file }) => !rows.some((row) => row.name === name && row.paths.some((path) => covers(path, file))));
  const stale = rows.flatMap(({ name, paths }) => paths.filter((path) => !uses.some((use) => use.name === name && covers(path, use.file))).map((path) => ({ name, path })));
  return [...unlisted.map(({ name, file }) => `${file} uses ${name}, which ${page} does not list`), ...stale.map(({ name, path }) => `${page} lists ${name} in ${path}, which does not use it`)];
}

const table = (heading: string): { readonly name: string; readonly paths: readonly string[]; readonly cells: readonly string[] }[] =>
  rowsBelow(page, heading).map((cells) => ({ name: cells[0] ?? '', paths: pathsIn(cells[1] ?? ''), cells }));

describe('crypto inventory', function () {
  this.timeout(120_000);
  let sources: Source[];
  before(() => {
    sources = readSources();
  });

  it('lists every classical use with its reason and its end', () => {
    const rows = table('## Still classical');
    expect(differences(rows, breakable, sources)).to.deep.equal([]);
    expect(rows.filter(({ cells }) => cells.length !== 4 || cells.includes('')).map(({ name }) => name)).to.deep.equal([]);
    expect(rows.flatMap(({ paths }) => paths).filter((path) => path.endsWith('/'))).to.deep.equal([]);
  });

  it('lists every hash and cipher', () => {
    expect(differences(table('## Hashes and ciphers'), kept, sources)).to.deep.equal([]);
  });

  it('lists every socket, with the test that shows what it refuses', () => {
    const rows = table('## Sockets');
    expect(differences(rows.map(({ paths }) => ({ name: 'socket', paths })), { socket: opensSocket }, sources)).to.deep.equal([]);
    expect(rows.filter(({ cells }) => (cells[2] ?? '').includes('MLKEM')).flatMap(({ cells }) => faultsOf(cells[3] ?? ''))).to.deep.equal([]);
    expect(rows.filter(({ cells }) => cells.length !== 4 || cells.includes('')).map(({ name }) => name)).to.deep.equal([]);
  });

  it('would find a use that is not listed', () => {
    const one = (word: string, module?: string, name?: string): Source => ({ file: 'x.ts', words: new Set([word]), imports: new Map(module === undefined ? [] : [[module, new Set([name ?? ''])]]) });
    const found = (source: Source): string[] => Object.entries({ ...breakable, ...kept, socket: opensSocket }).filter(([, rule]) => rule(source)).map(([name]) => name);
    const cases: [Source, string[]][] = [
      [one('createECDH'), ['ECDH']], [one('RSA-PSS'), ['RSA']], [one('rsa-sha256'), ['RSA']], [one('P-256'), ['ECDSA']], [one('secp256k1'), ['ECDSA']], [one('ed25519'), ['Ed25519']], [one('X25519'), ['X25519']],
      [one('sha1'), ['SHA-1']], [one('md5'), ['MD5']], [one('sha256'), ['SHA-256']], [one('aes-128-cbc'), ['AES']], [one('x', 'node:crypto', 'createSign'), ['ECDSA']], [one('mldsa65', 'node:crypto', 'sign'), []],
      [one('x', 'node:https', 'get'), ['socket']], [one('x', 'node:tls', 'checkServerIdentity'), []], [one('X25519MLKEM768'), []], [one('ecdhCurve'), []], [one('sha256:00'), []],
    ];
    for (const [source, expected] of cases) expect(found(source), [...source.words].join()).to.deep.equal(expected);
  });
});
