/** Set-ups of masked mode as an auditor repeats them (PROTOCOL sections 4 and 8). */
import { assertSetup, type Setup } from '@epione/protocol';
import { assertAuthor, epochKey, judge, stored, type Entry, type Step } from './step.js';
import { bookOf } from './studies.js';

export function setUp(step: Step<Setup>): Entry[] {
  const { study, epoch, participant, record } = step.signed.statement;
  judge(step, 'course.epochs', () => {
    assertAuthor(step, participant, record);
    const book = bookOf(step, study);
    assertSetup(book.study, book.course, step.signed.statement);
  });
  const parts = [study, epochKey(epoch), participant];
  step.ledger.studies.get(study)?.setups.set(parts.slice(1).join(' '), stored(step));
  return [{ kind: 'setup', parts, value: stored(step) }];
}
