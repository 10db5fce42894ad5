// Key files from the operator's side: encrypted, encrypted anew, lost and brought back, earlier ones destroyed.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { toHex } from '@epione/protocol';
import { readConfig, type WorkerConfig } from '../config.js';
import { chainSeed } from '../keys/chain-secret.js';
import { putAside } from '../keys/former.js';
import { writeSeed } from '../keys/seed-file.js';
import { openLock } from '../keys/seed-lock.js';
import { keysFolder, makeSeeds, readSeeds } from '../keys/seeds.js';
import { divide, encodeShare } from '../keys/shares.js';
import { backUp, keyStatus } from './key-desk.js';

const program = fileURLToPath(new URL('../../bin/fl-worker.mjs', import.meta.url));
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const suites = { signature: 'mldsa65', kem: 'mlkem768' } as const;

describe('fl-worker key', function () {
  this.timeout(120_000);
  let folder: string;
  const at = (...names: string[]): string => join(folder, ...names);
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'epione-desk-'));
    await makeSeeds(keysFolder(at('state')), suites, random);
    for (const [name, protection] of [['plain', undefined], ['passphrase', { passphraseFile: 'passphrase' }], ['file', { keyFile: 'key' }]] as const) {
      writeFileSync(at(`${name}.yaml`), JSON.stringify({ mspId: 'HospitalA', profile: 'profile.json', state: 'state', seed: 's', ...(protection && { keyProtection: protection }), blobServer: { port: 1, publicUrl: 'https://a', certificate: 'c', privateKey: 'k', ca: 'a' } }));
    }
    writeFileSync(at('passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
    writeFileSync(at('key'), random(32), { mode: 0o600 });
  });
  afterEach(() => { rmSync(folder, { recursive: true }); });

  const key = (config: string, ...words: string[]): { status: number | null; out: Record<string, unknown>; fault: string } => {
    const { status, stdout, stderr } = spawnSync(execPath, [program, 'key', ...words, '--config', at(`${config}.yaml`), '--json'], { encoding: 'utf8' });
    return { status, out: status === 0 ? (JSON.parse(stdout) as Record<string, unknown>) : {}, fault: stderr };
  };
  const secrets = async (protection?: Parameters<typeof openLock>[0]): Promise<string> => {
    using lock = await openLock(protection);
    const { signing, kem } = await readSeeds(keysFolder(at('state')), suites, lock);
    return toHex(signing) + toHex(kem);
  };
  const configOf = (name: string): Promise<WorkerConfig> => readConfig(at(`${name}.yaml`));
  const encryption = async (config: string): Promise<string[]> => (await keyStatus(await configOf(config))).files.map((file) => file.encryption);

  it('encrypts all key files, of earlier records too, and again under another key', async () => {
    await putAside(keysFolder(at('state')), 1, 'mlkem768', ['0123456789abcdef']);
    const before = await secrets();
    expect(await encryption('plain')).to.deep.equal(['none', 'none']);
    expect(key('passphrase', 'protect').out['files']).to.have.length(4);
    expect(await encryption('passphrase')).to.deep.equal(['passphrase', 'passphrase']);
    expect(await secrets({ passphraseFile: at('passphrase') })).to.equal(before);
    for (const name of readdirSync(at('state'), { recursive: true, encoding: 'utf8' }).filter((each) => each.endsWith('.seed'))) expect(readFileSync(at('state', name), 'utf8')).not.to.match(new RegExp(`${before.slice(0, 64)}|${before.slice(64)}`));
    expect(key('file', 'protect').status, 'without the configuration until now').to.equal(1);
    expect(key('file', 'protect', '--was', at('passphrase.yaml')).out['files']).to.have.length(4);
    expect(await secrets({ keyFile: at('key') })).to.equal(before);
    expect(key('plain', 'protect', '--was', at('file.yaml')).status).to.equal(0);
    expect(await secrets()).to.equal(before);
  });

  it('divides keys among people and brings them back under whatever protects them then', async () => {
    const before = await secrets();
    const files = key('plain', 'backup', '--shares', '4', '--threshold', '3', '--to', at('shares')).out['files'] as string[];
    expect(files.map((file) => statSync(file).mode & 0o777)).to.deep.equal([0o600, 0o600, 0o600, 0o600]);
    const again = await backUp(await configOf('plain'), 4, 3, at('shares'), 0, random).catch((error: unknown) => (error as { code: string }).code);
    expect(again, 'nothing is overwritten').to.equal('EEXIST');
    expect(key('passphrase', 'restore', ...files).fault).to.contain('is there already');
    renameSync(keysFolder(at('state')), at('lost'));
    expect(key('passphrase', 'restore', ...files.slice(2)).fault).to.contain('2 good shares, 3 are needed');
    expect(existsSync(keysFolder(at('state')))).to.equal(false);
    writeFileSync(files[0]!, readFileSync(files[0]!, 'utf8').replace(/("share":")(.)/, (_, head: string, digit: string) => `${head}${digit === '0' ? '1' : '0'}`));
    const back = key('passphrase', 'restore', ...files);
    expect(back.out['refused']).to.deep.equal(['HospitalA-share-1.json']);
    expect(await secrets({ passphraseFile: at('passphrase') })).to.equal(before);
    expect(readFileSync(at('state', 'keys', 'chain.seed'), 'utf8')).to.equal(readFileSync(at('lost', 'chain.seed'), 'utf8'));
    // Only what is missing comes back, and nothing else is in its place.
    rmSync(at('state', 'keys', 'chain.seed'));
    expect(key('passphrase', 'restore', ...files).out['made']).to.deep.equal([at('state', 'keys', 'chain.seed')]);
    await writeSeed(at('state', 'keys', 'chain.seed'), 'chain', random(32), undefined, random);
    expect(key('passphrase', 'restore', ...files).fault).to.contain('chain.seed is there already');
  });

  it('brings keys back from shares that were made before the seed of the chains was among them', async () => {
    const before = await secrets();
    const seeds = await readSeeds(keysFolder(at('state')), suites, undefined);
    const files = divide({ mspId: 'HospitalA', suites }, seeds, 2, 2, 0, random).map((share) => {
      writeFileSync(at(`share-${share.index}.json`), encodeShare(share));
      return at(`share-${share.index}.json`);
    });
    const chain = await chainSeed(at('state'), random);
    for (const name of ['signing.seed', 'kem.seed']) rmSync(at('state', 'keys', name));
    expect(key('plain', 'restore', ...files).out['made']).to.deep.equal([at('state', 'keys', 'signing.seed'), at('state', 'keys', 'kem.seed')]);
    expect(await secrets()).to.equal(before);
    expect(await chainSeed(at('state'), random), 'what is there stays').to.deep.equal(chain);
  });

  it('lists the keys of earlier records, and destroys one when it is told to', async () => {
    await putAside(keysFolder(at('state')), 2, 'mlkem768', ['0123456789abcdef']);
    expect(key('plain', 'status').out).to.deep.include({ former: [{ version: 2, neededBy: ['0123456789abcdef'] }], rotating: false });
    expect(key('plain', 'destroy', '1').fault).to.contain('no keys of version 1');
    await chainSeed(at('state'), random);
    expect(key('plain', 'destroy', '2').out).to.deep.equal({ destroyed: 2 });
    expect(readdirSync(keysFolder(at('state'))).sort(), 'the seed of the chains belongs to no version').to.deep.equal(['chain.seed', 'kem.seed', 'signing.seed']);
  });
});
