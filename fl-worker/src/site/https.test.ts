// A site's servers and clients refuse a classical key exchange, also after certificates were renewed.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect } from 'chai';
import { serveBlobs } from '../blobs/blob-server.js';
import { BlobStore } from '../blobs/blob-store.js';
import { TestAuthority } from '../testing/certificate.js';
import { startProxy } from '../testing/connect-proxy.js';
import { HttpsClient, type Tls } from './https.js';

const authority = new TestAuthority();
const identity = (cn: string): Pick<Tls, 'cert' | 'key' | 'ca'> => {
  const { certificate, privateKey } = authority.issue(cn);
  return { cert: certificate, key: privateKey, ca: authority.certificate };
};
const tlsOf = (cn: string): Tls => ({ ...identity(cn), minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' });
const groups = [['X25519', false], ['P-256:X25519', false], ['X25519MLKEM768:X25519', true]] as const;

/** Whether a handshake with these groups succeeds. */
const agrees = async (port: number, ecdhCurve: string): Promise<boolean> => new Promise((resolve) => {
  const socket = connect({ host: 'localhost', port, ...identity('site-a'), ecdhCurve });
  socket.once('secureConnect', () => { socket.destroy(); resolve(true); });
  socket.once('error', () => { resolve(false); });
});

describe("a site's HTTPS", () => {
  it('has a blob server that refuses a client without post-quantum groups', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'epione-https-'));
    await using server = await serveBlobs(new BlobStore(join(folder, 'blobs')), tlsOf('site-b'), 'localhost', 0, () => Promise.resolve(undefined));
    for (const [ecdhCurve, expected] of groups) expect(await agrees(server.port, ecdhCurve), ecdhCurve).to.equal(expected);
    server.renew(tlsOf('site-b'));
    for (const [ecdhCurve, expected] of groups) expect(await agrees(server.port, ecdhCurve), `${ecdhCurve}, renewed`).to.equal(expected);
    rmSync(folder, { recursive: true });
  });

  it('has a client that refuses a server without post-quantum groups', async () => {
    for (const [ecdhCurve, expected] of groups) {
      const server = createServer({ ...identity('site-b'), ecdhCurve }, (_request, response) => response.end('blob'));
      await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
      const url = new URL(`https://localhost:${(server.address() as AddressInfo).port}`);
      using client = new HttpsClient(tlsOf('site-a'), 5000);
      const ask = async (): Promise<string> => client.ask(url, 100).then(({ status }) => String(status), String);
      expect(await ask(), ecdhCurve).to.match(expected ? /^200$/ : /handshake failure/);
      client.renew(tlsOf('site-a'));
      expect(await ask(), `${ecdhCurve}, renewed`).to.match(expected ? /^200$/ : /handshake failure/);
      server.closeAllConnections();
      server.close();
    }
  });

  it('has a client that waits no longer for an answer that drips, and takes no more than it asked for', async () => {
    const server = createServer(tlsOf('site-b'), (request, response) => {
      if (request.url === '/much') {
        response.end(new Uint8Array(200_000));
        return;
      }
      const drip = setInterval(() => response.write('x'), 20);
      response.once('close', () => { clearInterval(drip); });
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const ask = async (path: string, timeoutMs: number): Promise<string> => {
      using client = new HttpsClient(tlsOf('site-a'), timeoutMs);
      return await client.ask(new URL(`https://localhost:${(server.address() as AddressInfo).port}${path}`), 100_000).then(({ status }) => String(status), String);
    };
    expect(await ask('/', 500)).to.match(/abort/i);
    expect(await ask('/much', 10_000)).to.match(/longer than 100000 bytes/);
    server.closeAllConnections();
    server.close();
  });

  it('has a client that is tunnelled through a proxy, but not where NO_PROXY says so, and stays post-quantum to the server', async () => {
    await using proxy = await startProxy();
    for (const [ecdhCurve, expected] of groups) {
      const server = createServer({ ...identity('blobs.hospital-b.example'), ecdhCurve }, (_request, response) => response.end('blob'));
      await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
      const { port } = server.address() as AddressInfo;
      using client = new HttpsClient(tlsOf('site-a'), 5000, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: 'elsewhere.example' });
      const ask = async (host: string): Promise<string> => client.ask(new URL(`https://${host}:${port}/sha256-0`), 100).then(({ status }) => String(status), String);
      expect(await ask('blobs.hospital-b.example'), ecdhCurve).to.match(expected ? /^200$/ : /handshake failure/);
      expect(await ask('localhost'), `${ecdhCurve}, straight`).to.match(expected ? /^200$/ : /handshake failure/);
      expect(await ask('elsewhere.example'), 'no tunnel, and no such name').to.match(/ENOTFOUND|EAI_AGAIN/);
      proxy.manners = 'refuse';
      client.renew(tlsOf('site-a'));
      expect(await ask('blobs.hospital-b.example')).to.match(/403 Forbidden/);
      proxy.manners = 'open';
      server.closeAllConnections();
      server.close();
    }
    expect(new Set(proxy.tunnels.map((tunnel) => tunnel.split(':')[0]))).to.deep.equal(new Set(['blobs.hospital-b.example']));
    expect(Buffer.concat(proxy.seen).includes('sha256-0')).to.equal(false);
  });
});
