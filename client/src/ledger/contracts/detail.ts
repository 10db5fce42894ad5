/** The contract Detail: what an organization keeps to itself and may disclose. */
import { fromBase64Url, type Detail, type Digest, type Erasure, type Signed } from '@epione/protocol';
import type { Calls, Committed } from '../calls.js';

export interface DetailCalls {
  /** Keeps a detail at the own organization's peers; the ledger gets the digest that the statement names. @param sealed at most 64 KiB. */
  keepDetail(detail: Signed<Detail>, sealed: Uint8Array): Promise<Committed>;
  /** Purges a detail from the own organization's peers; the key that opens it is the caller's to destroy. */
  eraseDetail(erasure: Signed<Erasure>): Promise<Committed>;
  /** The sealed bytes of an own detail; undefined when there is none. */
  getDetail(id: string): Promise<Uint8Array | undefined>;
  /** The digest that the ledger has of an organization's detail: what it discloses is checked by this. */
  checkDetail(mspId: string, id: string): Promise<Digest | undefined>;
}

export const detailCalls = (calls: Calls, ownMspId: string): DetailCalls => ({
  keepDetail: async (detail, sealed) => calls.send('Detail:keepDetail', 'detail', detail, { transient: { sealed } }),
  eraseDetail: async (erasure) => calls.send('Detail:eraseDetail', 'erasure', erasure),
  getDetail: async (id) => {
    const { sealed } = await calls.ask<{ sealed?: string }>('Detail:getDetail', { mspId: ownMspId, id });
    return sealed === undefined ? undefined : fromBase64Url(sealed);
  },
  checkDetail: async (mspId, id) => (await calls.ask<{ digest?: Digest }>('Detail:checkDetail', { mspId, id })).digest,
});
