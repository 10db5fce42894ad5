/** Who has to endorse a transaction of the channel: changed while it runs. */
import { changeConfiguration } from '../channel/change-configuration.js';
import { setEndorsement } from '../channel/membership.js';
import { untilEndorsed } from '../channel/peer-channel.js';
import { withLock } from '../lock.js';
import { readDeployment } from '../nodes/deployment.js';
import type { NetworkOptions } from '../options.js';
import { silent, timed } from '../progress.js';
import { openState } from '../state.js';
import type { ChangeResult } from './orderers.js';

/** The policy that is wanted. */
export interface EndorsementOptions extends NetworkOptions {
  /** `majority`, or rules such as `OutOf(2, 'HospitalA.peer', 'HospitalB.peer', 'Regulator.peer')`. */
  readonly policy: string;
  /** Shows the difference and changes nothing. */
  readonly dryRun?: boolean;
}

/**
 * Sets the channel's endorsement policy, by which every chaincode goes that has none of its own.
 * A majority follows when organizations come and go; rules that were written stay as they are.
 * @throws {NetworkError} DEFINITION_INVALID for a policy that cannot be read, USAGE for one that names no member, CONFIG_REFUSED, NOT_HEALTHY
 */
export async function setEndorsementPolicy({ stateDir, topology, report = silent, policy, dryRun = false }: EndorsementOptions): Promise<ChangeResult> {
  return withLock(stateDir, async () => {
    const network = openState(stateDir, topology);
    const { differences } = await timed(report, 'Endorsement policy', async () => changeConfiguration(network, (tree) => { setEndorsement(tree, policy); }, dryRun));
    const changed = differences.length > 0;
    if (changed && !dryRun && readDeployment(network)?.inForce) await timed(report, 'Endorsement', async () => untilEndorsed(network));
    return { dryRun, changed, differences };
  });
}
