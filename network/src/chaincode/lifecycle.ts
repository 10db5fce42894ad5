/** Fabric's chaincode lifecycle: install, approve, commit, without Fabric's command line. */
import { peer as protos } from '@hyperledger/fabric-protos';
import type { Contract } from '@hyperledger/fabric-gateway';
import type { ChaincodePackage } from './chaincode-package.js';
import type { PeerConnection } from '../connection/gateway.js';
import { callPeer } from '../connection/system-chaincode.js';

const { lifecycle } = protos;

/** What organizations agree on. */
export interface Definition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
}

const endorsementPolicy = '/Channel/Application/Endorsement';

type DefinitionMessage = InstanceType<typeof lifecycle.ApproveChaincodeDefinitionForMyOrgArgs | typeof lifecycle.CommitChaincodeDefinitionArgs>;

function define<T extends DefinitionMessage>(message: T, { name, version, sequence }: Definition): T {
  message.setName(name);
  message.setVersion(version);
  message.setSequence(sequence);
  message.setEndorsementPlugin('escc');
  message.setValidationPlugin('vscc');
  const policy = new protos.ApplicationPolicy();
  policy.setChannelConfigPolicyReference(endorsementPolicy);
  message.setValidationParameter(policy.serializeBinary());
  return message;
}

const contractOf = ({ gateway }: PeerConnection, channel: string): Contract => gateway.getNetwork(channel).getContract('_lifecycle');

/** Installs the package on a peer unless it is there. */
export async function install(peer: PeerConnection, { bytes, packageId }: ChaincodePackage): Promise<void> {
  const listed = await callPeer(peer, '_lifecycle', 'QueryInstalledChaincodes', [new lifecycle.QueryInstalledChaincodesArgs().serializeBinary()]);
  const installed = lifecycle.QueryInstalledChaincodesResult.deserializeBinary(listed).getInstalledChaincodesList();
  if (installed.some((entry) => entry.getPackageId() === packageId)) return;
  await installPackage(peer, bytes);
}

/** Installs a package on a peer that does not have it. */
export async function installPackage(peer: PeerConnection, bytes: Uint8Array): Promise<void> {
  const args = new lifecycle.InstallChaincodeArgs();
  args.setChaincodeInstallPackage(bytes);
  await callPeer(peer, '_lifecycle', 'InstallChaincode', [args.serializeBinary()]);
}

/** The bytes of a package that a peer has installed. */
export async function installedPackage(peer: PeerConnection, packageId: string): Promise<Uint8Array> {
  const args = new lifecycle.GetInstalledChaincodePackageArgs();
  args.setPackageId(packageId);
  const bytes = await callPeer(peer, '_lifecycle', 'GetInstalledChaincodePackage', [args.serializeBinary()]);
  return lifecycle.GetInstalledChaincodePackageResult.deserializeBinary(bytes).getChaincodeInstallPackage_asU8();
}

/** The definition that is in force, undefined when there is none. */
export async function committed(peer: PeerConnection, channel: string, name: string): Promise<Definition | undefined> {
  // Listing all, because asking for one that is not there is an error like any other.
  const bytes = await contractOf(peer, channel).evaluate('QueryChaincodeDefinitions', { arguments: [new lifecycle.QueryChaincodeDefinitionsArgs().serializeBinary()] });
  const found = lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(bytes).getChaincodeDefinitionsList().find((entry) => entry.getName() === name);
  return found && { name, version: found.getVersion(), sequence: found.getSequence() };
}

/** Package ID that the peer's organization approved for a sequence of a chaincode, undefined when it approved none. */
export async function approvedPackage(peer: PeerConnection, channel: string, { name, version, sequence }: Definition): Promise<string | undefined> {
  const args = new lifecycle.QueryApprovedChaincodeDefinitionArgs();
  args.setName(name);
  args.setSequence(sequence);
  try {
    const bytes = await contractOf(peer, channel).evaluate('QueryApprovedChaincodeDefinition', { arguments: [args.serializeBinary()], endorsingOrganizations: [peer.organization.mspId] });
    const approved = lifecycle.QueryApprovedChaincodeDefinitionResult.deserializeBinary(bytes);
    return approved.getVersion() === version ? approved.getSource()?.getLocalPackage()?.getPackageId() : undefined;
  } catch {
    // Fabric tells "not approved" from other faults by words only; approving again is right in each case.
    return undefined;
  }
}

/** Approves a definition for the peer's organization. */
export async function approve(peer: PeerConnection, channel: string, definition: Definition, packageId: string): Promise<void> {
  const args = define(new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs(), definition);
  const local = new lifecycle.ChaincodeSource.Local();
  local.setPackageId(packageId);
  const source = new lifecycle.ChaincodeSource();
  source.setLocalPackage(local);
  args.setSource(source);
  await contractOf(peer, channel).submit('ApproveChaincodeDefinitionForMyOrg', { arguments: [args.serializeBinary()], endorsingOrganizations: [peer.organization.mspId] });
}

/** Commits a definition that a majority approved; the gateway finds the endorsers. */
export async function commit(peer: PeerConnection, channel: string, definition: Definition): Promise<void> {
  await contractOf(peer, channel).submit('CommitChaincodeDefinition', { arguments: [define(new lifecycle.CommitChaincodeDefinitionArgs(), definition).serializeBinary()] });
}
