/** Brings a network up, or what is missing of it: identities, first block, processes, channel, profiles. Running it again changes nothing. */
import { checkNodeCertificates } from './identities/certificates.js';
import { readDeployment } from './nodes/deployment.js';
import { findBinaries } from './nodes/fabric-binaries.js';
import { genesisDigest, makeGenesis } from './channel/genesis.js';
import { issueIdentities } from './identities/identities.js';
import { withLock } from './lock.js';
import { writeSettings } from './nodes/node-files.js';
import { nodesOf } from './nodes/nodes.js';
import type { NetworkOptions } from './options.js';
import { joinOrderers } from './channel/orderer-channel.js';
import { joinPeers, untilEndorsed, untilPeersKnowEachOther } from './channel/peer-channel.js';
import { writeProfiles } from './profile.js';
import { silent, timed } from './progress.js';
import { checkSpace, setWanted, startMissing } from './nodes/start.js';
import { establishState, type Network } from './state.js';
import { readTopology } from './topology.js';

export interface UpResult {
  readonly network: Network;
  /** Digest of block 0's header. */
  readonly genesis: string;
  /** Processes that had to be started. */
  readonly started: readonly string[];
}

/**
 * Brings the network up and returns when all of it serves.
 * @throws {NetworkError} NO_FABRIC, NO_SPACE, TOPOLOGY_INVALID, STATE_OF_OTHER_TOPOLOGY, PORT_IN_USE, PROCESS_FAILED,
 * NOT_HEALTHY, ORDERER_NOT_CONSENTER, CERTIFICATE_EXPIRED
 */
export async function up({ stateDir, topology = readTopology(), report = silent }: NetworkOptions): Promise<UpResult> {
  const binaries = findBinaries();
  return withLock(stateDir, async () => {
    checkSpace(stateDir);
    const network = await establishState(stateDir, topology);
    await timed(report, 'Identities', async () => issueIdentities(network, new Date()));
    checkNodeCertificates(network, new Date());
    await timed(report, 'First block', async () => makeGenesis(network, binaries.configtxgen));
    writeSettings(network);
    setWanted(network, true);
    const started = await timed(report, 'Processes', async () => startMissing(network, nodesOf(network), binaries));
    await timed(report, 'Orderers in the channel', async () => joinOrderers(network));
    await timed(report, 'Peers in the channel', async () => {
      await joinPeers(network);
      await untilPeersKnowEachOther(network);
    });
    if (readDeployment(network)?.inForce) await timed(report, 'Endorsement', async () => untilEndorsed(network));
    writeProfiles(network);
    return { network, genesis: genesisDigest(network), started };
  });
}
