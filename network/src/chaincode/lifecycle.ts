/** Fabric's chaincode lifecycle at one peer: install, approve, readiness, commit, without Fabric's command line. */
import { peer as protos } from '@hyperledger/fabric-protos';
import type { Contract } from '@hyperledger/fabric-gateway';
import type { ChaincodePackage } from './chaincode-package.js';
import { define, definitionOf, saysTheSame, type Definition } from './definition.js';
import type { PeerLink } from '../connection/gateway.js';
import { callPeer } from '../connection/system-chaincode.js';

const { lifecycle } = protos;

const contractOf = ({ gateway }: PeerLink, channel: string): Contract => gateway.getNetwork(channel).getContract('_lifecycle');

/** Installs the package on a peer unless it is there. */
export async function install(peer: PeerLink, { bytes, packageId }: ChaincodePackage): Promise<void> {
  const listed = await callPeer(peer, '_lifecycle', 'QueryInstalledChaincodes', [new lifecycle.QueryInstalledChaincodesArgs().serializeBinary()]);
  const installed = lifecycle.QueryInstalledChaincodesResult.deserializeBinary(listed).getInstalledChaincodesList();
  if (installed.some((entry) => entry.getPackageId() === packageId)) return;
  await installPackage(peer, bytes);
}

/** Installs a package on a peer that does not have it. */
export async function installPackage(peer: PeerLink, bytes: Uint8Array): Promise<void> {
  const args = new lifecycle.InstallChaincodeArgs();
  args.setChaincodeInstallPackage(bytes);
  await callPeer(peer, '_lifecycle', 'InstallChaincode', [args.serializeBinary()]);
}

/** The bytes of a package that a peer has installed. */
export async function installedPackage(peer: PeerLink, packageId: string): Promise<Uint8Array> {
  const args = new lifecycle.GetInstalledChaincodePackageArgs();
  args.setPackageId(packageId);
  const bytes = await callPeer(peer, '_lifecycle', 'GetInstalledChaincodePackage', [args.serializeBinary()]);
  return lifecycle.GetInstalledChaincodePackageResult.deserializeBinary(bytes).getChaincodeInstallPackage_asU8();
}

/** The definition that is in force by what this very peer has committed, undefined when there is none. */
export async function committed(peer: PeerLink, channel: string, name: string): Promise<Definition | undefined> {
  // Listing all, because asking for one that is not there is an error like any other.
  const bytes = await callPeer(peer, '_lifecycle', 'QueryChaincodeDefinitions', [new lifecycle.QueryChaincodeDefinitionsArgs().serializeBinary()], channel);
  const found = lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(bytes).getChaincodeDefinitionsList().find((entry) => entry.getName() === name);
  return found && definitionOf(name, found);
}

/** What an organization approved: a definition and the package that its peers run for it. */
export interface Approval {
  readonly definition: Definition;
  /** Empty when the organization approved without a package. */
  readonly packageId: string;
}

/** What the peer's organization approved for a sequence of a chaincode, undefined when it approved nothing. */
export async function approvalAt(peer: PeerLink, channel: string, name: string, sequence: number): Promise<Approval | undefined> {
  const args = new lifecycle.QueryApprovedChaincodeDefinitionArgs();
  args.setName(name);
  args.setSequence(sequence);
  try {
    const bytes = await callPeer(peer, '_lifecycle', 'QueryApprovedChaincodeDefinition', [args.serializeBinary()], channel);
    const answer = lifecycle.QueryApprovedChaincodeDefinitionResult.deserializeBinary(bytes);
    return { definition: definitionOf(name, answer), packageId: answer.getSource()?.getLocalPackage()?.getPackageId() ?? '' };
  } catch {
    // Fabric tells "not approved" from other faults by words only; approving again is right in each case.
    return undefined;
  }
}

/** Whether the peer's organization approved this definition with this package. */
export async function isApproved(peer: PeerLink, channel: string, definition: Definition, packageId: string): Promise<boolean> {
  const approval = await approvalAt(peer, channel, definition.name, definition.sequence);
  return approval?.packageId === packageId && saysTheSame(approval.definition, definition);
}

/** Approves a definition for the peer's organization. */
export async function approve(peer: PeerLink, channel: string, definition: Definition, packageId: string): Promise<void> {
  const args = define(new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs(), definition);
  const local = new lifecycle.ChaincodeSource.Local();
  local.setPackageId(packageId);
  const source = new lifecycle.ChaincodeSource();
  source.setLocalPackage(local);
  args.setSource(source);
  await contractOf(peer, channel).submit('ApproveChaincodeDefinitionForMyOrg', { arguments: [args.serializeBinary()], endorsingOrganizations: [peer.mspId] });
}

/** Which organizations of the channel have approved exactly this definition, which is not in force yet. */
export async function readiness(peer: PeerLink, channel: string, definition: Definition): Promise<Readonly<Record<string, boolean>>> {
  const args = define(new lifecycle.CheckCommitReadinessArgs(), definition);
  const bytes = await callPeer(peer, '_lifecycle', 'CheckCommitReadiness', [args.serializeBinary()], channel);
  return Object.fromEntries(lifecycle.CheckCommitReadinessResult.deserializeBinary(bytes).toObject().approvalsMap);
}

/** Commits a definition that a majority approved; the gateway finds the endorsers. */
export async function commit(peer: PeerLink, channel: string, definition: Definition): Promise<void> {
  await contractOf(peer, channel).submit('CommitChaincodeDefinition', { arguments: [define(new lifecycle.CommitChaincodeDefinitionArgs(), definition).serializeBinary()] });
}
