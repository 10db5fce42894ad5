/**
 * New certificates for orderers. A consenter of SmartBFT finds itself in the channel's configuration by the bytes of its
 * enrolment certificate, when it starts and not later. So the new certificate, of the same key, goes into the configuration
 * while the orderer runs with the old one, which signs no differently, and the orderer is restarted with the new one.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { changeConfiguration } from '../channel/change-configuration.js';
import type { Difference } from '../channel/config-text.js';
import { bftQuorum, putConsenter, type ConsenterDefinition } from '../channel/consenters.js';
import { ordererChannel } from '../channel/orderer-channel.js';
import { NetworkError } from '../error.js';
import { applyStaged, isStaged, stagedFiles, type Renewal } from '../identities/renewal.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { until } from '../nodes/health.js';
import { writeSettings } from '../nodes/node-files.js';
import { nodeOf, nodesOf } from '../nodes/nodes.js';
import { runningPid, stopProcess } from '../nodes/process.js';
import { recoveryBinaries } from '../nodes/recovery-orderer.js';
import { setWanted, startMissing } from '../nodes/start.js';
import { timed, type Report } from '../progress.js';
import { ordererOrganizations, type Network, type Organization } from '../state.js';
import { consenterDefinition } from './orderers.js';

/** One orderer with what waits for it. */
interface OrdererRenewal {
  readonly organization: Organization;
  readonly renewals: readonly Renewal[];
}

const hasEnded = (file: string): boolean => new X509Certificate(readFileSync(file)).validToDate <= new Date();
const isRunning = (network: Network, organization: Organization): boolean => runningPid(network, nodeOf(organization, 'orderer').name) !== undefined;
const ended = ({ renewals }: OrdererRenewal, kind: 'orderer' | 'tls'): boolean => renewals.some(({ planned }) => planned.kind === kind && hasEnded(planned.files.certificateFile));

/** The consenter as it will be: with the certificates that wait. */
function wantedDefinition({ organization, renewals }: OrdererRenewal): ConsenterDefinition {
  const waiting = (kind: 'orderer' | 'tls'): string | undefined => {
    const renewal = renewals.find(({ planned }) => planned.kind === kind && isStaged(organization, planned));
    return renewal && readFileSync(stagedFiles(organization, renewal.planned).certificateFile, 'utf8');
  };
  const now = consenterDefinition(organization);
  return { ...now, identity: waiting('orderer') ?? now.identity, tls: waiting('tls') ?? now.tls };
}

async function putIntoChannel(network: Network, orderers: readonly OrdererRenewal[]): Promise<readonly Difference[]> {
  const wanted = orderers.map(wantedDefinition);
  const { differences } = await changeConfiguration(network, (tree) => {
    for (const definition of wanted) putConsenter(tree, definition);
  });
  return differences;
}

async function restart(network: Network, orderers: readonly OrdererRenewal[]): Promise<void> {
  const nodes = orderers.map(({ organization }) => nodeOf(organization, 'orderer'));
  await Promise.all(nodes.map(async ({ name }) => stopProcess(network, name)));
  for (const { organization, renewals } of orderers) for (const { planned } of renewals) applyStaged(organization, planned);
  await startMissing(network, nodes, findBinaries());
  for (const { organization } of orderers) {
    await until(
      `the vote of the orderer of ${organization.mspId}`,
      60_000,
      async () => (await ordererChannel(network, organization))?.consensusRelation === 'consenter',
      `Read its log with fl-network logs orderer.${organization.mspId}, then run the command again.`,
    );
  }
}

/** One after another while the others order: the leader, which is the first unless one failed, comes last. */
async function roll(network: Network, orderers: readonly OrdererRenewal[], report: Report): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const orderer of [...orderers].reverse()) {
    await timed(report, `Orderer of ${orderer.organization.mspId}`, async () => {
      differences.push(...(await putIntoChannel(network, [orderer])));
      await restart(network, [orderer]);
    });
  }
  return differences;
}

/**
 * Brings back orderers that stopped or cannot be called any more, then changes the channel for all of them at once. When
 * too few can start to change it, all of them run a build that starts with an ended certificate until that is done.
 */
async function recover(network: Network, orderers: readonly OrdererRenewal[], report: Report): Promise<readonly Difference[]> {
  const isBft = network.topology.consensus === 'bft';
  const all = ordererOrganizations(network).map((organization) => orderers.find((orderer) => orderer.organization === organization) ?? { organization, renewals: [] });
  const barred = isBft ? orderers.filter((orderer) => ended(orderer, 'orderer')) : [];
  const suffices = all.length - barred.length >= (isBft ? bftQuorum(all.length) : 1);
  const binaries = suffices ? findBinaries() : await timed(report, 'Orderer for the recovery built', async () => recoveryBinaries(network));
  const stopped = suffices ? all.filter((orderer) => !isRunning(network, orderer.organization) || ended(orderer, 'tls') || barred.includes(orderer)) : all;
  for (const { organization, renewals } of stopped) {
    await stopProcess(network, nodeOf(organization, 'orderer').name);
    // TLS is checked by its authority alone, and Raft knows its nodes by the TLS key: these need no change of the channel first.
    for (const { planned } of renewals) if (planned.kind === 'tls' || !isBft) applyStaged(organization, planned);
  }
  writeSettings(network);
  setWanted(network, true);
  const waiting = new Set(suffices ? barred.map(({ organization }) => nodeOf(organization, 'orderer').name) : []);
  await startMissing(network, nodesOf(network).filter(({ name }) => !waiting.has(name)), binaries);
  const differences = await putIntoChannel(network, orderers);
  await restart(network, suffices ? orderers : all);
  return differences;
}

/**
 * Renews orderers' certificates.
 * @throws {NetworkError} CERTIFICATE_EXPIRED when too few orderers can be started to change the channel, CHANGE_REFUSED for new
 * keys while an orderer is down, CONFIG_REFUSED, NOT_HEALTHY
 */
export async function renewOrderers(network: Network, renewals: readonly Renewal[], { newKeys, report }: { readonly newKeys: boolean; readonly report: Report }): Promise<readonly Difference[]> {
  for (const { organization, planned } of renewals) if (!ordererOrganizations(network).some(({ mspId }) => mspId === organization.mspId)) applyStaged(organization, planned);
  const orderers = ordererOrganizations(network)
    .map((organization) => ({ organization, renewals: renewals.filter((renewal) => renewal.organization.mspId === organization.mspId) }))
    .filter((orderer) => orderer.renewals.length > 0);
  if (orderers.length === 0) return [];
  const isWell = ordererOrganizations(network).every((organization) => isRunning(network, organization)) && !orderers.some((orderer) => ended(orderer, 'tls') || ended(orderer, 'orderer'));
  if (isWell) return roll(network, orderers, report);
  if (newKeys) throw new NetworkError('CHANGE_REFUSED', 'New keys for orderers need all orderers at work.', 'Run fl-network certificates renew without --new-keys first.');
  return recover(network, orderers, report);
}
