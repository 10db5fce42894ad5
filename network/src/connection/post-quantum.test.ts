// Clients of a Fabric network against servers that agree on classical keys only, and on post-quantum ones.
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { ordererChannel } from '../channel/orderer-channel.js';
import { createAuthority, issueCertificate, validFor, type IssuedCertificate } from '../identities/certificate-authority.js';
import { credential, establishState, type Network, type Organization } from '../state.js';
import { parseTopology } from '../topology.js';
import type { NetworkError } from '../error.js';
import { linkPeer } from './gateway.js';
import { callPeer } from './system-chaincode.js';

const groups = [['X25519', false], ['P-256:X25519', false], ['X25519MLKEM768:X25519', true]] as const;

describe('connections to a Fabric network', () => {
  const folder = mkdtempSync(join(tmpdir(), 'epione-post-quantum-'));
  let network: Network;
  let own: Organization;
  let authority: IssuedCertificate;
  let leaf: IssuedCertificate;

  before(async () => {
    const validity = validFor(1, new Date());
    authority = await createAuthority('tlsca.A', 'A', validity);
    leaf = await issueCertificate(authority, { commonName: 'A', organization: 'A', use: { kind: 'tls', dnsNames: ['localhost'], ipAddresses: [] }, validity });
    network = await establishState(join(folder, 'state'), parseTopology({ consensus: 'raft', organizations: [{ mspId: 'A' }, { mspId: 'B' }] }));
    own = network.organizations[0]!;
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs a server for as long as a client needs it. @returns what the client did, and whether a handshake failed */
  async function against<T>(server: Server, port: number, client: (port: number) => Promise<T>): Promise<{ readonly done: T; readonly refused: boolean }> {
    let refused = false;
    server.on('tlsClientError', () => (refused = true));
    await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
    try {
      return { done: await client((server.address() as AddressInfo).port), refused };
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }

  it('refuses a peer that agrees on classical keys only', async () => {
    for (const [ecdhCurve, agrees] of groups) {
      const server = createSecureServer({ cert: leaf.certificate, key: leaf.privateKey, ecdhCurve });
      const { done, refused } = await against(server, 0, async (port) => {
        const link = linkPeer({ mspId: 'A', endpoint: `localhost:${port}`, tlsRoots: Buffer.from(authority.certificate) }, leaf);
        const { client, close } = link;
        if (!agrees) expect(await callPeer(link, 'cscc', 'GetChannels', []).then(() => 'answered', (error: unknown) => (error as NetworkError).remedy)).to.match(/upgrade it to Fabric 2\.5\.13, 3\.1\.0 or later/);
        const ready = await new Promise<boolean>((resolve) => {
          server.once('tlsClientError', () => { resolve(false); });
          client.waitForReady(Date.now() + 10_000, (error) => { resolve(!error); });
        });
        close();
        return ready;
      });
      expect({ done, refused }, ecdhCurve).to.deep.equal({ done: agrees, refused: !agrees });
    }
  });

  it("refuses an orderer's administration that agrees on classical keys only", async () => {
    const put = (file: string, text: string): void => {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { mode: 0o600 });
    };
    put(credential(own, 'authorities', 'tls').certificateFile, authority.certificate);
    put(credential(own, 'tls', 'admin').certificateFile, leaf.certificate);
    put(credential(own, 'tls', 'admin').privateKeyFile, leaf.privateKey);
    for (const [ecdhCurve, agrees] of groups) {
      const server = createServer({ cert: leaf.certificate, key: leaf.privateKey, ecdhCurve }, (_request, response) => response.writeHead(404).end());
      const { done, refused } = await against(server, own.ports.ordererAdmin, async () => ordererChannel(network, own).then(() => 'answered', String));
      expect(refused, ecdhCurve).to.equal(!agrees);
      expect(done, ecdhCurve).to.match(agrees ? /^answered$/ : /handshake failure/);
    }
  });
});
