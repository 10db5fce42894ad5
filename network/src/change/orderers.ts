/** Orderers come and go in a running channel, one at a time and only while all are well. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { changeConfiguration, configurationInForce } from '../channel/change-configuration.js';
import type { Difference } from '../channel/config-text.js';
import { addOrdererOrganization, consenterCount, putConsenter, removeConsenter, type ConsenterDefinition } from '../channel/consenters.js';
import type { MemberDefinition } from '../channel/membership.js';
import { joinOrderer, ordererChannel } from '../channel/orderer-channel.js';
import { NetworkError } from '../error.js';
import { certificatePlan } from '../identities/identities.js';
import { withLock } from '../lock.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { until } from '../nodes/health.js';
import { writeSettings } from '../nodes/node-files.js';
import { nodeOf } from '../nodes/nodes.js';
import { stopProcess } from '../nodes/process.js';
import { startMissing } from '../nodes/start.js';
import type { NetworkOptions } from '../options.js';
import { silent, timed, type Report } from '../progress.js';
import { credential, openState, ordererOrganizations, organizationOf, recordMembers, type Network, type Organization } from '../state.js';
import { leastBftOrderers } from '../topology.js';

/** Which organization a change is about, and whether to show it only. */
export interface MemberOptions extends NetworkOptions {
  readonly mspId: string;
  /** Shows the difference and changes nothing. */
  readonly dryRun?: boolean;
}

/** What a change did, or would do. */
export interface ChangeResult {
  readonly mspId?: string;
  readonly dryRun: boolean;
  /** Whether anything was changed, or would be. */
  readonly changed: boolean;
  readonly differences: readonly Difference[];
}

const text = (file: string): string => readFileSync(file, 'utf8');

/** What the channel has to know of an organization. */
export function memberDefinition(organization: Organization): MemberDefinition {
  const root = (name: 'sign' | 'tls'): string => text(credential(organization, 'authorities', name).certificateFile);
  return { mspId: organization.mspId, caCertificate: root('sign'), tlsCaCertificate: root('tls'), peerPort: organization.ports.peer };
}

/** What the channel has to know of an organization's orderer. */
export function consenterDefinition(organization: Organization): ConsenterDefinition {
  const identity = certificatePlan(organization).find(({ kind }) => kind === 'orderer');
  if (!identity) throw new RangeError('Every organization has an orderer\'s certificate.');
  return {
    id: organization.number,
    mspId: organization.mspId,
    port: organization.ports.orderer,
    identity: text(identity.files.certificateFile),
    tls: text(credential(organization, 'tls', 'orderer').certificateFile),
  };
}

/**
 * Checks that every orderer but those excepted runs and votes.
 * @throws {NetworkError} CHANGE_REFUSED naming those that do not
 */
export async function requireHealthyOrderers(network: Network, except: readonly string[] = []): Promise<void> {
  const sick: string[] = [];
  for (const organization of ordererOrganizations(network).filter(({ mspId }) => !except.includes(mspId))) {
    const channel = await ordererChannel(network, organization).catch(() => undefined);
    if (channel?.consensusRelation !== 'consenter') sick.push(organization.mspId);
  }
  if (sick.length === 0) return;
  throw new NetworkError('CHANGE_REFUSED', `The orderer(s) of ${sick.join(', ')} do not vote; a change of the orderers while one is down can stop the channel.`, 'Run fl-network up, then this command again.');
}

/** Starts an organization's orderer, lets it follow the channel until it has caught up, and only then gives it a vote. */
export async function admitOrderer(network: Network, organization: Organization, report: Report): Promise<Difference[]> {
  await requireHealthyOrderers(network, [organization.mspId]);
  const { mspId } = organization;
  const remedy = `Read its log with fl-network logs orderer.${mspId}, then run the command again.`;
  const relation = async (): Promise<string | undefined> => (await ordererChannel(network, organization))?.consensusRelation;
  await timed(report, 'Orderer started', async () => startMissing(network, [nodeOf(organization, 'orderer')], findBinaries()));
  const { block, blockNumber } = await configurationInForce(network);
  await timed(report, 'Orderer follows the channel', async () => {
    await joinOrderer(network, organization, block);
    await until(`the orderer of ${mspId} catching up`, 60_000, async () => ((await ordererChannel(network, organization))?.height ?? 0) > blockNumber, remedy);
  });
  const { differences } = await timed(report, 'Orderer in the channel', async () =>
    changeConfiguration(network, (tree) => {
      putConsenter(tree, consenterDefinition(organization));
    }),
  );
  await timed(report, 'Orderer votes', async () => until(`the vote of the orderer of ${mspId}`, 60_000, async () => (await relation()) === 'consenter', remedy));
  return [...differences];
}

