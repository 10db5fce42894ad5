// A key server's way to another one: no post-quantum key exchange, no connection.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestAuthority } from '../testing/test-authority.js';
import { PeerClient } from './peer-client.js';

describe('PeerClient', () => {
  it('refuses a key server without post-quantum groups', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'epione-peer-'));
    const authority = await TestAuthority.create(folder, Date.now());
    const identity = async (name: string): Promise<Record<'cert' | 'key' | 'ca', Buffer>> => {
      const { certificateFile, privateKeyFile, caFile } = await authority.issue(name);
      return { cert: readFileSync(certificateFile), key: readFileSync(privateKeyFile), ca: readFileSync(caFile) };
    };
    for (const [ecdhCurve, expected] of [['X25519', /handshake failure/], ['X25519MLKEM768:X25519', /^agreed$/]] as const) {
      let requests = 0;
      const server = createServer({ ...(await identity('kme-b')), ecdhCurve }, (_request, response) => {
        requests += 1;
        response.end('{}');
      });
      await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
      const link = { name: 'a-b', peerKmeId: 'kme-b', peerUrl: `https://localhost:${(server.address() as AddressInfo).port}/` } as ConstructorParameters<typeof PeerClient>[0];
      const client = new PeerClient(link, { ...(await identity('kme-a')), minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' });
      const outcome = await client.agree(undefined, 1).then(() => 'agreed', String);
      expect(outcome, ecdhCurve).match(expected);
      expect(requests, ecdhCurve).equal(outcome === 'agreed' ? 1 : 0);
      client.close();
      server.close();
    }
    rmSync(folder, { recursive: true });
  });
});
