/** Puts a chaincode definition in force in a channel, whoever runs the network: what differs, then install, approve, commit, and proof at every peer. */
import { peer as protos } from '@hyperledger/fabric-protos';
import { approvalsNeeded } from './approvals-needed.js';
import type { ChaincodePackage } from './chaincode-package.js';
import { differences, saysTheSame, type Definition, type Difference } from './definition.js';
import { applicationPolicy, channelEndorsement } from './endorsement-policy.js';
import { requireKnownPolicy } from './known-policy.js';
import { approvalAt, approve, commit, committed, install, isApproved, readiness } from './lifecycle.js';
import { latestConfiguration } from '../channel/config-block.js';
import { peersOf, type Target } from '../connection/target.js';
import { NetworkError, sentenceOf } from '../error.js';
import { until } from '../nodes/health.js';
import { timed, type Report } from '../progress.js';

/** What shall be in force. What is absent stays as it is, or is Fabric's default at the first deployment. */
export interface Wanted {
  readonly name: string;
  readonly pack: ChaincodePackage;
  readonly policy?: protos.ApplicationPolicy;
  readonly collections?: protos.CollectionConfigPackage;
}

/** What a deployment would do. */
export interface Plan {
  readonly next: Definition;
  /** Whether a definition has to be committed; if not, installing and approving may still be due. */
  readonly changed: boolean;
  readonly differences: readonly Difference[];
}

const timeoutMs = 30_000;
const remedy = 'Look at the peers (on this machine: fl-network doctor), then deploy again: it goes on where it ended.';

/**
 * Compares what is in force with what is wanted; changes nothing.
 * @throws {NetworkError} DEFINITION_INVALID when the wanted policy could never be met in the channel, PEER_REFUSED, NOT_HEALTHY
 */
export async function planOf(target: Target, { name, pack, policy, collections }: Wanted): Promise<Plan> {
  const { channel, members } = target;
  if (policy) requireKnownPolicy((await latestConfiguration(members[0].peers[0], channel)).tree, policy);
  // A peer that lags behind must not count.
  const seen = await Promise.all(peersOf(target).map(async (peer) => committed(peer, channel, name)));
  const inForce = seen.reduce((last, one) => ((one?.sequence ?? 0) > (last?.sequence ?? 0) ? one : last), undefined);
  const wanted = {
    name,
    version: pack.version,
    sequence: (inForce?.sequence ?? 0) + 1,
    policy: policy ?? inForce?.policy ?? applicationPolicy(channelEndorsement),
    collections: collections ?? inForce?.collections ?? new protos.CollectionConfigPackage(),
  };
  const changed = inForce === undefined || !saysTheSame(inForce, wanted);
  const next = changed ? wanted : { ...wanted, sequence: inForce.sequence };
  const packages = await Promise.all(
    members.map(async ({ mspId, peers: [peer] }) => {
      const approval = inForce && (await approvalAt(peer, channel, name, inForce.sequence));
      return { field: `package of ${mspId}` as const, ...(inForce ? { inForce: approval?.packageId ?? 'none' } : {}), next: pack.packageId };
    }),
  );
  return { next, changed, differences: [...differences(inForce, next), ...packages.filter((line) => line.inForce !== line.next)] };
}

/**
 * Does a transaction of the lifecycle until it shows. The first attempt may find too few endorsers, as peers learn of each
 * other a little later; and under load SmartBFT may refuse what it orders all the same ("request already processed").
 */
async function settle(what: string, isDone: () => Promise<boolean>, transaction: () => Promise<void>): Promise<void> {
  const attempt = async (): Promise<boolean> => {
    if (!(await isDone())) await transaction();
    return true;
  };
  await until(what, timeoutMs, attempt, remedy).catch((error: unknown) => {
    throw new NetworkError('DEPLOY_FAILED', sentenceOf(error), remedy, error);
  });
}

/** Waits until the target's own approvals show, and refuses when they and those of others are too few for a commit. */
async function requireApprovals({ channel, members }: Target, definition: Definition): Promise<void> {
  const [{ peers: [peer] }] = members;
  let approvals: Readonly<Record<string, boolean>> = {};
  await until('the approvals', timeoutMs, async () => {
    // Somebody else may have committed meanwhile, and then readiness is an error.
    if (await shows(peer, channel, definition)) return true;
    approvals = await readiness(peer, channel, definition);
    return members.every(({ mspId }) => approvals[mspId] ?? true);
  }, remedy);
  const all = Object.keys(approvals);
  const missing = all.filter((mspId) => approvals[mspId] === false);
  if (missing.length === 0) return;
  const needed = approvalsNeeded((await latestConfiguration(peer, channel)).tree) ?? 0;
  const given = all.length - missing.length;
  if (given >= needed) return;
  throw new NetworkError(
    'NOT_APPROVED',
    `Version ${definition.version} with sequence ${definition.sequence} is approved by ${given} of ${all.length} organizations, and ${needed} must; ${missing.join(', ')} did not approve yet.`,
    'Have their administrators deploy the same code with the same options, or name their identities in the profile; whoever gives the last approval needed commits.',
  );
}

async function shows(peer: Target['members'][0]['peers'][0], channel: string, next: Definition): Promise<boolean> {
  const seen = await committed(peer, channel, next.name);
  return seen?.sequence === next.sequence && saysTheSame(seen, next);
}

/**
 * Carries a plan out. When it returns, every peer of the target has committed the definition itself, and so runs no other code.
 * @param makeReady done when everything is approved and before anything is committed: until then what is in force goes on
 * @throws {NetworkError} NOT_APPROVED when other organizations have to approve first, PEER_REFUSED, DEPLOY_FAILED
 */
export async function putInForce(target: Target, { next, changed }: Plan, pack: ChaincodePackage, report: Report, makeReady: () => Promise<void> = async () => Promise.resolve()): Promise<void> {
  const { channel, members } = target;
  const peers = peersOf(target);
  await timed(report, 'Chaincode installed', async () => Promise.all(peers.map(async (peer) => install(peer, pack))));
  await timed(report, 'Chaincode approved', async () =>
    Promise.all(
      members.map(async ({ mspId, peers: [peer] }) =>
        settle(`the approval of ${mspId}`, async () => isApproved(peer, channel, next, pack.packageId), async () => approve(peer, channel, next, pack.packageId)),
      ),
    ),
  );
  if (changed) await requireApprovals(target, next);
  await makeReady();
  if (changed) {
    const [{ peers: [first] }] = members;
    await timed(report, 'Chaincode committed', async () => settle('the commit of the chaincode definition', async () => shows(first, channel, next), async () => commit(first, channel, next)));
  }
  await Promise.all(peers.map(async (peer) => until(`sequence ${next.sequence} at the peer ${peer.endpoint} of ${peer.mspId}`, timeoutMs, async () => shows(peer, channel, next), remedy)));
}
