/** Two sites as real processes: keys over ETSI GS QKD 014, Eve, wrong callers, and kill -9 at any moment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readSiteConfig } from '../config.js';
import type { SiteStatus } from './site-status.js';
import { Sae } from '../testing/sae.js';
import { TestAuthority } from '../testing/test-authority.js';
import { type WrittenSite, writeSiteConfigs } from './topology.js';
import { until } from '../testing/until.js';

const bin = fileURLToPath(new URL('../../bin/qkd-sim.mjs', import.meta.url));

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. */
const cli = async (...args: string[]): Promise<Finished> => {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
};

describe('two sites', function () {
  this.timeout(120_000);

  let folder: string;
  let sites: WrittenSite[];
  let authority: TestAuthority;
  const processes = new Map<WrittenSite, ChildProcess>();
  const saes: Sae[] = [];
  let [a, b] = [undefined, undefined] as unknown as [WrittenSite, WrittenSite];
  let [saeA, saeB] = [undefined, undefined] as unknown as [Sae, Sae];

  const start = (site: WrittenSite): void => {
    processes.set(site, spawn(process.execPath, [bin, 'run', '--config', site.configFile], { stdio: ['ignore', 'ignore', 'ignore'] }));
  };
  const kill = async (site: WrittenSite): Promise<void> => {
    const child = processes.get(site)!;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const path = (site: WrittenSite, sae: string, action: string): string => `${site.url}/api/v1/keys/${sae}/${action}`;
  const stored = async (least: number): Promise<unknown> => until('a full pool', async () => {
    const [one, other] = [await saeA.call(path(a, 'sae-b', 'status')), await saeB.call(path(b, 'sae-a', 'status'))];
    return [one, other].every(({ body }) => (body['stored_key_count'] as number) >= least) ? true : undefined;
  });
  const status = async (site: WrittenSite): Promise<SiteStatus['links'][0]> => {
    const { stdout } = await cli('status', '--config', site.configFile, '--json');
    return (JSON.parse(stdout) as SiteStatus).links[0]!;
  };
  const sae = async (name: string, days?: number): Promise<Sae> => {
    const made = new Sae(await authority.issue(name, days));
    saes.push(made);
    return made;
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'epione-'));
    authority = await TestAuthority.create(join(folder, 'pki'), Date.now());
    sites = await writeSiteConfigs({
      sites: await Promise.all(['a', 'b'].map(async (site) => ({ site, kmeId: `kme-${site}`, saeIds: [`sae-${site}`], tls: await authority.issue(`kme-${site}`) }))),
      profile: 'metro-10dB-short', refillBelowKeys: 60,
    }, folder);
    [a, b] = sites as [WrittenSite, WrittenSite];
    [saeA, saeB] = [await sae('sae-a'), await sae('sae-b')];
    for (const site of sites) start(site);
    await stored(60);
  });

  after(async () => {
    for (const made of saes) made.close();
    for (const site of processes.keys()) if (processes.get(site)!.exitCode === null && processes.get(site)!.signalCode === null) await kill(site);
    rmSync(folder, { recursive: true });
  });

  it('shows its links to Prometheus without a token, and nothing else', async () => {
    const { port } = JSON.parse(readFileSync(join(readSiteConfig(a.configFile).state, 'admin.json'), 'utf8')) as { port: number };
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const { storedKeys, profile, peerKmeId, name } = await status(a);
    const value = (metric: string, more = ''): number => Number(new RegExp(`^epione_qkd_${metric}\\{link="${name}",peer="${peerKmeId}"${more}\\} (.*)$`, 'm').exec(page)?.[1]);
    expect(profile).equal('metro-10dB-short');
    expect(value('stored_keys', ',direction="out"')).equal(storedKeys);
    expect(value('qber')).greaterThan(0).and.lessThan(value('max_qber'));
    expect([value('link_up'), value('max_qber'), value('blocks_total') > 0]).deep.equal([1, 0.11, true]);
    // Whoever renames a metric renames it in the alerts and on the dashboard too.
    const watched = ['alert-rules.yml', 'dashboard.json'].flatMap((file) => readFileSync(new URL(`../../../network/monitoring/${file}`, import.meta.url), 'utf8').match(/epione_qkd_\w+/g) ?? []);
    expect(watched).length.greaterThan(5);
    for (const watchedName of watched) expect(page).contain(`# TYPE ${watchedName} `);
    for (const action of ['status', 'metrics', 'eve']) expect((await fetch(`http://127.0.0.1:${port}/${action}`, { method: 'POST' })).status).equal(401);
    expect((await fetch(`http://127.0.0.1:${port}/status`)).status).equal(401);
  });

  it('tells its status in the words of the standard', async () => {
    const { status: code, body } = await saeA.call(path(a, 'sae-b', 'status'));
    expect(code).equal(200);
    expect(body).deep.include({
      source_KME_ID: 'kme-a', target_KME_ID: 'kme-b', master_SAE_ID: 'sae-a', slave_SAE_ID: 'sae-b', key_size: 256,
      max_key_per_request: 128, max_key_size: 8192, min_key_size: 64, max_SAE_ID_count: 16,
    });
    expect(body['stored_key_count']).most(body['max_key_count'] as number);
    const extension = body['status_extension'] as Record<string, unknown>;
    expect(extension).deep.include({ epione_link: 'a-b', epione_aborts: 0 });
    expect(extension['epione_qber']).within(0.02, 0.03);
    expect(extension['epione_secret_key_rate_bps']).above(100_000);
  });

  it('gives both ends the same keys, in both directions and both forms', async () => {
    for (const [master, site, slave, other, names] of [[saeA, a, saeB, b, ['sae-a', 'sae-b']], [saeB, b, saeA, a, ['sae-b', 'sae-a']]] as const) {
      const [from, to] = names;
      for (const made of [await master.call(path(site, to, 'enc_keys')), await master.call(`${path(site, to, 'enc_keys')}?number=3&size=1024`), await master.call(path(site, to, 'enc_keys'), { number: 2, size: 64, unknown_member: 1 })]) {
        expect(made.status).equal(200);
        const keys = made.body.keys!;
        const ids = keys.map(({ key_ID }) => ({ key_ID }));
        const got = ids.length === 1
          ? await slave.call(`${path(other, from, 'dec_keys')}?key_ID=${ids[0]!.key_ID.toUpperCase()}`)
          : await slave.call(path(other, from, 'dec_keys'), { key_IDs: ids });
        expect(got.status).equal(200);
        expect(got.body.keys).deep.equal(keys);
      }
    }
  });

  it('serves many callers at once', async () => {
    const made = await Promise.all(Array.from({ length: 40 }, async (_, index) => (index % 2 === 0
      ? saeA.call(path(a, 'sae-b', 'enc_keys')) : saeB.call(path(b, 'sae-a', 'enc_keys')))));
    expect(made.map(({ status: code }) => code)).deep.equal(new Array(40).fill(200));
    const got = await Promise.all(made.map(async ({ body }, index) => (index % 2 === 0
      ? saeB.call(`${path(b, 'sae-a', 'dec_keys')}?key_ID=${body.keys![0]!.key_ID}`) : saeA.call(`${path(a, 'sae-b', 'dec_keys')}?key_ID=${body.keys![0]!.key_ID}`))));
    expect(got.map(({ body }) => body.keys)).deep.equal(made.map(({ body }) => body.keys));
    expect(new Set(made.map(({ body }) => body.keys![0]!.key)).size).equal(40);
  });

  it('makes key for a request that is larger than the pools', async () => {
    const ask = { number: 48, size: 2048 };
    for (const [master, site, slave, other, from, to] of [[saeB, b, saeA, a, 'sae-b', 'sae-a'], [saeA, a, saeB, b, 'sae-a', 'sae-b']] as const) {
      const first = await master.call(path(site, to, 'enc_keys'), ask);
      if (first.status === 503) expect(first.body.message).match(/has fewer than 48 keys of 2048 bits now$/);
      const { keys } = first.status === 200 ? first.body : await until('a large pool', async () => {
        const reply = await master.call(path(site, to, 'enc_keys'), ask);
        return reply.status === 200 ? reply.body : undefined;
      });
      const got = await slave.call(path(other, from, 'dec_keys'), { key_IDs: keys!.map(({ key_ID }) => ({ key_ID })) });
      expect(got.body.keys).deep.equal(keys);
    }
  });

  it('does not talk to strangers, to expired certificates, or without post-quantum key exchange', async () => {
    const other = await TestAuthority.create(join(folder, 'other'), Date.now());
    const foreign = await other.issue('sae-a');
    const failure = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (thrown: unknown) => thrown);
    const stranger = new Sae({ ...foreign, caFile: join(folder, 'pki', 'ca.pem') });
    saes.push(stranger);
    expect(await failure(stranger.call(path(a, 'sae-b', 'status')))).instanceOf(Error);
    expect(await failure((await sae('sae-old', -0.5)).call(path(a, 'sae-b', 'status')))).instanceOf(Error);
    const { port } = readSiteConfig(a.configFile).listen;
    const socket = connect({ port, host: 'localhost', ca: readFileSync(foreign.caFile), ecdhCurve: 'X25519', rejectUnauthorized: false });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).match(/handshake failure/);
  });

  it('reports a port in use, a running state and a wrong site clearly', async () => {
    const again = await cli('run', '--config', a.configFile);
    expect(again).deep.include({ code: 1 });
    expect(again.stderr).match(/PORT_IN_USE: .*port \d+ of localhost is in use/);
    const wrong = await cli('eve', '--config', b.configFile, '--link', 'a-b', 'off');
    expect(wrong).deep.include({ code: 1, stderr: 'WRONG_SITE: the optics of a-b are emulated at the site of kme-a: ask there\n' });
    const unknown = await cli('eve', '--config', a.configFile, '--link', 'a-x', 'off');
    expect(unknown).deep.include({ code: 1, stderr: 'UNKNOWN_LINK: a has no link a-x; it has a-b\n' });
  });

  it('stops delivering when Eve listens, says why, and goes on when she has left', async () => {
    expect(await cli('eve', '--config', a.configFile, '--link', 'a-b', 'intercept-resend', '--fraction', '0.5', '--json'))
      .deep.include({ code: 0, stdout: '{"link":"a-b","eve":{"attack":"intercept-resend","fraction":0.5}}\n' });
    const { body } = await until('an abort', async () => {
      const [one, other] = [await saeA.call(path(a, 'sae-b', 'enc_keys')), await saeB.call(path(b, 'sae-a', 'enc_keys'))];
      return one.status === 503 && other.status === 503 ? one : undefined;
    });
    expect(body.message).match(/^the link to kme-b is aborted: QBER 0\.1\d+ is above 0\.11$/);
    const shown = await saeA.call(path(a, 'sae-b', 'status'));
    expect(shown.body).deep.include({ stored_key_count: 0 });
    expect(shown.body['status_extension']).deep.include({ epione_state: 'aborted' });
    expect((shown.body['status_extension'] as Record<string, unknown>)['epione_qber']).within(0.12, 0.18);
    const link = await status(b);
    expect(link.state).equal('aborted');
    expect(link.aborts).least(1);
    expect(link.reason).match(/^QBER/);

    await cli('eve', '--config', a.configFile, '--link', 'a-b', 'off');
    await until('keys again', async () => ((await saeA.call(path(a, 'sae-b', 'enc_keys'))).status === 200 ? true : undefined));
    expect(await status(a)).not.have.property('reason');
  });

  it('loses no sync and doubles no key when either site is killed at any moment', async () => {
    const given = new Map<string, string>();
    const delivered = new Set<string>();
    let running = true;
    const work = async (master: Sae, site: WrittenSite, from: string, slave: Sae, other: WrittenSite, to: string): Promise<void> => {
      while (running) {
        const made = await master.call(`${path(site, to, 'enc_keys')}?number=2`).catch(() => undefined);
        for (const { key_ID: id, key } of made?.body.keys ?? []) {
          expect(given.has(id), 'key_ID twice').equal(false);
          given.set(id, key);
          const got = await slave.call(`${path(other, from, 'dec_keys')}?key_ID=${id}`).catch(() => undefined);
          if (got?.status !== 200) continue;
          expect(got.body.keys![0]!.key).equal(key);
          delivered.add(id);
        }
        await pause(5);
      }
    };
    const workers = [work(saeA, a, 'sae-a', saeB, b, 'sae-b'), work(saeB, b, 'sae-b', saeA, a, 'sae-a')];
    try {
      for (const [site, ms] of [[b, 150], [a, 230], [b, 310]] as const) {
        await pause(ms);
        await kill(site);
        start(site);
        const before = delivered.size;
        await until('delivery again', async () => Promise.resolve(delivered.size > before + 10 ? true : undefined));
      }
    } finally {
      running = false;
    }
    await Promise.all(workers);
    expect(new Set(given.values()).size, 'key bytes twice').equal(given.size);
    for (const id of [...delivered].slice(-5)) {
      expect((await saeB.call(`${path(b, 'sae-a', 'dec_keys')}?key_ID=${id}`)).status).within(400, 401);
      expect((await saeA.call(`${path(a, 'sae-b', 'dec_keys')}?key_ID=${id}`)).status).within(400, 401);
    }
    await stored(60);
    const counters = [await status(a), await status(b)];
    expect(counters[0]!.blocks).equal(counters[1]!.blocks);
    expect(counters[0]!.storedKeys).least(60);
    for (const site of sites) {
      const database = new DatabaseSync(join(readSiteConfig(site.configFile).state, 'site.db'), { readOnly: true });
      expect(database.prepare('SELECT count(*) AS n FROM key GROUP BY link, block, start HAVING n > 1').all()).deep.equal([]);
      database.close();
    }
  });

  it('stops in good order', async () => {
    for (const site of sites) {
      const child = processes.get(site)!;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await gone).deep.equal([0, null]);
    }
    const { code, stderr } = await cli('status', '--config', a.configFile);
    expect([code, stderr]).deep.equal([1, 'NOT_RUNNING: the site a is not running\nStart it with qkd-sim run.\n']);
  });

  it('explains itself on the command line', async () => {
    for (const name of ['init', 'run', 'status', 'openapi', 'eve']) {
      const { code, stdout } = await cli(name, '--help');
      expect(code).equal(0);
      expect(stdout).match(new RegExp(`^Example: qkd-sim ${name} `));
    }
    expect(await cli('run')).deep.include({ code: 2 });
    expect(await cli('status', '--config', 'x', '--colour')).deep.include({ code: 2 });
    expect(await cli('eve', '--config', 'x', '--link', 'l', 'intercept-resend', '--fraction', '1.5')).deep.include({ code: 2 });
    const missing = await cli('run', '--config', join(folder, 'none.yaml'));
    expect(missing.code).equal(2);
    expect(missing.stderr).match(/^CONFIG: .*none\.yaml cannot be read/);
  });

  it('will not start without its initial key', async () => {
    const config = readFileSync(a.configFile, 'utf8');
    writeFileSync(a.configFile, config.replace('state: state', 'state: other'));
    const { code, stderr } = await cli('run', '--config', a.configFile);
    expect(code).equal(2);
    expect(stderr).match(/CONFIG: the initial key .* cannot be read/);
  });

  it('says which port of a link is in use', async () => {
    const { quantum } = readSiteConfig(b.configFile).links[0]!;
    const blocker = createServer().listen(quantum.port, quantum.host);
    await once(blocker, 'listening');
    const { code, stderr } = await cli('run', '--config', b.configFile);
    blocker.close();
    expect(code).equal(1);
    expect(stderr).match(/PORT_IN_USE: the quantum channel of a-b cannot listen/);
  });
});
