/** Check `privacy.budget`: what submissions say has been spent, recomputed from their steps (PROTOCOL section 11). */
import { assertBudget, CodedError, epsilonAfter, isPriced, type Spent } from '@epione/protocol';
import type { StudyBook } from './replay/registry.js';
import type { Report } from './report.js';

type Book = Pick<StudyBook, 'study' | 'rounds'>;

/** The statements of one study, retracted ones too, because they left their site. @returns what each participant said last. */
function checkStudy({ study, rounds }: Book, report: Report): Map<string, Spent> {
  const { privacy } = study;
  const last = new Map<string, Spent>();
  for (const [, { submitted }] of [...rounds].sort(([a], [b]) => a - b)) {
    for (const { digest, statement: { participant, privacy: spent } } of submitted) {
      try {
        assertBudget(study, spent, last.get(participant));
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        report.fail('privacy.budget', digest, `${String(error.code)}: ${error.message}`);
      }
      if (privacy.unit === 'none' || spent === undefined) continue;
      if (!isPriced(privacy, spent)) report.fail('privacy.budget', digest, `${participant} states epsilon ${spent.epsilon} after ${spent.steps} steps, which cost ${epsilonAfter(privacy, spent.steps)}`);
      last.set(participant, spent);
    }
  }
  return last;
}

/** All studies: budgets kept, never falling, and priced as their steps are. */
export function checkBudgets(books: readonly Book[], report: Report): void {
  const told = books.flatMap((book) => {
    const last = checkStudy(book, report);
    const { name, privacy } = book.study;
    return privacy.unit === 'none' ? [] : [`${name}: ${[...last].map(([participant, { epsilon }]) => `${participant} ${epsilon}`).join(', ')} of epsilon ${privacy.epsilon} at delta ${privacy.delta}`];
  });
  report.pass('privacy.budget', told.length === 0 ? 'no study has a privacy unit' : told.join('; '));
}
