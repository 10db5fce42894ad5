/** Deploys a chaincode as a service for all organizations, or upgrades it when its code has changed. Running it again changes nothing. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packChaincode, type ChaincodePackage } from './chaincode-package.js';
import { NetworkError, sentenceOf } from './error.js';
import { withPeers, type PeerConnection } from './gateway.js';
import { until, untilServing } from './health.js';
import { approve, approvedPackage, commit, committed, install, type Definition } from './lifecycle.js';
import { withLock } from './lock.js';
import { chaincodeName, chaincodeProcess, peerName, readDeployment, writeDeployment, type Deployment } from './nodes.js';
import type { NetworkOptions } from './options.js';
import { untilEndorsed } from './peer-channel.js';
import { runningPid, startProcess, stopProcess } from './process.js';
import { writeProfiles } from './profile.js';
import { silent, timed } from './progress.js';
import { checkPorts } from './start.js';
import { openState, type Network } from './state.js';

/** The chaincode that ships beside this package. */
export const defaultChaincodeDir = fileURLToPath(new URL('../../chaincode', import.meta.url));

export interface DeployOptions extends NetworkOptions {
  /** Folder of the chaincode's package.json, built. */
  readonly path?: string;
}

export interface DeployResult extends Deployment {
  /** Whether a definition was committed by this call. */
  readonly changed: boolean;
}

/** Puts every chaincode process on the deployment: those that run another package are replaced. */
async function runProcesses(network: Network, deployment: Deployment): Promise<void> {
  const former = readDeployment(network);
  if (former && former.packageId !== deployment.packageId) await Promise.all(network.organizations.map(async (organization) => stopProcess(network, chaincodeName(organization))));
  writeDeployment(network, deployment);
  const missing = network.organizations.map((organization) => chaincodeProcess(organization, deployment)).filter(({ name }) => runningPid(network, name) === undefined);
  await checkPorts(missing);
  for (const spec of missing) await startProcess(network, spec);
  await Promise.all(network.organizations.map(async (organization) => untilServing(network, organization, chaincodeName(organization), organization.ports.chaincode)));
}

async function approveEverywhere(peers: readonly PeerConnection[], channel: string, definition: Definition, { packageId }: ChaincodePackage): Promise<void> {
  await Promise.all(
    peers.map(async (peer) => {
      if ((await approvedPackage(peer, channel, definition)) !== packageId) await approve(peer, channel, definition, packageId);
    }),
  );
}

/**
 * Installs, approves by every organization and commits the chaincode, and starts its processes.
 * @throws {NetworkError} STATE_MISSING, CHAINCODE_INVALID, PORT_IN_USE, PROCESS_FAILED, NOT_HEALTHY, PEER_REFUSED, DEPLOY_FAILED
 */
export async function deploy({ stateDir, topology, path = defaultChaincodeDir, report = silent }: DeployOptions): Promise<DeployResult> {
  const network = openState(stateDir, topology);
  const { channel, chaincode: name } = network.topology;
  const dir = resolve(path);
  const pack = packChaincode(dir, name);
  const stopped = network.organizations.find((organization) => runningPid(network, peerName(organization)) === undefined);
  if (stopped) throw new NetworkError('NOT_HEALTHY', `The peer of ${stopped.mspId} does not run.`, 'Run fl-network up first.');
  return withLock(stateDir, async () =>
    withPeers(network, 'admin', async (peers) => {
      const [first] = peers;
      if (!first) throw new NetworkError('STATE_MISSING', 'The network has no organization.', 'Run fl-network up.');
      const inForce = await committed(first, channel, name);
      const unchanged = inForce?.version === pack.version;
      const definition = { name, version: pack.version, sequence: unchanged ? inForce.sequence : (inForce?.sequence ?? 0) + 1 };
      const deployment = { packageId: pack.packageId, label: pack.label, version: pack.version, sequence: definition.sequence, path: dir };
      await timed(report, 'Chaincode processes', async () => runProcesses(network, deployment));
      await timed(report, 'Chaincode installed', async () => Promise.all(peers.map(async (peer) => install(peer, pack))));
      await timed(report, 'Chaincode approved', async () => approveEverywhere(peers, channel, definition, pack));
      if (!unchanged) {
        await timed(report, 'Chaincode committed', async () => {
          // Peers learn each other's endpoints and approvals by gossip, so the first attempts may find too few.
          await until('the commit of the chaincode definition', 30_000, async () => {
            await commit(first, channel, definition);
            return true;
          }, 'Run fl-network doctor, then deploy again.');
        }).catch((error: unknown) => {
          throw new NetworkError('DEPLOY_FAILED', sentenceOf(error), 'Run fl-network doctor, then deploy again.', error);
        });
      }
      await timed(report, 'Endorsement', async () => untilEndorsed(network));
      writeProfiles(network);
      return { ...deployment, changed: !unchanged };
    }),
  );
}
