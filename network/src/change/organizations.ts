/** Organizations come and go in a running channel. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adoptChaincode } from '../chaincode/adopt.js';
import { changeConfiguration } from '../channel/change-configuration.js';
import type { Difference } from '../channel/config-text.js';
import type { ConfigTree } from '../channel/config-tree.js';
import { addOrdererOrganization, putConsenter, removeConsenter } from '../channel/consenters.js';
import { addMember, removeMember } from '../channel/membership.js';
import { joinPeers, untilEndorsed, untilPeersKnowEachOther } from '../channel/peer-channel.js';
import { withPeers } from '../connection/gateway.js';
import { NetworkError } from '../error.js';
import { issueIdentities } from '../identities/identities.js';
import { withLock } from '../lock.js';
import { readDeployment } from '../nodes/deployment.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { writeSettings } from '../nodes/node-files.js';
import { nodeOf, type NodeKind } from '../nodes/nodes.js';
import { stopProcess } from '../nodes/process.js';
import { startMissing } from '../nodes/start.js';
import { profileFile, writeProfiles } from '../profile.js';
import { silent, timed, type Report } from '../progress.js';
import { clientsOf, newOrganization, openState, organizationDir, recordMembers, type Network, type Organization } from '../state.js';
import { mspId as mspIdSchema } from '../topology.js';
import { admitOrderer, consenterDefinition, memberDefinition, requireDispensable, requireHealthyOrderers, requireNoOther, retireOrderer, withoutOrderer, type ChangeResult, type MemberOptions } from './orderers.js';

/** How to take an organization in. */
export interface AddOrganizationOptions extends MemberOptions {
  /** Whether it gets no orderer, but a peer only. */
  readonly withoutOrderer?: boolean;
  /** What the sites call its peer's machine, as in the topology. */
  readonly host?: string | undefined;
}

function checkName(network: Network, mspId: string): void {
  const { error } = mspIdSchema.safeParse(mspId);
  if (error) throw new NetworkError('USAGE', `${JSON.stringify(mspId)} ${error.issues[0]?.message ?? 'is no MSP ID'}.`, 'Choose another MSP ID.');
  if (clientsOf(network).some((client) => client.mspId === mspId)) throw new NetworkError('USAGE', `${mspId} is a member without nodes already.`, 'Choose another MSP ID.');
  const taken = [...network.organizations, ...clientsOf(network)].find((other) => other.mspId.toLowerCase() === mspId.toLowerCase() && other.mspId !== mspId);
  // Names of site services are in lower case.
  if (taken) throw new NetworkError('USAGE', `${mspId} differs from ${taken.mspId} in case only.`, 'Choose another MSP ID.');
}

const admission = (organization: Organization) => (tree: ConfigTree): void => {
  const member = memberDefinition(organization);
  addMember(tree, member);
  if (organization.hasOrderer) addOrdererOrganization(tree, member, organization.ports.orderer);
};

