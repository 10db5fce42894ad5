/** Deploys a chaincode to a network that others run, through its peers, for those organizations whose administrators are here. */
import { contractNames } from './answer.js';
import { wantedOf, type DefinitionOptions } from './deploy.js';
import { planOf, putInForce, type Plan } from './in-force.js';
import { migrate } from './migration.js';
import { linkPeer } from '../connection/gateway.js';
import { peersOf, withTarget, type Target, type TargetProfile } from '../connection/target.js';
import { sentenceOf } from '../error.js';
import { silent, timed, type Report } from '../progress.js';

export interface RemoteDeployOptions extends DefinitionOptions {
  readonly profile: TargetProfile;
  readonly report?: Report;
}

/** A peer after the deployment; `words` are why the chaincode does not answer there, usually that nobody has started it. */
export interface PeerAnswer {
  readonly mspId: string;
  readonly endpoint: string;
  readonly answers: boolean;
  readonly words?: string;
}

export interface RemoteDeployResult {
  readonly channel: string;
  readonly chaincode: string;
  readonly packageId: string;
  readonly label: string;
  readonly version: string;
  readonly sequence: number;
  /** Whether a definition was committed by this call. */
  readonly changed: boolean;
  readonly peers: readonly PeerAnswer[];
  readonly migrated: number;
}

async function answersOf(target: Target, chaincode: string): Promise<PeerAnswer[]> {
  return Promise.all(
    peersOf(target).map(async (peer) => {
      const { mspId, endpoint } = peer;
      return contractNames(peer, target.channel, chaincode).then(
        () => ({ mspId, endpoint, answers: true }),
        (error: unknown) => ({ mspId, endpoint, answers: false, words: sentenceOf(error) }),
      );
    }),
  );
}

async function migrateAt({ channel, chaincode, organizations: [first] }: TargetProfile, report: Report): Promise<number> {
  const address = first?.peers[0];
  if (!first || !address) return 0;
  const operator = linkPeer(address, first.operator ?? first.admin);
  try {
    return await migrate(operator, channel, chaincode, report);
  } finally {
    operator.close();
  }
}

/**
 * What a deployment with these options would do; changes nothing.
 * @throws {NetworkError} CHAINCODE_INVALID, DEFINITION_INVALID, PEER_REFUSED
 */
export async function planRemoteDeployment({ profile, ...options }: RemoteDeployOptions): Promise<Plan> {
  const wanted = wantedOf(profile.chaincode, options, profile.packageConnection);
  return withTarget(profile, async (target) => planOf(target, wanted));
}

/**
 * Packages, installs, approves for the given organizations and, with a majority, commits. The chaincode's processes are run by
 * whoever runs the network, under the package ID in the answer; while none runs, nothing is migrated, and a second call does it.
 * @throws {NetworkError} CHAINCODE_INVALID, DEFINITION_INVALID, NOT_APPROVED when other organizations have to approve first, PEER_REFUSED, DEPLOY_FAILED, MIGRATION_FAILED
 */
export async function deployRemote({ profile, report = silent, ...options }: RemoteDeployOptions): Promise<RemoteDeployResult> {
  const { channel, chaincode } = profile;
  const wanted = wantedOf(chaincode, options, profile.packageConnection);
  const { packageId, label, version } = wanted.pack;
  return withTarget(profile, async (target) => {
    const plan = await planOf(target, wanted);
    await putInForce(target, plan, wanted.pack, report);
    const peers = await timed(report, 'Answers', async () => answersOf(target, chaincode));
    const migrated = peers.every(({ answers }) => answers) ? await timed(report, 'Migration', async () => migrateAt(profile, report)) : 0;
    return { channel, chaincode, packageId, label, version, sequence: plan.next.sequence, changed: plan.changed, peers, migrated };
  });
}