/**
 * Gives an organization of the channel an orderer.
 * @throws {NetworkError} USAGE for no member, CHANGE_REFUSED while an orderer is down or another change is unfinished,
 * CONFIG_REFUSED, NOT_HEALTHY, PORT_IN_USE, PROCESS_FAILED
 */
export async function addOrderer({ stateDir, topology, report = silent, mspId, dryRun = false }: MemberOptions): Promise<ChangeResult> {
  return withLock(stateDir, async () => {
    const network = openState(stateDir, topology);
    const organization = { ...organizationOf(network, mspId), hasOrderer: true };
    requireNoOther(network, mspId);
    const isDone = organizationOf(network, mspId).hasOrderer && network.joining === undefined;
    if (isDone) return { mspId, dryRun, changed: false, differences: [] };
    const orderers = (tree: Parameters<typeof addOrdererOrganization>[0]): void => {
      addOrdererOrganization(tree, memberDefinition(organization), organization.ports.orderer);
    };
    if (dryRun) {
      const { differences } = await changeConfiguration(network, (tree) => { orderers(tree); putConsenter(tree, consenterDefinition(organization)); }, true);
      return { mspId, dryRun, changed: true, differences };
    }
    await requireHealthyOrderers(network, [mspId]);
    const first = await timed(report, 'Organization may order', async () => changeConfiguration({ ...network, organizations: withoutOrderer(network, mspId) }, orderers));
    const grown = recordMembers(network, network.organizations.map((other) => (other.mspId === mspId ? organization : other)), organization);
    writeSettings(grown);
    const second = await admitOrderer(grown, organization, report);
    recordMembers(grown, grown.organizations);
    return { mspId, dryRun, changed: true, differences: [...first.differences, ...second] };
  });
}

/** @throws {NetworkError} CHANGE_REFUSED when the admission of another organization is unfinished */
export function requireNoOther({ joining }: Network, mspId: string): void {
  if (!joining || joining.mspId === mspId) return;
  throw new NetworkError('CHANGE_REFUSED', `The admission of ${joining.mspId} is unfinished.`, `Finish it first: run the command that adds ${joining.mspId} or its orderer again.`);
}

/** The organizations, one of them without its orderer. */
export function withoutOrderer(network: Network, mspId: string): Organization[] {
  return network.organizations.map((other) => (other.mspId === mspId ? { ...other, hasOrderer: false } : other));
}

/**
 * Checks that the channel can do without an organization's orderer.
 * @throws {NetworkError} CHANGE_REFUSED when too few would be left or one of the others is down
 */
export async function requireDispensable(network: Network, mspId: string): Promise<void> {
  const least = network.topology.consensus === 'bft' ? leastBftOrderers : 1;
  const left = consenterCount((await configurationInForce(network)).tree) - 1;
  if (left < least) throw new NetworkError('CHANGE_REFUSED', `Without the orderer of ${mspId} ${left} would be left, fewer than ${least}.`, 'Add another orderer first: fl-network orderer add <mspId>.');
  await requireHealthyOrderers(network, [mspId]);
}

/** Stops an orderer that is out of the channel, and removes its copy of the ledger, with which it could not come back. */
export async function retireOrderer(network: Network, { mspId }: Organization): Promise<void> {
  await stopProcess(network, `orderer.${mspId}`);
  rmSync(join(network.dir, 'ledgers', `orderer.${mspId}`), { recursive: true, force: true });
}

/**
 * Takes an organization's orderer out of the channel; the organization stays a member.
 * @throws {NetworkError} USAGE for no member, CHANGE_REFUSED when too few would be left or one is down, CONFIG_REFUSED, NOT_HEALTHY
 */
export async function removeOrderer({ stateDir, topology, report = silent, mspId, dryRun = false }: MemberOptions): Promise<ChangeResult> {
  return withLock(stateDir, async () => {
    const network = openState(stateDir, topology);
    const organization = organizationOf(network, mspId);
    requireNoOther(network, mspId);
    if (!organization.hasOrderer) return { mspId, dryRun, changed: false, differences: [] };
    const rest = { ...network, organizations: withoutOrderer(network, mspId) };
    const remove = async (only: boolean): Promise<readonly Difference[]> =>
      (await changeConfiguration(rest, (tree) => { removeConsenter(tree, consenterDefinition(organization)); }, only)).differences;
    const planned = await remove(true);
    if (planned.length > 0) await requireDispensable(network, mspId);
    if (dryRun) return { mspId, dryRun, changed: true, differences: planned };
    const differences = await timed(report, 'Orderer out of the channel', async () => remove(false));
    await timed(report, 'Orderer stopped', async () => retireOrderer(network, organization));
    recordMembers(network, rest.organizations);
    return { mspId, dryRun, changed: true, differences };
  });
}
