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
import { openChannel } from './channel.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function certificate(): Promise<{ cert: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])];
  const issued = await X509CertificateGenerator.createSelfSigned({ name: 'CN=localhost', keys, signingAlgorithm: algorithm, extensions: names }, webcrypto);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { cert: `${issued.toString('pem')}\n`, key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` };
}

/** How a channel to a peer that offers these groups begins: ready, or refused in the handshake. */
async function connects(groups: string, allowClassicalTls: boolean): Promise<'ready' | 'refused'> {
  const folder = await mkdtemp(join(tmpdir(), 'channel-'));
  const { cert, key } = await certificate();
  const server = createSecureServer({ cert, key, ecdhCurve: groups });
  try {
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const tlsCaFile = join(folder, 'ca.pem');
    await writeFile(tlsCaFile, cert);
    const client = openChannel({ mspId: 'HospitalA', endpoint: `localhost:${(server.address() as AddressInfo).port}`, tlsCaFile }, allowClassicalTls);
    const outcome = await new Promise<'ready' | 'refused'>((resolve, reject) => {
      server.on('tlsClientError', () => { resolve('refused'); });
      client.waitForReady(Date.now() + 10_000, (error) => { if (error === undefined) resolve('ready'); else reject(error); });
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
});
