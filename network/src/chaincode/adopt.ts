/** A new organization takes the chaincode definition in force as its own: the same package installed, the same definition approved. */
import type { PeerLink } from '../connection/gateway.js';
import { until } from '../nodes/health.js';
import { approve, committed, install, installedPackage, isApproved } from './lifecycle.js';

/**
 * Installs at a peer what another one has installed, and approves for its organization what is in force.
 * @throws {NetworkError} PEER_REFUSED, NOT_HEALTHY
 */
export async function adoptChaincode(channel: string, name: string, pack: { readonly packageId: string; readonly label: string; readonly version: string }, from: PeerLink, to: PeerLink): Promise<void> {
  await install(to, { ...pack, bytes: Buffer.from(await installedPackage(from, pack.packageId)) });
  await until(
    `the approval of ${to.mspId}`,
    60_000,
    async () => {
      const definition = await committed(to, channel, name);
      // Its peer has not caught up yet.
      if (!definition) return false;
      if (!(await isApproved(to, channel, definition, pack.packageId))) await approve(to, channel, definition, pack.packageId);
      return true;
    },
    'Run the command again; it goes on from where it was.',
  );
}
