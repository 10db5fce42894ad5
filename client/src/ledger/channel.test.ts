/** Channels to peers use post-quantum key exchange, and nothing else unless told to. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { expect } from 'chai';
import { startProxy, type Manners } from '../testing/connect-proxy.js';
import { openChannel } from './channel.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function certificate(): Promise<{ cert: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }, { type: 'dns', value: 'peer.hospital-b.example' }])];
  const issued = await X509CertificateGenerator.createSelfSigned({ name: 'CN=localhost', keys, signingAlgorithm: algorithm, extensions: names }, webcrypto);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { cert: `${issued.toString('pem')}\n`, key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` };
}

/** How a channel to a peer that offers these groups begins: ready, or refused in the handshake. */
async function connects(groups: string, allowClassicalTls: boolean, host = 'localhost', proxy?: URL): Promise<'ready' | 'refused' | 'not reached'> {
  const folder = await mkdtemp(join(tmpdir(), 'channel-'));
  const { cert, key } = await certificate();
  const server = createSecureServer({ cert, key, ecdhCurve: groups });
  try {
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const tlsCaFile = join(folder, 'ca.pem');
    await writeFile(tlsCaFile, cert);
    const client = openChannel({ mspId: 'HospitalA', endpoint: `${host}:${(server.address() as AddressInfo).port}`, tlsCaFile }, allowClassicalTls, proxy);
    const outcome = await new Promise<'ready' | 'refused' | 'not reached'>((resolve) => {
      server.on('tlsClientError', () => { resolve('refused'); });
      client.waitForReady(Date.now() + (proxy === undefined ? 10_000 : 1_000), (error) => { resolve(error === undefined ? 'ready' : 'not reached'); });
    });
    client.close();
    return outcome;
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
}

describe('openChannel', () => {
  it('connects to a peer that does X25519MLKEM768', async () => {
    expect(await connects('X25519MLKEM768:X25519', false)).to.equal('ready');
  });

  it('refuses a peer that does X25519 only', async () => {
    expect(await connects('X25519', false)).to.equal('refused');
  });

  it('takes such a peer when told to', async () => {
    expect(await connects('X25519', true)).to.equal('ready');
  });

  it('goes through a proxy by name, with its credentials, and the key exchange stays post-quantum to the peer', async () => {
    await using proxy = await startProxy();
    const behind = async (groups: string, manners: Manners, user = ''): Promise<string> => {
      proxy.manners = manners;
      return connects(groups, false, 'peer.hospital-b.example', new URL(`http://${user}127.0.0.1:${proxy.port}`));
    };
    expect(await behind('X25519MLKEM768:X25519', 'open')).to.equal('ready');
    expect(proxy.tunnels).to.have.length(1).and.satisfy(([tunnel]: string[]) => tunnel?.startsWith('peer.hospital-b.example:'));
    expect(await behind('X25519', 'open'), 'a classical peer').to.equal('refused');
    expect(await behind('X25519MLKEM768', 'ask', 'worker:secret@')).to.equal('ready');
    for (const manners of ['ask', 'refuse', 'hang'] as const) expect(await behind('X25519MLKEM768', manners), manners).to.equal('not reached');
  });
});
