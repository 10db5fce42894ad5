// Seeds at rest: each lock opens what it closed and nothing else, and no fault repeats a word of a secret.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { toHex } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { WorkerError } from '../error.js';
import { destroyFile, protectionOf } from './seed-file.js';
import { openLock, type SeedLock } from './seed-lock.js';
import { keysFolder, makeSeeds, readKeys, readSeeds, seedFiles } from './seeds.js';

const suites = { signature: 'mldsa65', kem: 'mlkem768' } as const;
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const makeToken = fileURLToPath(new URL('../../../client/dist/testing/make-token.js', import.meta.url));

/** The fault of an attempt. */
const fault = (attempt: Promise<unknown>): Promise<WorkerError | undefined> =>
  attempt.then(() => undefined, (error: unknown) => {
    if (error instanceof WorkerError) return error;
    throw error;
  });

describe('seeds at rest', function () {
  this.timeout(300_000); // the first run on a machine builds the binding and takes SoftHSM from the package server
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const [signing, kem] = ['keys/signing.seed', 'keys/kem.seed'];
  const secretFile = (name: string, content: string | Uint8Array): string => {
    writeFileSync(at(name), content, { mode: 0o600 });
    return at(name);
  };
  const lockOf = async (protection: WorkerConfig['keyProtection']): Promise<SeedLock> => (await openLock(protection))!;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'epione-seeds-')); });
  afterEach(() => { rmSync(folder, { recursive: true }); });

  const round = async (protection: WorkerConfig['keyProtection']): Promise<void> => {
    const drawn: string[] = [];
    using lock = await lockOf(protection);
    const noting = (length: number): Uint8Array => { const bytes = random(length); drawn.push(toHex(bytes)); return bytes; };
    await makeSeeds(keysFolder(folder), suites, noting, lock);
    const files = seedFiles(folder).map((path) => readFileSync(path, 'utf8'));
    for (const text of files) for (const seed of drawn.filter((hex) => hex.length >= 64)) expect(text).not.to.contain(seed).and.not.contain(Buffer.from(seed, 'hex').toString('base64'));
    expect(statSync(at(signing)).mode & 0o077).to.equal(0);
    expect(readdirSync(keysFolder(folder)).sort()).to.deep.equal(['kem.seed', 'signing.seed']);
    const seeds = await readSeeds(keysFolder(folder), suites, lock);
    expect(drawn).to.include(toHex(seeds.signing)).and.include(toHex(seeds.kem));
    expect(await protectionOf(at(kem))).to.equal(lock.kind);
    const first = await readKeys(folder, suites, lock);
    using again = await lockOf(protection);
    expect((await readKeys(folder, suites, again)).signer.publicKey).to.deep.equal(first.signer.publicKey);
  };

  it('open with the passphrase that closed them, with the key file, with the key in the token', async () => {
    await round({ passphraseFile: secretFile('passphrase', 'correct horse battery staple\n') });
    rmSync(keysFolder(folder), { recursive: true });
    await round({ keyFile: secretFile('key', random(32)) });
    rmSync(keysFolder(folder), { recursive: true });
    const { status, stdout, stderr } = spawnSync(execPath, [makeToken, at('hsm'), 'site', '24682468', 'seeds'], { encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    const { module, pinFile, settings } = JSON.parse(stdout) as { module: string; pinFile: string; settings: string };
    env['SOFTHSM2_CONF'] = settings;
    // SoftHSM reads its settings once a process, and other tests may have loaded it before: a copy is a library of its own.
    copyFileSync(module, at('libsofthsm2.so'));
    const key = { module: at('libsofthsm2.so'), tokenLabel: 'site', keyLabel: 'seeds', pinFile };
    await round({ pkcs11: key });
    using lock = await lockOf({ keyFile: secretFile('key', random(32)) });
    expect((await fault(readKeys(folder, suites, lock)))?.message).to.match(/is encrypted by pkcs11, and by the configuration it should be by keyFile$/);
  });

  it('do not open otherwise, in one way, without a word of what was read', async () => {
    using lock = await lockOf({ passphraseFile: secretFile('passphrase', 'correct horse battery staple') });
    await makeSeeds(keysFolder(folder), suites, random, lock);
    const stored = JSON.parse(readFileSync(at(signing), 'utf8')) as Record<string, string>;
    const spoil = (changes: Record<string, string>): Promise<WorkerError | undefined> => {
      writeFileSync(at(signing), `${JSON.stringify({ ...stored, ...changes })}\n`);
      return fault(readKeys(folder, suites, lock));
    };
    const flipped = (hex = ''): string => `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`;
    for (const name of ['box', 'iv', 'salt']) {
      const found = await spoil({ [name]: flipped(stored[name]) });
      expect(found, name).to.deep.include({ code: 'KEY_FILE_INVALID', message: `${at(signing)} does not open under the configured keyProtection` });
    }
    // The seeds cannot change places.
    const other = readFileSync(at(kem), 'utf8');
    expect((await spoil(JSON.parse(other) as Record<string, string>))?.message).to.contain('does not open');
    using stranger = await lockOf({ passphraseFile: secretFile('other', 'correct horse battery stapler') });
    writeFileSync(at(signing), `${JSON.stringify(stored)}\n`);
    expect((await fault(readKeys(folder, suites, stranger)))?.code).to.equal('KEY_FILE_INVALID');
    for (const text of ['{"box":"00"}', '{"lock":', `{"box":"${'0'.repeat(96)}","iv":"${'0'.repeat(24)}","lock":"passphrase","salt":"${'0'.repeat(32)}","more":1}`]) {
      writeFileSync(at(signing), text);
      expect((await fault(readKeys(folder, suites, lock)))?.message).to.equal(`${at(signing)} is no key file of this version`);
    }
  });

  it('say where configuration and files disagree', async () => {
    const passphrase = { passphraseFile: secretFile('passphrase', 'correct horse battery staple') };
    await makeSeeds(keysFolder(folder), suites, random);
    expect(await protectionOf(at(signing))).to.equal('none');
    using lock = await lockOf(passphrase);
    expect((await fault(readKeys(folder, suites, lock)))?.message).to.match(/is encrypted by nothing, .* by passphrase$/);
    rmSync(at(signing));
    await makeSeeds(keysFolder(folder), suites, random, lock);
    expect((await fault(readKeys(folder, suites)))?.message).to.match(/is encrypted by passphrase, .* by nothing$/);
    chmodSync(at(signing), 0o644);
    expect((await fault(readKeys(folder, suites)))?.message).to.match(/can be read by others$/);
    const secret = '0123456789abcdef';
    writeFileSync(at(signing), `${secret}\n`, { mode: 0o600 });
    chmodSync(at(signing), 0o600);
    expect((await fault(readKeys(folder, suites)))?.message).to.match(/does not hold 32 bytes in hex$/).and.not.contain(secret);
  });

  it('refuse a lock that is missing, weak or open to others', async () => {
    const open = async (protection: WorkerConfig['keyProtection']): Promise<string> => (await fault(openLock(protection)))?.code ?? 'opened';
    expect(await open({ passphraseFile: at('none') })).to.equal('CONFIG_INVALID');
    expect(await open({ passphraseFile: secretFile('short', 'fifteen letters\n\r\n') })).to.equal('CONFIG_INVALID');
    expect(await open({ keyFile: secretFile('few', random(31)) })).to.equal('CONFIG_INVALID');
    chmodSync(secretFile('public', random(32)), 0o640);
    expect(await open({ keyFile: at('public') })).to.equal('KEY_FILE_INVALID');
    expect(await open(undefined)).to.equal('opened');
  });

  it('are overwritten before they are removed', async () => {
    const path = secretFile('seed', 'a'.repeat(64));
    linkSync(path, at('another name of the same bytes'));
    await destroyFile(path, random);
    const left = readFileSync(at('another name of the same bytes'));
    expect(left).to.have.length(64);
    expect(left.toString('latin1')).not.to.contain('aaaa');
    expect(existsSync(path)).to.equal(false);
    await destroyFile(path, random);
  });
});
