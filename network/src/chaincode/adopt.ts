/** A new organization takes the chaincode definition in force as its own: installed, approved as it was committed, its process started. */
import { peer as protos } from '@hyperledger/fabric-protos';
import type { PeerConnection } from '../connection/gateway.js';
import { NetworkError } from '../error.js';
import type { Deployment } from '../nodes/deployment.js';
import { until } from '../nodes/health.js';
import type { Network } from '../state.js';
import { packChaincode } from './chaincode-package.js';
import { install } from './lifecycle.js';

const { lifecycle } = protos;
const remedy = 'Run the command again; it goes on from where it was.';

/** The approval that equals what was committed, all of it: plugins, policy, collections. */
async function approvalOf({ gateway }: PeerConnection, channel: string, name: string, packageId: string): Promise<Uint8Array> {
  const query = new lifecycle.QueryChaincodeDefinitionArgs();
  query.setName(name);
  const bytes = await gateway.getNetwork(channel).getContract('_lifecycle').evaluate('QueryChaincodeDefinition', { arguments: [query.serializeBinary()] });
  const committed = lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(bytes);
  const approval = new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
  approval.setName(name);
  approval.setVersion(committed.getVersion());
  approval.setSequence(committed.getSequence());
  approval.setEndorsementPlugin(committed.getEndorsementPlugin());
  approval.setValidationPlugin(committed.getValidationPlugin());
  approval.setValidationParameter(committed.getValidationParameter_asU8());
  approval.setInitRequired(committed.getInitRequired());
  if (committed.hasCollections()) approval.setCollections(committed.getCollections());
  const local = new lifecycle.ChaincodeSource.Local();
  local.setPackageId(packageId);
  const source = new lifecycle.ChaincodeSource();
  source.setLocalPackage(local);
  approval.setSource(source);
  return approval.serializeBinary();
}

async function hasApproved({ gateway, organization }: PeerConnection, channel: string, name: string, sequence: number, packageId: string): Promise<boolean> {
  const query = new lifecycle.QueryApprovedChaincodeDefinitionArgs();
  query.setName(name);
  query.setSequence(sequence);
  try {
    const contract = gateway.getNetwork(channel).getContract('_lifecycle');
    const bytes = await contract.evaluate('QueryApprovedChaincodeDefinition', { arguments: [query.serializeBinary()], endorsingOrganizations: [organization.mspId] });
    return lifecycle.QueryApprovedChaincodeDefinitionResult.deserializeBinary(bytes).getSource()?.getLocalPackage()?.getPackageId() === packageId;
  } catch {
    // "Not approved" is told from other faults by words only; approving is right in each case.
    return false;
  }
}

/**
 * Installs what is deployed at a peer and approves the definition in force for its organization.
 * @throws {NetworkError} CHAINCODE_INVALID when the code has changed since it was deployed, NOT_HEALTHY
 */
export async function adoptChaincode(network: Network, peer: PeerConnection, { packageId, path, sequence }: Deployment): Promise<void> {
  const { channel, chaincode: name } = network.topology;
  const pack = packChaincode(path, name);
  if (pack.packageId !== packageId) throw new NetworkError('CHAINCODE_INVALID', `${path} has changed since it was deployed.`, 'Run fl-network deploy, then this command again.');
  await install(peer, pack);
  const contract = peer.gateway.getNetwork(channel).getContract('_lifecycle');
  await until(
    `the approval of ${peer.organization.mspId}`,
    60_000,
    async () => {
      if (await hasApproved(peer, channel, name, sequence, packageId)) return true;
      await contract.submit('ApproveChaincodeDefinitionForMyOrg', { arguments: [await approvalOf(peer, channel, name, packageId)], endorsingOrganizations: [peer.organization.mspId] });
      return true;
    },
    remedy,
  );
}
