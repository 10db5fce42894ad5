/** The contract Access: who used which data for what. */
import type { Access, AccessQuestion, Signed, Stored } from '@epione/protocol';
import type { Calls, Committed } from '../calls.js';

/** One page of the access log, oldest first. */
export interface AccessPage {
  readonly entries: readonly Stored<Access>[];
  /** To be asked with next; absent at the end. */
  readonly bookmark?: string;
}

export interface AccessCalls {
  appendAccess(access: Signed<Access>): Promise<Committed>;
  queryAccess(question: AccessQuestion): Promise<AccessPage>;
}

export const accessCalls = (calls: Calls): AccessCalls => ({
  appendAccess: async (access) => calls.send('Access:appendAccess', 'access', access),
  queryAccess: async (question) => calls.ask('Access:queryAccess', question),
});
