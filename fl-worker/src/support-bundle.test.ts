// No secret leaves: known ones lie in every place where a site has secrets, and are looked for in bundle, events and faults.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { sha256, statementDigest, toHex } from '@epione/protocol';
import { writeCsv } from './data/csv.js';
import type { Finding } from './doctor/doctor.js';
import { putAside } from './keys/former.js';
import { nextFolder } from './keys/next.js';
import { keysFolder, makeSeeds, readSeeds } from './keys/seeds.js';
import { reportTo } from './progress.js';
import { takePart } from './run.js';
import type { KeyStatus } from './site/key-desk.js';
import { openState } from './state/database.js';
import { studyState } from './state/study-state.js';
import { organizations, secretOf, rowsOf, smallTemplate, TestConsortium } from './testing/consortium.js';
import { secretsIn } from './testing/find-secret.js';
import { TestLedger } from './testing/round-ledger.js';
import { withoutSecrets, type SupportBundle } from './support-bundle.js';

const program = fileURLToPath(new URL('../bin/fl-worker.mjs', import.meta.url));
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const a = 'HospitalA';

describe('secrets', function () {
  this.timeout(120_000);

  it('of a running study are in no event of its workers', async () => {
    await using house = await TestConsortium.found({ ...smallTemplate, consent: { required: true, classes: ['pathology'], onWithdrawal: 'retract' } });
    const ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
    let said = '';
    const report = reportTo({ write: (text) => (said += text) }, false, {}, Date.now);
    const people = reportTo({ write: (text) => (said += text) }, true, {}, Date.now);
    await Promise.all(organizations.map(async (mspId) => takePart(await house.site(mspId, ledger, (event, facts) => { report(event, facts); people(event, facts); }), house.digest, { signal: new AbortController().signal, stopOnAbort: false })));
    const secrets = new Map<string, Uint8Array>([...house.entity.secrets].map(([id, key]) => [`QKD key ${id}`, Buffer.from(key, 'base64')]));
    for (const mspId of organizations) {
      const { config } = house.of(mspId);
      for (const [name, seed] of Object.entries(await readSeeds(keysFolder(config.state), config.suites, undefined))) secrets.set(`${mspId} ${name}`, seed);
      if (config.data !== undefined) for (let row = 0; row < rowsOf(mspId) - 2; row += 1) secrets.set(`${mspId} person ${row}`, Buffer.from(secretOf(mspId, row), 'hex'));
    }
    const { contentKey, submission } = (JSON.parse(readFileSync(join(house.of('Regulator').config.state, 'content-keys.json'), 'utf8')) as { contentKey: string; submission: string }[])[0]!;
    secrets.set('content key', Buffer.from(contentKey, 'base64url'));
    expect(said).to.contain(submission);
    expect(secrets.size).to.be.greaterThan(80);
    expect(secretsIn(utf8(said), secrets)).to.deep.equal([]);
    expect(secretsIn(utf8(`${said} ${contentKey}`), secrets), 'the search finds').to.deep.equal(['content key']);
  });

  describe('of a site', () => {
    let house: TestConsortium;
    let folder: string;
    const secrets = new Map<string, Uint8Array>();
    const at = (...names: string[]): string => join(folder, ...names);
    /** A secret with a name, remembered. */
    const planted = (name: string, bytes = random(32)): Uint8Array => { secrets.set(name, bytes); return bytes; };
    const word = (name: string): string => { const text = randomBytes(24).toString('base64url'); planted(name, utf8(text)); return text; };

    before(async () => {
      house = await TestConsortium.found(smallTemplate);
      folder = house.of(a).config.state;
      await putAside(keysFolder(folder), 1, 'mlkem768', ['0123456789abcdef']);
      await makeSeeds(nextFolder(keysFolder(folder)), house.of(a).config.suites, random);
      for (const [place, path] of [['present', keysFolder(folder)], ['next', nextFolder(keysFolder(folder))]] as const) for (const [name, seed] of Object.entries(await readSeeds(path, house.of(a).config.suites, undefined))) planted(`${place} ${name}`, seed);
      writeFileSync(at('passphrase'), word('passphrase'), { mode: 0o600 });
      writeFileSync(at('pin'), word('PIN'), { mode: 0o600 });
      planted('TLS key', Buffer.from(readFileSync(at('site.key'), 'latin1').split('\n').slice(1, -2).join(''), 'base64').subarray(36, 68));
      writeFileSync(at('consents.json'), JSON.stringify({ 1: { secret: toHex(planted('person')) } }));
      writeFileSync(at('rows.csv'), writeCsv({ columns: ['id', 'x', 'y', 'ill'], records: [{ line: 2, cells: [word('row ID'), '1.5', '2', word('cell')] }] }));
      writeFileSync(at('content-keys.json'), JSON.stringify([{ submission: 'sha256:1', contentKey: Buffer.from(planted('exported content key')).toString('base64url') }]));
      using database = openState(folder, house.digest);
      const { ring, outbox, log } = studyState(database);
      await ring.forRecipient('HospitalB', () => Promise.resolve({ keyIds: ['k1'], key: planted('master key') }));
      await ring.fromSender(1, 'HospitalB', ['k2'], () => Promise.resolve({ keyIds: ['k2'], key: planted('slave key') }));
      outbox.keepContentKey('sha256:2', 1, planted('content key'));
      log.now(1, 'open');
      const settings = { mspId: a, profile: 'none.json', state: '.', study: house.digest, data: { train: 'rows.csv', idColumn: 'id', consents: 'consents.json' }, kme: { url: `https://user:${word('password in an address')}@localhost:1`, saeId: 'sae-a', certificate: 'site.pem', privateKey: 'site.key', ca: '../ca.pem' }, blobServer: { port: 1, publicUrl: 'https://localhost:1', certificate: 'site.pem', privateKey: 'site.key', ca: '../ca.pem' }, seed: word('seed of rows') };
      writeFileSync(at('worker.yaml'), JSON.stringify(settings));
      writeFileSync(at('locked.yaml'), JSON.stringify({ ...settings, keyProtection: { passphraseFile: 'passphrase' } }));
      const event = { time: '2026-11-21T00:00:00.000Z', event: 'submitted', round: 1, submission: statementDigest('study', house.study) };
      const lines = [...secrets.values()].flatMap((secret) => [
        JSON.stringify({ event: 'spoilt', hex: toHex(secret), base64: Buffer.from(secret).toString('base64'), url: Buffer.from(secret).toString('base64url'), nested: [{ text: `key ${toHex(secret)} of` }] }),
        `a line of another program with ${toHex(secret)}`,
      ]);
      writeFileSync(at('worker.log'), [...lines, 'Error: trouble', JSON.stringify({ not: 'an event' }), JSON.stringify(event), ''].join('\n'));
    });
    after(() => house[Symbol.asyncDispose]());

    const run = (...words: string[]): string => { const { stdout, stderr } = spawnSync(execPath, [program, ...words], { encoding: 'utf8' }); return stdout + stderr; };

    it('are not in a support bundle, whose other parts are', () => {
      const said = run('support-bundle', '--config', at('worker.yaml'), '--log', at('worker.log'), '--output', at('support.json'));
      const text = readFileSync(at('support.json'), 'utf8');
      expect(secrets.size).to.be.at.least(15);
      expect(secretsIn(utf8(text + said), secrets)).to.deep.equal([]);
      expect(statSync(at('support.json')).mode & 0o777).to.equal(0o600);
      const bundle = JSON.parse(text) as SupportBundle;
      expect(bundle.configuration).to.deep.include({ mspId: a, study: house.digest, seed: '(withheld)' });
      expect(bundle.log.events.at(-1)).to.deep.equal({ time: '2026-11-21T00:00:00.000Z', event: 'submitted', round: 1, submission: house.digest });
      expect(bundle.log.leftOut).to.equal(secrets.size + 2);
      expect(bundle.status).to.deep.include({ mspId: a, round: 1, state: 'open' });
      expect((bundle.keys as KeyStatus).files).to.have.length(2);
      expect((bundle.doctor as readonly Finding[]).find(({ check }) => check === 'key files')?.level).to.equal('ok');
      expect(bundle.files.find(({ file }) => file === 'keys/kem.seed')).to.deep.include({ mode: '0600' });
      expect(run('support-bundle', '--config', at('worker.yaml'), '--output', at('support.json')), 'nothing is overwritten').to.contain('EEXIST');
    });

    it('are in no fault of a command, whatever is broken', () => {
      const [first = ''] = readFileSync(at('keys', 'signing.seed'), 'utf8').split('\n');
      const said = [run('status', '--config', at('worker.yaml')), run('key', 'status', '--config', at('worker.yaml')), run('key', 'status', '--config', at('locked.yaml')), run('doctor', '--config', at('worker.yaml'))];
      writeFileSync(at('keys', 'signing.seed'), `${first}!\n`, { mode: 0o600 });
      said.push(run('key', 'backup', '--config', at('worker.yaml'), '--shares', '3', '--threshold', '2', '--to', at('shares')));
      writeFileSync(at('consents.json'), readFileSync(at('consents.json'), 'utf8').replace(/"\}/, 'x}'));
      appendFileSync(at('worker.yaml'), `\nkeyProtection: { passphrase: [ ${Buffer.from(secrets.get('passphrase')!).toString()} `);
      said.push(run('status', '--config', at('worker.yaml')), run('doctor', '--config', at('worker.yaml')), run('key', 'restore', at('consents.json'), at('content-keys.json'), '--config', at('locked.yaml')));
      expect(said.every((text) => text.length > 20)).to.equal(true);
      expect(said[4]).to.contain('KEY_FILE_INVALID');
      expect(said[5]).to.contain('not YAML: line');
      expect(said.flatMap((text) => secretsIn(utf8(text), secrets))).to.deep.equal([]);
    });
  });

  it('are known by their form in a text, digests and short words are not', () => {
    const digest = `sha256:${'ab'.repeat(32)}`;
    for (const text of [`round 3 of ${digest}`, 'key_ID 00000000-0000-4000-8000-000000000001', 'https://a.example:8443/api', '/var/lib/epione/state/of/HospitalA/keys/kem.seed']) expect(withoutSecrets(text)).to.equal(text);
    for (let times = 0; times < 50; times += 1) {
      const key = Buffer.from(sha256(utf8(`key ${times}`)));
      for (const form of ['hex', 'base64', 'base64url'] as const) expect(withoutSecrets(`a ${key.toString(form)} b`)).to.match(/^a \(withheld\)=* b$/);
    }
  });
});
