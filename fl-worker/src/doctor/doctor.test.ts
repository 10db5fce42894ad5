// Every fault that the doctor names is really produced: with sockets, proxies, certificates, clocks, files.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { expect } from 'chai';
import { parseConfig, type WorkerConfig } from '../config.js';
import { TestAuthority, type Issued } from '../testing/certificate.js';
import { startProxy } from '../testing/connect-proxy.js';
import { startKeyEntity } from '../testing/key-entity.js';
import { certificates } from './certificates.js';
import { disk, roomRemarks, secrets } from './disk.js';
import { findingsTable } from './doctor.js';
import { run, type Check, type Examined, type Finding } from './finding.js';
import { keyStock } from './keys.js';
import { nodeRemark } from './machine.js';
import { NotReached, reach, type ReachCode } from './reach.js';
import { clock, keyServer, members, peers, proxy as proxyCheck } from './ways.js';

const authority = new TestAuthority();
const stranger = new TestAuthority('another authority');
const site = authority.issue('sae-hospitala');
const dayMs = 24 * 3600 * 1000;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listening = async <T extends Server>(server: T): Promise<T> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

/** What stands in the way to a server; `reached` where nothing does. */
async function inTheWay(to: string, proxyEnv = {}, own: Issued = site): Promise<ReachCode | 'reached'> {
  try {
    await reach(new URL(`https://${to}`), { ca: authority.certificate, cert: own.certificate, key: own.privateKey, http: true }, proxyEnv, 1500);
    return 'reached';
  } catch (error) {
    expect(error).to.be.instanceOf(NotReached);
    expect((error as NotReached).remedy).to.match(/\w/);
    return (error as NotReached).code;
  }
}

