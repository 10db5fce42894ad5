/** New certificates into place at peers, users and services; peers and chaincode processes that run are restarted one after another. */
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { applyStaged, type Renewal } from '../identities/renewal.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { writeSettings } from '../nodes/node-files.js';
import { connectionFile } from '../nodes/node-settings.js';
import { nodeOf, nodesOf, type NodeKind } from '../nodes/nodes.js';
import { runningPid, stopProcess } from '../nodes/process.js';
import { isWanted, startMissing } from '../nodes/start.js';
import type { Network, Organization } from '../state.js';

/** Tells an organization's peer its new certificate towards the chaincode process: it reads what its builder laid down when the chaincode was installed. */
function refreshConnections(network: Network, organization: Organization): void {
  const builds = join(network.dir, 'ledgers', `peer.${organization.mspId}`, 'externalbuilder', 'builds');
  if (!existsSync(builds)) return;
  for (const build of readdirSync(builds)) {
    const built = join(builds, build, 'release', 'chaincode', 'server', 'connection.json');
    if (existsSync(built)) copyFileSync(connectionFile(organization), built);
  }
}

/** Kinds of processes that use a certificate. */
function usersOf({ planned: { kind, name } }: Renewal): NodeKind[] {
  if (kind === 'peer' || (kind === 'tls' && name === 'peer')) return ['peer'];
  return kind === 'tls' && name === 'chaincode' ? ['chaincode'] : [];
}

/** Puts the waiting certificates into place and restarts what uses them and runs, or died of them while the network is meant to run. */
export async function renewPeerSide(network: Network, renewals: readonly Renewal[]): Promise<void> {
  for (const organization of network.organizations) {
    const own = renewals.filter((renewal) => renewal.organization.mspId === organization.mspId);
    if (own.length === 0) continue;
    const due = new Set([...new Set(own.flatMap(usersOf))].map((kind) => nodeOf(organization, kind).name));
    const nodes = nodesOf(network).filter(({ name }) => due.has(name) && (isWanted(network) || runningPid(network, name) !== undefined));
    for (const { name } of nodes) await stopProcess(network, name);
    for (const { planned } of own) applyStaged(organization, planned);
    writeSettings(network);
    refreshConnections(network, organization);
    await startMissing(network, nodes, findBinaries());
  }
}
