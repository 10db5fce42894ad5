/** Whether a chaincode answers at one peer, and what contracts it says it has. */
import { z } from 'zod';
import type { PeerLink } from '../connection/gateway.js';
import { callPeer } from '../connection/system-chaincode.js';

const description = z.object({ contracts: z.record(z.string(), z.unknown()) });

/**
 * Names of the chaincode's contracts, asked of this very peer, where the gateway would turn to another organization's when its own fails.
 * @throws what the peer says, when the chaincode does not run there
 */
export async function contractNames(peer: PeerLink, channel: string, chaincode: string): Promise<string[]> {
  const bytes = await callPeer(peer, chaincode, 'org.hyperledger.fabric:GetMetadata', [], channel);
  return Object.keys(description.parse(JSON.parse(Buffer.from(bytes).toString())).contracts);
}
