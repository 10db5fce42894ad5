/** What others need of the network, as files: a profile for each organization, and the root of trust for auditors. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { majorityOf } from './channel/channel-config.js';
import { genesisDigest } from './channel/genesis.js';
import { userNames, type UserName } from './identities/identities.js';
import { clientsOf, credential, ordererOrganizations, writeJson, type Credential, type Network, type Organization, type Site } from './state.js';

/** A peer as a client reaches it. */
export interface PeerEndpoint {
  readonly mspId: string;
  readonly endpoint: string;
  readonly tlsCaFile: string;
}

/** `profiles/<mspId>.json`: how an organization's programs reach the network, and as whom. Paths are absolute. */
export interface Profile {
  readonly channel: string;
  readonly chaincode: string;
  /** Digest of block 0's header. */
  readonly genesis: string;
  readonly mspId: string;
  /** The organization's own peer first. */
  readonly peers: readonly PeerEndpoint[];
  readonly identities: Readonly<Record<UserName, Credential>>;
  readonly tls: { readonly caBundleFile: string; readonly kme: Credential; readonly worker: Credential };
}

/** `trust-root.json`: all that an auditor has to pin. Certificates are PEM. */
export interface TrustRoot {
  readonly channel: string;
  readonly genesis: string;
  readonly organizations: readonly { readonly mspId: string; readonly caCertificates: readonly string[]; readonly tlsCaCertificates: readonly string[] }[];
  readonly orderers: readonly { readonly mspId: string; readonly certificate: string; readonly consenterId: number }[];
  readonly consensus: 'bft' | 'raft';
  readonly endorsement: { readonly minimum: number; readonly mspIds: readonly string[] };
}

function peerEndpoint(organization: Organization): PeerEndpoint {
  return { mspId: organization.mspId, endpoint: `localhost:${organization.ports.peer}`, tlsCaFile: credential(organization, 'authorities', 'tls').certificateFile };
}

const certificateText = (organization: Site, name: 'sign' | 'tls'): string => readFileSync(credential(organization, 'authorities', name).certificateFile, 'utf8');

/** Where an organization's profile lies. */
export function profileFile(network: Network, mspId: string): string {
  return join(network.dir, 'profiles', `${mspId}.json`);
}

/** The root of trust of a network that has not been changed since its first block. */
export function trustRoot(network: Network): TrustRoot {
  const { topology, organizations } = network;
  return {
    channel: topology.channel,
    genesis: genesisDigest(network),
    organizations: [...organizations, ...clientsOf(network)].map((organization) => ({
      mspId: organization.mspId,
      caCertificates: [certificateText(organization, 'sign')],
      tlsCaCertificates: [certificateText(organization, 'tls')],
    })),
    orderers: ordererOrganizations(network).map(({ mspId, number, dir }) => ({
      mspId,
      certificate: readFileSync(join(dir, 'orderer', 'msp', 'signcerts', 'cert.pem'), 'utf8'),
      consenterId: number,
    })),
    consensus: topology.consensus,
    endorsement: { minimum: majorityOf(organizations.length), mspIds: organizations.map(({ mspId }) => mspId) },
  };
}

/** Writes all profiles, the bundle of TLS roots and the root of trust. */
export function writeProfiles(network: Network): void {
  const { organizations, topology } = network;
  const caBundleFile = join(network.dir, 'tls-ca-bundle.pem');
  writeFileSync(caBundleFile, [...organizations, ...clientsOf(network)].map((organization) => certificateText(organization, 'tls')).join(''));
  const genesis = genesisDigest(network);
  const write = (own: Site, peers: readonly Organization[]): void => {
    const identities = Object.fromEntries(userNames.map((name) => [name, credential(own, 'users', name)])) as Record<UserName, Credential>;
    const tls = { caBundleFile, kme: credential(own, 'tls', 'kme'), worker: credential(own, 'tls', 'worker') };
    const profile: Profile = { channel: topology.channel, chaincode: topology.chaincode, genesis, mspId: own.mspId, peers: peers.map(peerEndpoint), identities, tls };
    writeJson(profileFile(network, own.mspId), profile);
  };
  for (const own of organizations) write(own, [own, ...organizations.filter((other) => other !== own)]);
  // Members without a peer are spread over those of the others.
  for (const [index, own] of clientsOf(network).entries()) {
    const first = index % organizations.length;
    write(own, [...organizations.slice(first), ...organizations.slice(0, first)]);
  }
  // As of the first block for good: an auditor follows later changes of the channel from there.
  const trustRootFile = join(network.dir, 'trust-root.json');
  if (!existsSync(trustRootFile)) writeJson(trustRootFile, trustRoot(network));
}
