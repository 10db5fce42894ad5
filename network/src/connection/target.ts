/** Where a chaincode is deployed: a channel, and the peers of those organizations for which this side may speak. */
import type { IssuedCertificate } from '../identities/certificate-authority.js';
import { linkPeer, type PeerAddress, type PeerLink } from './gateway.js';

/** An organization with its peers under its administrator's identity; the first peer carries its approval. */
export interface TargetMember {
  readonly mspId: string;
  readonly peers: readonly [PeerLink, ...PeerLink[]];
}

/** A channel with at least one organization. */
export interface Target {
  readonly channel: string;
  readonly members: readonly [TargetMember, ...TargetMember[]];
  /** MSP IDs of organizations of the channel that have no peer, and so have nothing to approve. */
  readonly withoutPeers?: readonly string[];
}

/** What is known of an organization of a network that others run. */
export interface TargetOrganization {
  readonly mspId: string;
  readonly peers: readonly PeerAddress[];
  readonly admin: IssuedCertificate;
  /** Who migrates the state after an upgrade; the administrator when absent. */
  readonly operator?: IssuedCertificate;
}

/** `connection.json` for the builder of chaincode as a service that ships with Fabric; its strings may hold templates such as `{{.peername}}`. */
export interface PackageConnection {
  readonly address: string;
  readonly dial_timeout: string;
  readonly tls_required: boolean;
  readonly client_auth_required?: boolean;
  readonly client_key?: string;
  readonly client_cert?: string;
  readonly root_cert?: string;
}

/** A network that others run, as far as a deployment needs to know it. */
export interface TargetProfile {
  readonly channel: string;
  /** Name of the chaincode in the channel. */
  readonly chaincode: string;
  readonly organizations: readonly TargetOrganization[];
  readonly packageConnection?: PackageConnection;
}

/** Whether there is at least one; tells the compiler too. */
export function someOf<T>(list: readonly T[]): list is readonly [T, ...T[]] {
  return list.length > 0;
}

/** All peers of a target. */
export function peersOf({ members }: Target): PeerLink[] {
  return members.flatMap(({ peers }) => peers);
}

/** Runs work on a link to each peer of a profile, and closes them all. */
export async function withTarget<T>({ channel, organizations }: TargetProfile, work: (target: Target) => Promise<T>): Promise<T> {
  const opened: PeerLink[] = [];
  try {
    const members = organizations.flatMap(({ mspId, peers: addresses, admin }) => {
      const peers = addresses.map((address) => linkPeer(address, admin));
      opened.push(...peers);
      return someOf(peers) ? [{ mspId, peers }] : [];
    });
    if (!someOf(members)) throw new RangeError('A target has at least one organization with a peer.');
    return await work({ channel, members });
  } finally {
    for (const link of opened) link.close();
  }
}
