/** A way in for clients whose TLS has no post-quantum groups: takes their connections and carries the bytes to the key server under the same SAE's certificate. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { connect, createServer } from 'node:tls';
import { join } from 'node:path';
import type { KeySites, SaeId } from './key-sites.js';

/** @returns where an SAE's clients connect to. */
export async function startClassicalFront(sites: KeySites, sae: SaeId): Promise<AsyncDisposable & { readonly port: number }> {
  const { url, certificateFile, privateKeyFile, caFile } = sites.access[sae];
  const read = (file: string): Buffer => readFileSync(file);
  const ca = read(caFile);
  const server = createServer({ cert: read(join(sites.folder, 'kme-a.pem')), key: read(join(sites.folder, 'kme-a.key')), ca, requestCert: true, ecdhCurve: 'X25519' }, (client) => {
    // It holds one SAE's key, and speaks for no other.
    if (client.getPeerCertificate().subject.CN !== sae) {
      client.destroy();
      return;
    }
    const { hostname: host, port } = new URL(url);
    const kme = connect({ host, port: Number(port), cert: read(certificateFile), key: read(privateKeyFile), ca, ecdhCurve: 'X25519MLKEM768' });
    pipeline(client, kme, client, () => undefined);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => { await new Promise((resolve) => server.close(resolve)); },
  };
}
