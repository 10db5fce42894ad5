/** Private data settings: Fabric has no defaults for some, and without them every private write fails or waits. */
import { z } from 'zod';
import { fault, unlessAny, type Check, type Examined, type Remark } from './finding.js';
import { readPeerSettings } from './settings.js';

const duration = z.string().regex(/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/, 'must be a duration such as 3s');
const count = z.number().int().min(0);

/** What the peer reads from peer.gossip.pvtData. */
const pvtData = z.object({
  pullRetryThreshold: duration,
  transientstoreMaxBlockRetention: count,
  pushAckTimeout: duration,
  btlPullMargin: count,
  reconcileBatchSize: count,
  reconcileSleepInterval: duration,
  reconciliationEnabled: z.boolean(),
  skipPullingInvalidTransactionsDuringCommit: z.boolean(),
  implicitCollectionDisseminationPolicy: z.object({ requiredPeerCount: count, maxPeerCount: count }),
});
const settings = z.object({ peer: z.object({ gossip: z.object({ pvtData }) }) });

/** What is missing or wrong in a peer's settings. */
export function privateDataRemarks(mspId: string, core: unknown): Remark[] {
  const { error } = settings.safeParse(core);
  if (!error) return [];
  const words = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return [fault(`core.yaml of peer.${mspId} lacks private data settings (${words}); private writes fail without them`, 'fl-network down, then fl-network up, which writes core.yaml anew.')];
}

export const privateData: Check<Examined> = {
  name: 'private-data',
  examine: ({ network }) =>
    unlessAny(network.organizations.flatMap((organization) => privateDataRemarks(organization.mspId, readPeerSettings(organization))), 'every peer has all private data settings'),
};
