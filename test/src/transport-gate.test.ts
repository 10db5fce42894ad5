// The chaincode's server, which Fabric's library opens, refuses classical key exchange; and every other door is in the inventory, with its test.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { createAuthority, issueCertificate, validFor, type IssuedCertificate } from '@epione/network';
import { expect } from 'chai';
import { repository } from './study/command.js';

const freePort = async (): Promise<number> => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => { resolve(port); });
  });
});

const isOpen = async (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
  socket.once('error', () => { resolve(false); });
});

/** How a handshake with these groups ends. */
const handshake = async (port: number, { certificate: cert, privateKey: key }: IssuedCertificate, ca: string, ecdhCurve: string): Promise<string> => new Promise((resolve) => {
  const socket = connectTls({ host: '127.0.0.1', servername: 'localhost', port, cert, key, ca, ecdhCurve, ALPNProtocols: ['h2'] });
  socket.once('secureConnect', () => { socket.destroy(); resolve('connected'); });
  socket.once('error', (error: Error) => { resolve(error.message); });
});

describe('transport gate', function () {
  this.timeout(600_000);

  it('has a chaincode server that refuses a client without post-quantum groups', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'epione-gate-'));
    const validity = validFor(1, new Date());
    const authority = await createAuthority('tlsca', 'A', validity);
    const own = await issueCertificate(authority, { commonName: 'chaincode', organization: 'A', use: { kind: 'tls', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] }, validity });
    const put = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const chaincode = join(repository, 'chaincode');
    const port = await freePort();
    const server = createRequire(join(chaincode, 'package.json')).resolve('fabric-shim/cli.js');
    const child = spawn(process.execPath, [
      server, 'server', '--chaincode-address', `127.0.0.1:${port}`, '--chaincode-id', 'epione:0', '--module-path', chaincode, '--chaincode-tls-key-file', put('key.pem', own.privateKey),
      '--chaincode-tls-cert-file', put('cert.pem', own.certificate), '--chaincode-tls-client-cacert-file', put('ca.pem', authority.certificate),
    ], { cwd: chaincode, stdio: 'ignore', env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR' } });
    try {
      while (child.exitCode === null && !(await isOpen(port))) await sleep(50);
      expect(child.exitCode).to.equal(null);
      expect(await handshake(port, own, authority.certificate, 'X25519:P-256')).to.match(/handshake failure/);
      expect(await handshake(port, own, authority.certificate, 'X25519MLKEM768')).to.equal('connected');
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
});
