/** Which sealing suites a statement may name (PROTOCOL sections 2 and 3): the study's, and a fallback only with its reason. */
import { refuseUnless } from '../error.js';
import type { Study } from '../statements/study.js';
import type { Submission } from '../statements/submission.js';
import { needsQkd } from '../crypto/suites.js';

/**
 * The suites of a statement's wraps: the study's, a later one only by its fallback and with its reason, key_IDs where the suite has QKD.
 * @throws CodedError SUITE_REFUSED.
 */
export function assertSuites(study: Pick<Study, 'suites'>, sealed: Submission['sealed']): void {
  const [first] = study.suites.sealing;
  for (const entry of sealed) {
    refuseUnless(study.suites.sealing.includes(entry.suite), 'SUITE_REFUSED', `${entry.suite} for ${entry.to} is not a suite of the study`);
    if (entry.suite !== first) {
      refuseUnless(study.suites.qkdMissing === 'fallback', 'SUITE_REFUSED', `the study allows ${String(first)} only`);
      refuseUnless(entry.reason !== undefined, 'SUITE_REFUSED', `${entry.suite} for ${entry.to} needs a reason`);
    }
    refuseUnless(needsQkd(entry.suite) === entry.keyIds.length > 0, 'SUITE_REFUSED', `${entry.suite} for ${entry.to} names ${entry.keyIds.length} key_IDs`);
  }
  const used = sealed.flatMap((entry) => entry.keyIds.map((id) => id.toLowerCase()));
  refuseUnless(new Set(used).size === used.length, 'SUITE_REFUSED', 'a key_ID stands twice');
}