describe('doctor', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'epione-doctor-'));
  const at = (name: string): string => join(folder, name);
  const put = (name: string, text: string, mode = 0o600): string => { writeFileSync(at(name), text, { mode }); chmodSync(at(name), mode); return at(name); };
  const servers: Server[] = [];
  /** A blob server, or what stands in its place. */
  async function serve(issued: Issued, options: TlsOptions = {}, date?: Date): Promise<number> {
    const tls = { cert: issued.certificate, key: issued.privateKey, ca: authority.certificate, requestCert: true, ...options };
    const server = await listening(createHttps(tls, (_, response) => { if (date !== undefined) response.setHeader('date', date.toUTCString()); response.end(); }));
    servers.push(server);
    return portOf(server);
  }
  async function plain(answer: (socket: Socket) => void): Promise<number> {
    const server = await listening(createServer((socket) => { socket.on('error', () => undefined); answer(socket); }));
    servers.push(server);
    return portOf(server);
  }
  after(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
  });

  it('tells the ways in which a server cannot be reached apart', async () => {
    expect(await inTheWay(`localhost:${await serve(authority.issue('b'))}`)).to.equal('reached');
    expect(await inTheWay('no-such-host.invalid:1')).to.be.oneOf(['DNS_UNKNOWN', 'DNS_SILENT']);
    const closed = await listening(createServer());
    const refusing = portOf(closed);
    closed.close();
    await once(closed, 'close');
    expect(await inTheWay(`localhost:${refusing}`)).to.equal('CONNECTION_REFUSED');
    expect(await inTheWay(`localhost:${await plain((socket) => { socket.resetAndDestroy(); })}`)).to.equal('CONNECTION_RESET');
    expect(await inTheWay(`localhost:${await plain(() => undefined)}`), 'takes TLS and says nothing').to.equal('TLS_ENDED');
    expect(await inTheWay(`localhost:${await plain((socket) => { socket.end('220 mail.example ESMTP\r\n'); })}`)).to.equal('TLS_NONE');
  });

  it('tells a firewall that drops packets from one that refuses', async () => {
    // A process that stands still and whose queue is full: the kernel drops what comes, as such a firewall does.
    const child = spawn(process.execPath, ['-e', "const s = require('net').createServer().listen(0, '127.0.0.1', 1, () => process.stdout.write(String(s.address().port)))"], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGSTOP');
    const waiting = Array.from({ length: 8 }, () => connect(Number(port.toString()), '127.0.0.1').on('error', () => undefined));
    await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, 'connect')));
    expect(await inTheWay(`127.0.0.1:${port.toString()}`)).to.equal('CONNECTION_TIMEOUT');
    for (const socket of waiting) socket.destroy();
    child.kill('SIGKILL');
  });

  it('names the proxy: not there, silent, asking who we are, refusing', async () => {
    await using proxy = await startProxy();
    const port = await serve(authority.issue('blobs.hospital-b.example'));
    const env = (user = '', host = '127.0.0.1', at = proxy.port): object => ({ HTTPS_PROXY: `http://${user}${host}:${at}`, NO_PROXY: 'localhost' });
    const behind = async (given: object): Promise<string> => inTheWay(`blobs.hospital-b.example:${port}`, given);
    expect(await behind(env())).to.equal('reached');
    expect(proxy.tunnels).to.deep.equal([`blobs.hospital-b.example:${port}`]);
    expect(await behind(env('', 'no-such-proxy.invalid'))).to.equal('PROXY_DNS');
    expect(await behind(env('', '127.0.0.1', 1))).to.equal('PROXY_UNREACHABLE');
    proxy.manners = 'hang';
    expect(await behind(env())).to.equal('PROXY_TIMEOUT');
    proxy.manners = 'refuse';
    expect(await behind(env())).to.equal('PROXY_REFUSED');
    proxy.manners = 'ask';
    expect(await behind(env())).to.equal('PROXY_AUTHENTICATION');
    expect(await behind(env('worker:secret@'))).to.equal('reached');
    const [line] = await run(proxyCheck, examined({ proxyEnv: env('worker:secret@') }));
    expect(line?.sentence).to.equal(`127.0.0.1:${proxy.port}, as worker`);
  });

  it('names what is wrong with the other end’s TLS, and with our certificate there', async () => {
    expect(await inTheWay(`localhost:${await serve(authority.issue('b', -1000))}`)).to.equal('TLS_EXPIRED');
    expect(await inTheWay(`localhost:${await serve(stranger.issue('b'))}`)).to.equal('TLS_AUTHORITY');
    expect(await inTheWay(`localhost:${await serve(authority.issue('b'), { ecdhCurve: 'X25519' })}`)).to.equal('TLS_CLASSICAL');
    expect(await inTheWay(`localhost:${await serve(authority.issue('b'), { maxVersion: 'TLSv1.2' })}`)).to.equal('TLS_CLASSICAL');
    await using proxy = await startProxy();
    expect(await inTheWay(`other.example:${await serve(authority.issue('b'))}`, { HTTPS_PROXY: `127.0.0.1:${proxy.port}` })).to.equal('TLS_NAME');
    expect(await inTheWay(`localhost:${await serve(authority.issue('b'), { ca: stranger.certificate, rejectUnauthorized: true })}`)).to.equal('TLS_OWN_CERTIFICATE');
    expect(await inTheWay(`localhost:${await serve(authority.issue('b'), { rejectUnauthorized: true })}`, {}, authority.issue('old', -1000))).to.equal('TLS_OWN_CERTIFICATE');
  });

  /** What checks look at: a sound site, but for what is given. */
  function examined({ config = {}, ...others }: { config?: Partial<WorkerConfig> } & Partial<Omit<Examined, 'config'>> = {}): Examined {
    put('ca.pem', authority.certificate);
    put('site.pem', site.certificate);
    put('site.key', site.privateKey);
    const tls = { certificate: 'site.pem', privateKey: 'site.key', ca: 'ca.pem' };
    const base = parseConfig(JSON.stringify({ mspId: 'HospitalA', profile: 'profile.json', state: 'state', seed: 's', blobServer: { port: 1, publicUrl: 'https://localhost:1', ...tls } }), folder);
    return { config: { ...base, ...config }, profile: undefined, study: undefined, partners: [], proxyEnv: {}, now: Date.now, elapsed: () => performance.now(), ...others };
  }
  const codes = async (check: Check, given: Parameters<typeof examined>[0] = {}): Promise<string[]> => (await run(check, examined(given))).map(({ level, code }) => `${level}${code === undefined ? '' : ` ${code}`}`);

  it('names certificates of the site that have ended, end soon, fit neither key nor authority nor name', async () => {
    const { config } = examined();
    const named = (issued: Issued, privateKey = issued.privateKey, publicUrl = 'https://localhost:1'): Parameters<typeof examined>[0] =>
      ({ config: { blobServer: { ...config.blobServer, certificate: put('own.pem', issued.certificate), privateKey: put('own.key', privateKey), publicUrl } } });
    expect(await codes(certificates, named(authority.issue('a', 40 * dayMs)))).to.deep.equal(['ok']);
    expect(await codes(certificates, named(authority.issue('a', 5 * dayMs)))).to.deep.equal(['warning CERTIFICATE_SOON']);
    expect(await codes(certificates, named(authority.issue('a', -1000)))).to.deep.equal(['fault CERTIFICATE_EXPIRED']);
    expect(await codes(certificates, { ...named(authority.issue('a', 90 * dayMs)), now: () => Date.now() - 10 * dayMs })).to.deep.equal(['fault CERTIFICATE_NOT_YET']);
    expect(await codes(certificates, named(authority.issue('a', 40 * dayMs), site.privateKey))).to.deep.equal(['fault CERTIFICATE_KEY']);
    expect(await codes(certificates, named(stranger.issue('a', 40 * dayMs)))).to.deep.equal(['fault CERTIFICATE_AUTHORITY']);
    expect(await codes(certificates, named(authority.issue('a', 40 * dayMs), undefined, 'https://epione.hospital-a.example'))).to.deep.equal(['fault CERTIFICATE_NAME']);
    rmSync(at('own.pem'));
    expect(await codes(certificates, { config: { blobServer: { ...config.blobServer, certificate: at('own.pem') } } })).to.deep.equal(['fault ENOENT']);
  });

  it('names a clock that goes wrong, but blames ours only when no other agrees with it', async () => {
    const wrong = new Date(Date.now() + 3_600_000);
    const [late, right] = [await serve(authority.issue('b'), {}, wrong), await serve(authority.issue('c'))];
    const partner = (port: number): Examined['partners'][number] => ({ mspId: `Hospital${port}`, blobUrl: `https://localhost:${port}`, saeId: undefined });
    expect(await codes(clock, { partners: [partner(right)] })).to.deep.equal(['ok']);
    expect(await codes(clock, { partners: [partner(late)] })).to.deep.equal(['fault CLOCK_SKEW']);
    expect(await codes(clock, { partners: [partner(late), partner(right)] })).to.deep.equal(['warning CLOCK_SKEW']);
    const [line] = await run(clock, examined({ partners: [partner(late)] }));
    expect(line?.sentence).to.match(/^this clock is 3(599|600|601) s behind the blob server of Hospital/);
    expect(await codes(clock)).to.deep.equal(['ok']);
  });

  it('names a disk that is full or cannot be written to, and secrets that others can read', async () => {
    expect(roomRemarks('/state', 5e8)[0]?.code).to.equal('DISK_FULL');
    expect(roomRemarks('/state', 2e9)[0]?.code).to.equal('DISK_FILLING');
    expect(roomRemarks('/state', 5e10)).to.deep.equal([]);
    expect((await codes(disk))[0]).to.be.oneOf(['ok', 'warning DISK_FILLING']);
    expect(await codes(disk, { config: { state: join(put('file', ''), 'state') } })).to.deep.equal(['fault DISK_UNWRITABLE']);
    expect(await codes(secrets)).to.deep.equal(['ok']);
    expect(await codes(secrets, { config: { keyProtection: { passphraseFile: put('group', 'x', 0o640) } } })).to.deep.equal(['warning SECRET_READABLE']);
    expect(await codes(secrets, { config: { keyProtection: { passphraseFile: put('all', 'x', 0o644) } } })).to.deep.equal(['fault SECRET_READABLE']);
  });

  it('names the key server that does not answer, and one without keys', async () => {
    const own = authority.issue('kme');
    await using entity = await startKeyEntity({ cert: own.certificate, key: own.privateKey, ca: authority.certificate, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' });
    const { blobServer } = examined().config;
    const kme = { url: entity.url, saeId: 'sae-hospitala', certificate: blobServer.certificate, privateKey: blobServer.privateKey, ca: blobServer.ca };
    const given = { config: { kme }, partners: [{ mspId: 'HospitalB', blobUrl: 'https://localhost:1', saeId: 'sae-hospitalb' }] };
    expect(await codes(keyServer, given)).to.deep.equal(['ok']);
    expect(await codes(keyStock, given)).to.deep.equal(['ok']);
    entity.stock = 0;
    expect(await codes(keyStock, given)).to.deep.equal(['warning KEYS_EMPTY']);
    expect(await codes(keyServer, { config: { kme: { ...kme, url: 'https://localhost:1' } } })).to.deep.equal(['fault CONNECTION_REFUSED']);
    expect(await codes(members, given), 'another member may be down').to.deep.equal(['warning CONNECTION_REFUSED']);
    const profile = { channel: 'epione', chaincode: 'epione', genesis: 'sha256:', mspId: 'HospitalA', peers: ['A', 'B'].map((mspId) => ({ mspId, endpoint: 'localhost:1', tlsCaFile: blobServer.ca })), identities: {} };
    expect(await codes(peers, { profile }), 'the own peer first').to.deep.equal(['fault CONNECTION_REFUSED', 'warning CONNECTION_REFUSED']);
  });

  it('names a Node without a sound post-quantum key exchange', () => {
    expect(nodeRemark(process.versions)).to.have.property('level', 'ok');
    expect(nodeRemark({ node: '25.0.0', openssl: '3.5.6' })).to.deep.include({ level: 'ok', sentence: 'Node 25.0.0 with OpenSSL 3.5.6' });
    for (const [node, openssl] of [['22.23.3', '3.5.6'], ['24.15.0', '3.5.5'], ['24.21.0', '3.0.15']] as const) expect(nodeRemark({ node, openssl }), node).to.include({ level: 'fault', code: 'NODE_OLD' });
  });

  it('shows findings as a table', () => {
    const findings: Finding[] = [{ check: 'node', level: 'ok', sentence: 'Node 24' }, { check: 'disk', level: 'fault', code: 'DISK_FULL', sentence: '3 MB are free', remedy: 'Make room.' }];
    expect(findingsTable(findings)).to.equal('ok       node  Node 24\nFAULT    disk  DISK_FULL: 3 MB are free\n               -> Make room.');
  });
});
