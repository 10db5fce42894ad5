/** The contract Anchor: cosigned checkpoints of the log of blocks. */
import type { AnchorState, Cosignature, Signed, Stored } from '@epione/protocol';
import type { Calls, Committed } from '../calls.js';

export interface AnchorCalls {
  /** Puts an own cosignature on the ledger. */
  cosign(cosignature: Signed<Cosignature>): Promise<Committed>;
  /** What an organization cosigned last, as the ledger has it; undefined when nothing. */
  getAnchor(mspId: string): Promise<AnchorState | undefined>;
  /** All cosignatures, by size and organization. */
  listCosignatures(): Promise<readonly Stored<Cosignature>[]>;
}

export const anchorCalls = (calls: Calls): AnchorCalls => ({
  cosign: async (cosignature) => calls.send('Anchor:cosign', 'cosignature', cosignature),
  getAnchor: async (mspId) => (await calls.ask<{ anchor?: AnchorState }>('Anchor:getAnchor', { mspId })).anchor,
  listCosignatures: async () => calls.askAll('Anchor:queryCosignatures', {}, 'entries'),
});
