/** Brings the state of the ledger to the form that new code expects, page by page, where the code has a contract `Migration`. */
import { z } from 'zod';
import { contractNames } from './answer.js';
import type { PeerLink } from '../connection/gateway.js';
import { NetworkError, sentenceOf } from '../error.js';
import type { Report } from '../progress.js';

/** What `Migration:migrate` answers: how many entries this page changed, and how many are left after it. */
const answer = z.strictObject({ migrated: z.int().min(0), remaining: z.int().min(0) });
type Answer = z.infer<typeof answer>;

const pageEntries = 100;
const attempts = 5;

/**
 * Submits `Migration:migrate` with `{"limit":100}` until nothing remains. It is asked without a transaction first, so that a
 * deployment with nothing to migrate writes nothing; a run after a kill goes on with what is left.
 * @returns entries that were migrated
 * @throws {NetworkError} MIGRATION_FAILED with the chaincode's words, or when a page changes nothing and yet something remains
 */
export async function migrate(operator: PeerLink, channel: string, chaincode: string, report: Report): Promise<number> {
  if (!(await contractNames(operator, channel, chaincode)).includes('Migration')) return 0;
  const contract = operator.gateway.getNetwork(channel).getContract(chaincode, 'Migration');
  const argument = JSON.stringify({ limit: pageEntries });
  const read = (bytes: Uint8Array): Answer => answer.parse(JSON.parse(Buffer.from(bytes).toString()));
  const failed = (why: string, cause?: unknown): NetworkError => new NetworkError('MIGRATION_FAILED', `The state was not migrated: ${why}`, 'The new code is in force. Mend the cause and deploy again: the migration goes on with what is left.', cause);
  let migrated = 0;
  for (let attempt = 1; ; ) {
    try {
      const due = migrated === 0 ? read(await contract.evaluateTransaction('migrate', argument)) : undefined;
      if (due?.migrated === 0 && due.remaining === 0) return 0;
      const page = read(await contract.submitTransaction('migrate', argument));
      attempt = 1;
      migrated += page.migrated;
      report({ step: `Migrated ${migrated} entries, ${page.remaining} left` });
      if (page.remaining === 0) return migrated;
      if (page.migrated === 0) throw failed(`a page of it changed nothing, and ${page.remaining} entries are left.`);
    } catch (error) {
      // Clients write meanwhile, and a page that read what they changed is refused as a whole.
      if (error instanceof NetworkError || attempt === attempts) throw error instanceof NetworkError ? error : failed(sentenceOf(error), error);
      attempt += 1;
    }
  }
}
