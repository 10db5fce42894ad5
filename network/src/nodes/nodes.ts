/** The processes that a network consists of. */
import { readDeployment } from './deployment.js';
import { ordererOrganizations, type Network, type Organization } from '../state.js';

export type NodeKind = 'orderer' | 'peer' | 'chaincode';

/** One process of one organization. */
export interface NetworkNode {
  readonly kind: NodeKind;
  /** Such as `peer.HospitalA`. */
  readonly name: string;
  readonly organization: Organization;
  /** Where it serves gRPC over TLS. */
  readonly port: number;
  /** Where it serves health and metrics, if it does. */
  readonly operationsPort?: number;
}

/** An organization's process of a kind. */
export function nodeOf(organization: Organization, kind: NodeKind): NetworkNode {
  const { mspId, ports } = organization;
  const operationsPort = { orderer: ports.ordererOperations, peer: ports.peerOperations, chaincode: undefined }[kind];
  return { kind, name: `${kind}.${mspId}`, organization, port: ports[kind], ...(operationsPort === undefined ? {} : { operationsPort }) };
}

/** All processes of a network: orderers, peers and, once something is deployed, chaincode processes. */
export function nodesOf(network: Network): NetworkNode[] {
  const all = (organizations: readonly Organization[], kind: NodeKind): NetworkNode[] => organizations.map((organization) => nodeOf(organization, kind));
  const { organizations } = network;
  return [...all(ordererOrganizations(network), 'orderer'), ...all(organizations, 'peer'), ...all(readDeployment(network) ? organizations : [], 'chaincode')];
}