/** The difference that an admission would make. The certificates in it are made for the purpose and thrown away. */
async function rehearse(network: Network, organization: Organization, now: Date): Promise<readonly Difference[]> {
  const dir = mkdtempSync(join(tmpdir(), 'fl-network-'));
  try {
    const rehearsed = { ...organization, dir: join(dir, organization.mspId) };
    await issueIdentities({ ...network, organizations: [rehearsed] }, now);
    const edit = (tree: ConfigTree): void => {
      admission(rehearsed)(tree);
      if (rehearsed.hasOrderer) putConsenter(tree, consenterDefinition(rehearsed));
    };
    return (await changeConfiguration(network, edit, true)).differences;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Brings a new member's peer into the channel with what is deployed there. */
async function startMember(network: Network, organization: Organization, report: Report): Promise<void> {
  const binaries = findBinaries();
  await timed(report, 'Peer started', async () => startMissing(network, [nodeOf(organization, 'peer')], binaries));
  await timed(report, 'Peer in the channel', async () => {
    await joinPeers(network);
    await untilPeersKnowEachOther(network);
  });
  const deployment = readDeployment(network);
  if (!deployment?.inForce) return;
  await timed(report, 'Chaincode', async () => {
    await withPeers(network, 'admin', async (peers) => {
      const [from] = peers.filter(({ mspId }) => mspId !== organization.mspId);
      const to = peers.find(({ mspId }) => mspId === organization.mspId);
      if (from && to) await adoptChaincode(network.topology.channel, network.topology.chaincode, deployment, from, to);
    });
    await startMissing(network, [nodeOf(organization, 'chaincode')], binaries);
  });
  await timed(report, 'Endorsement', async () => untilEndorsed(network));
}

/**
 * Takes an organization into the running channel: identities, ports, the channel's configuration, its processes, the
 * deployed chaincode, everyone's profiles. A command that was cut off goes on from where it was when it is run again.
 * @throws {NetworkError} USAGE for a name that cannot be, CHANGE_REFUSED, CONFIG_REFUSED, NOT_HEALTHY, PORT_IN_USE, PROCESS_FAILED, CHAINCODE_INVALID
 */
export async function addOrganization({ stateDir, topology, report = silent, mspId, withoutOrderer: peerOnly = false, host, dryRun = false }: AddOrganizationOptions): Promise<ChangeResult> {
  return withLock(stateDir, async () => {
    let network = openState(stateDir, topology);
    checkName(network, mspId);
    requireNoOther(network, mspId);
    const isMember = network.organizations.some((other) => other.mspId === mspId);
    if (isMember && !network.joining) return { mspId, dryRun, changed: false, differences: [] };
    const organization = network.joining ?? (await newOrganization(network, mspId, !peerOnly, host));
    if (dryRun) return { mspId, dryRun, changed: true, differences: await rehearse(network, organization, new Date()) };
    if (organization.hasOrderer) await requireHealthyOrderers(network, [mspId]);

    network = recordMembers(network, network.organizations, organization);
    await timed(report, 'Identities', async () => issueIdentities({ ...network, organizations: [organization] }, new Date()));
    const members = network.organizations.filter((other) => other.mspId !== mspId);
    const first = await timed(report, 'Organization in the channel', async () => changeConfiguration({ ...network, organizations: members }, admission(organization)));
    network = recordMembers(network, [...members, organization], organization);
    writeSettings(network);
    await startMember(network, organization, report);
    const second = organization.hasOrderer ? await admitOrderer(network, organization, report) : [];
    writeProfiles(network);
    recordMembers(network, network.organizations);
    return { mspId, dryRun, changed: true, differences: [...first.differences, ...second] };
  });
}

/**
 * Puts an organization out of the running channel and stops its processes. Its folder with keys and ledger stays.
 * @throws {NetworkError} USAGE for one that never was a member, CHANGE_REFUSED when too few orderers would be left, one is
 * down, or a policy set by hand names it; CONFIG_REFUSED, NOT_HEALTHY
 */
export async function removeOrganization({ stateDir, topology, report = silent, mspId, dryRun = false }: MemberOptions): Promise<ChangeResult> {
  return withLock(stateDir, async () => {
    const network = openState(stateDir, topology);
    requireNoOther(network, mspId);
    const organization = network.organizations.find((other) => other.mspId === mspId);
    if (!organization) {
      if (mspIdSchema.safeParse(mspId).success && existsSync(organizationDir(network.dir, mspId))) return { mspId, dryRun, changed: false, differences: [] };
      throw new NetworkError('USAGE', `There is no organization ${mspId}.`, `Name one of ${network.organizations.map((other) => other.mspId).join(', ')}.`);
    }
    const rest = { ...network, organizations: network.organizations.filter((other) => other !== organization) };
    const edit = (tree: ConfigTree): void => {
      removeConsenter(tree, consenterDefinition(organization));
      removeMember(tree, mspId);
    };
    const planned = await changeConfiguration(rest, edit, true);
    if (organization.hasOrderer && planned.differences.length > 0) await requireDispensable(network, mspId);
    if (dryRun) return { mspId, dryRun, changed: true, differences: planned.differences };
    const { differences } = await timed(report, 'Organization out of the channel', async () => changeConfiguration(rest, edit));
    await timed(report, 'Processes stopped', async () => {
      await Promise.all((['chaincode', 'peer'] satisfies NodeKind[]).map(async (kind) => stopProcess(network, nodeOf(organization, kind).name)));
      await retireOrderer(network, organization);
    });
    rmSync(profileFile(network, mspId), { force: true });
    const left = recordMembers({ ...network, organizations: withoutOrderer(network, mspId) }, rest.organizations);
    writeProfiles(left);
    return { mspId, dryRun, changed: true, differences };
  });
}
