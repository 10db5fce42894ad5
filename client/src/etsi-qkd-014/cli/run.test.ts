// The command line as transcripts: where keys go, exit codes, help.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { keyPool } from '../../testing/key-pool.js';
import { startKeyServer, testAuthority, type KeyServer, type Reply } from '../../testing/key-server.js';
import { run } from './run.js';

describe('etsi-qkd-014', () => {
  const folder = mkdtempSync(join(tmpdir(), 'epione-etsi-'));
  const file = (name: string): string => join(folder, name);
  let server: KeyServer;
  let refusal: Reply | undefined;

  const call = async (...args: string[]): Promise<{ code: number; out: string; note: string }> => {
    const [out, note]: [string[], string[]] = [[], []];
    const code = await run(args, { out: (text) => out.push(text), note: (text) => note.push(text) });
    return { code, out: out.join('\n'), note: note.join('\n') };
  };
  const access = (sae: string): string[] => ['--url', server.url, '--cert', file(`${sae}.pem`), '--key', file(`${sae}.key`), '--ca', file('ca.pem')];

  before(async () => {
    const issue = await testAuthority();
    for (const sae of ['sae-a', 'sae-b', 'sae-c']) {
      const { cert, key, ca } = await issue(sae);
      for (const [name, text] of [[`${sae}.pem`, cert], [`${sae}.key`, key], ['ca.pem', ca]] as const) writeFileSync(file(name), text);
    }
    const answers = keyPool(['sae-a', 'sae-b', 'sae-c']);
    server = await startKeyServer(await issue('kme-1'), (asked) => refusal ?? answers(asked), { ecdhCurve: 'X25519MLKEM768:X25519' });
  });
  afterEach(() => { refusal = undefined; });
  after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('prints the status for people and for programs', async () => {
    const shown = await call('status', ...access('sae-a'), '--slave', 'sae-b');
    expect([shown.code, shown.note]).deep.equal([0, '']);
    expect(shown.out).match(/^source_KME_ID +kme-1$/m).match(/^key_size +256$/m);
    expect(JSON.parse((await call('status', ...access('sae-a'), '--slave', 'sae-b', '--json')).out)).deep.include({ slave_SAE_ID: 'sae-b', stored_key_count: 50 });
  });

  it('writes keys to a new file for its owner only, and prints them only when told to', async () => {
    const taken = await call('get-key', ...access('sae-a'), '--slave', 'sae-b', '--number', '2', '--size', '128', '--to', file('keys.json'), '--json');
    const { keyIds } = JSON.parse(taken.out) as { keyIds: string[] };
    expect(statSync(file('keys.json')).mode & 0o777).equal(0o600);
    const { keys } = JSON.parse(readFileSync(file('keys.json'), 'utf8')) as { keys: { key_ID: string; key: string }[] };
    expect(keys.map(({ key_ID: id, key }) => [id, Buffer.from(key, 'base64').length])).deep.equal(keyIds.map((id) => [id, 16]));
    for (const { key } of keys) expect(taken.out).not.contain(key);

    const same = await call('get-key-with-ids', ...access('sae-b'), '--master', 'sae-a', '--print', ...keyIds);
    expect(JSON.parse(same.out)).deep.equal({ keys });
  });

  it('asks for no key that it cannot keep, and leaves no empty file behind', async () => {
    const before = server.asked.length;
    const taken = await call('get-key', ...access('sae-a'), '--slave', 'sae-b', '--to', file('ca.pem'));
    expect(taken).deep.include({ code: 2, out: '' });
    expect(taken.note).match(/^etsi-qkd-014: BAD_OPTION: cannot make .*ca\.pem/);
    expect((await call('get-key', ...access('sae-a'), '--slave', 'sae-b')).note).contain('--to FILE, or --print');
    expect(server.asked).length(before);
    refusal = { status: 400, body: { message: 'no' } };
    expect(await call('get-key', ...access('sae-a'), '--slave', 'sae-b', '--to', file('none.json'))).deep.include({ code: 1, note: 'etsi-qkd-014: BAD_REQUEST: the key management entity answered enc_keys with 400: no' });
    expect(existsSync(file('none.json'))).equal(false);
  });

  it('ends with a code of its own when it is not authorised', async () => {
    refusal = { status: 401, body: '' };
    const { code, note } = await call('status', ...access('sae-a'), '--slave', 'sae-b', '--json');
    expect(code).equal(4);
    expect(JSON.parse(note)).deep.include({ level: 'error', code: 'NOT_ENTITLED' });
  });

  it('reports on a server, and ends with 1 where it deviates', async () => {
    const both = ['--slave', 'sae-b', '--slave-url', server.url, '--slave-cert', file('sae-b.pem'), '--slave-key', file('sae-b.key'), '--third-cert', file('sae-c.pem'), '--third-key', file('sae-c.key')];
    const good = await call('doctor', ...access('sae-a'), ...both);
    expect(good.out).match(/0 deviate, 0 could not be told; \d+ keys taken$/);
    expect(good.code).equal(0);
    expect(await call('doctor', ...access('sae-a'), '--slave', 'sae-b', '--third-cert', file('sae-c.pem'))).deep.include({ code: 2, note: 'etsi-qkd-014: BAD_OPTION: --third-url, --third-cert and --third-key go together' });
    refusal = { status: 404, body: {} };
    const bad = await call('doctor', ...access('sae-a'), '--slave', 'sae-b', '--depth', 'status', '--json');
    expect(bad.code).equal(1);
    const { findings } = JSON.parse(bad.out) as { findings: { name: string; clause: string; verdict: string; found: string; expectation: string }[] };
    expect(findings.find(({ name }) => name === 'status codes')).deep.equal({ name: 'status codes', clause: 'tables 4, 6, 8', verdict: 'deviates', found: '404 to GET status', expectation: 'no other than 200, 400, 401, 503' });
  });

  it('warns of key exchange that is not post-quantum, and uses it only when allowed', async () => {
    await server[Symbol.asyncDispose]();
    const issue = await testAuthority('CN=classical');
    const { cert, key, ca } = await issue('sae-a');
    for (const [name, text] of [['old.pem', cert], ['old.key', key], ['old-ca.pem', ca]] as const) writeFileSync(file(name), text);
    server = await startKeyServer(await issue('kme-1'), keyPool(['sae-a', 'sae-b']), { ecdhCurve: 'X25519' });
    const old = ['--url', server.url, '--cert', file('old.pem'), '--key', file('old.key'), '--ca', file('old-ca.pem'), '--slave', 'sae-b'];
    expect(await call('status', ...old)).deep.include({ code: 1, out: '' });
    const { code, note } = await call('status', ...old, '--allow-classical-tls');
    expect([code, note]).deep.equal([0, 'warning: TLSv1.3 with X25519 is not post-quantum: who records it now may read the keys later']);
  });

  it('explains itself, example first, and refuses what it does not know', async () => {
    for (const args of [[], ['status'], ['get-key'], ['get-key-with-ids'], ['doctor']]) {
      const { code, out } = await call(...args, '--help');
      expect([code, out.slice(0, 22)]).deep.equal([0, 'Example: etsi-qkd-014 ']);
      expect((await call(...args, '--colour')).code).equal(2);
    }
    expect((await call('status', ...access('sae-a'), '--slave', 'sae-b', '--timeout', 'soon')).code).equal(2);
  });
});
