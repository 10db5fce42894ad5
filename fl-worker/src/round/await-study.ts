/** The wait for a study to be opened. */
import type { Study } from '@epione/protocol';
import type { Site } from '../site/site.js';
import type { Bell } from './bell.js';
import { readStudyView, type StudyInForce } from './course.js';
import { codeOf, passes } from './refusal.js';

/** How long a study that others have just registered may take to reach this organization's peer, ms. */
const settleMs = 5000;

/** Waits until the study is open, doing what is due before, and returns it; undefined when stopped before. @throws WorkerError STUDY_MISMATCH, CodedError of the ledger. */
export async function awaitStudy({ ledger, config, report, elapsed }: Site, digest: StudyInForce['digest'], bell: Bell, signal: AbortSignal, whileClosed: (study: Study, approvedBy: readonly string[]) => Promise<void>): Promise<StudyInForce | undefined> {
  const begun = elapsed();
  while (!signal.aborted) {
    bell.look();
    try {
      const { document, course, approvedBy } = await readStudyView(ledger, digest);
      if (course !== undefined) return { digest, document, course };
      await whileClosed(document, approvedBy);
      report('waiting for the study to be opened', { study: digest });
    } catch (error) {
      const settling = codeOf(error) === 'STUDY_MISMATCH' && elapsed() - begun < settleMs;
      if (!settling && !passes(error)) throw error;
      report('trouble', { code: codeOf(error), message: (error as Error).message });
    }
    await bell.wait(config.pollMs, signal);
  }
  return undefined;
}
