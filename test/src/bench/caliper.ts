/** What Hyperledger Caliper needs to load a network of ours: its network file and one connection profile an organization. */
import type { ConnectionProfile } from '@epione/client';

/** The connection profile in the form that Fabric's own tools read. */
export function fabricProfile({ mspId, peers }: ConnectionProfile): object {
  const nameOf = (index: number): string => `peer${index}`;
  return {
    name: mspId,
    version: '1.0.0',
    client: { organization: mspId },
    organizations: { [mspId]: { mspid: mspId, peers: [nameOf(0)] } },
    peers: Object.fromEntries(peers.map(({ endpoint, tlsCaFile }, index) => [nameOf(index), { url: `grpcs://${endpoint}`, tlsCACerts: { path: tlsCaFile } }])),
  };
}

/**
 * The network file. Every organization's worker may send.
 * @param fileOf the path under which an organization's connection profile is written.
 */
export function caliperNetwork(profiles: readonly ConnectionProfile[], fileOf: (mspId: string) => string): object {
  const [first] = profiles;
  return {
    name: 'epione',
    version: '2.0.0',
    caliper: { blockchain: 'fabric' },
    channels: [{ channelName: first?.channel, contracts: [{ id: first?.chaincode }] }],
    organizations: profiles.map(({ mspId, identities }) => ({
      mspid: mspId,
      identities: {
        certificates: [{ name: 'worker', clientPrivateKey: { path: identities.worker?.privateKeyFile }, clientSignedCert: { path: identities.worker?.certificateFile } }],
      },
      connectionProfile: { path: fileOf(mspId), discover: false },
    })),
  };
}
