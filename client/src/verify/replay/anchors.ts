/** Cosignatures as an auditor repeats them; whether they speak of this chain is judged with all others in `verify/anchors.ts`. */
import { assertCosignature, type AnchorState, type Cosignature, type ParticipantRecord } from '@epione/protocol';
import { assertAuthor, judge, refuseUnless, stored, type Entry, type Step } from './step.js';

/** Sixteen digits, so that keys sort as the log grows. */
const sizeKey = (size: number): string => String(size).padStart(16, '0');

export function cosign(step: Step<Cosignature>): Entry[] {
  const { signed: { statement, digest }, transaction, ledger, report } = step;
  const { mspId, channel, genesis, size, root } = statement;
  judge(step, 'anchor.checkpoint', () => {
    assertAuthor(step, mspId, statement.record);
    refuseUnless(channel === transaction.channel && genesis === report.genesis, 'CALLER_MISMATCH', 'the cosignature is for another channel');
    assertCosignature(statement, ledger.records.get(statement.record)?.statement as ParticipantRecord, ledger.anchors.get(mspId));
  });
  const state: AnchorState = { size, root, cosignature: digest };
  ledger.anchors.set(mspId, state);
  ledger.cosignatures.push(statement);
  return [
    { kind: 'anchor', parts: [mspId], value: state },
    { kind: 'cosignature', parts: [sizeKey(size), mspId], value: stored(step) },
  ];
}
