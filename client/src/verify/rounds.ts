/** Checks over all rounds of a study: equivocation, key_IDs, sealed sets, quorums, suspects, consent snapshots (PROTOCOL section 11). */
import {
  CodedError, deriveRound, epochOf, isSignedBy, readSigned, statementDigest, submission,
  type Epoch, type Opened, type OpeningEvidence, type RoundState, type Submission,
} from '@epione/protocol';
import { blockDigest } from '../evidence/block.js';
import type { Chain } from './chain/chain.js';
import { openedBy, recordsOf, type Registry, type RoundBook, type StudyBook } from './replay/registry.js';
import type { Report } from './report.js';

/** A round that was begun, and its state at the end of the evidence. */
export interface RoundFound {
  readonly number: number;
  readonly round: RoundBook;
  readonly epoch: Epoch;
  readonly opened: Opened;
  readonly state: RoundState;
}

const list = (items: readonly string[]): string | undefined => (items.length === 0 ? undefined : items.join('; '));

/** The evidence that statements of a round name; all of them were checked to be good. */
const evidenceOf = (round: RoundBook): OpeningEvidence | undefined =>
  round.submitted[0]?.statement.after ?? round.closing?.statement.after ?? [...round.attestations.values()][0]?.statement.after;

/** The rounds of a study in order, derived from what was written. Check `round.sealed`. */
export function deriveRounds(book: StudyBook, now: number, report: Report): RoundFound[] {
  const { course } = book;
  if (course === undefined) return [];
  return [...book.rounds].sort(([a], [b]) => a - b).flatMap(([number, round]) => {
    const after = evidenceOf(round);
    const epoch = epochOf(course, number);
    if (after === undefined || epoch === undefined) return [];
    try {
      const opened = openedBy(book, course, number, after);
      return [{ number, round, epoch, opened, state: deriveRound(book.study, epoch, opened, recordsOf(round), now) }];
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      report.fail('round.sealed', `round ${number} of ${book.digest}`, error.message);
      return [];
    }
  });
}

/** Checks `attestation.quorum`: which rounds ended how, and who disagreed. */
export function checkQuorums(rounds: readonly RoundFound[], report: Report): void {
  const dissent = rounds.flatMap(({ number, state }) => ('dissent' in state && state.dissent.length > 0 ? [`round ${number}: ${state.dissent.join(', ')} attested another result`] : []));
  const ended = rounds.filter(({ state }) => state.state === 'final').length;
  report.pass('attestation.quorum', [`${ended} of ${rounds.length} rounds final`, ...dissent].join('; '));
}

/** Check `keys.once`: a key_ID stands in one accepted submission or set-up of the channel. */
export function checkKeys(ledger: Registry, report: Report): void {
  const used = new Map<string, string>();
  for (const book of ledger.studies.values()) {
    const submitted = [...book.rounds.values()].flatMap((round) => round.submitted.map(({ digest, statement }) => ({ digest, wraps: statement.sealed })));
    const setUp = [...book.setups.values()].map(({ statement }) => ({ digest: statementDigest('setup', statement), wraps: statement.pairs.map(({ keyIds, padKeyIds = [] }) => ({ keyIds: [...keyIds, ...padKeyIds] })) }));
    for (const { digest, wraps } of [...submitted, ...setUp]) {
      for (const id of wraps.flatMap((entry) => entry.keyIds.map((keyId) => keyId.toLowerCase()))) {
        if (used.has(id)) report.fail('keys.once', `key_ID ${id}`, `stands in ${String(used.get(id))} and in ${digest}`);
        used.set(id, digest);
      }
    }
  }
  report.pass('keys.once', `${used.size} keys`);
}

/** A submission in any transaction, accepted or not, that its participant signed. */
function signedSubmission(argument: Uint8Array | undefined, ledger: Registry): Submission | undefined {
  try {
    const signed = readSigned('submission', submission, argument ?? new Uint8Array());
    const record = ledger.records.get(signed.statement.record)?.statement;
    return record?.mspId === signed.statement.participant && isSignedBy('submission', signed, record) ? signed.statement : undefined;
  } catch {
    return undefined;
  }
}

/** Check `submission.once`: two signatures of one participant over one round are listed, wherever the blocks hold them. */
export function checkEquivocation({ all }: Chain, chaincode: string, ledger: Registry, report: Report): void {
  const first = new Map<string, string>();
  const twice = new Set<string>();
  for (const { args, chaincode: called } of all) {
    const statement = called === chaincode && Buffer.from(args[0] ?? []).toString() === 'Round:submit' ? signedSubmission(args[1], ledger) : undefined;
    if (statement === undefined) continue;
    const slot = `${statement.participant} in round ${statement.round} of ${statement.study}`;
    const digest = statementDigest('submission', statement);
    if ((first.get(slot) ?? digest) !== digest) twice.add(slot);
    first.set(slot, first.get(slot) ?? digest);
  }
  report.pass('submission.once', list([...twice].map((slot) => `EQUIVOCATION: ${slot}`)));
}

/** Check `keys.suspect`: statements under a compromised record from the time on that the revocation names. */
export function checkSuspects(ledger: Registry, report: Report): void {
  const suspects = ledger.compromised.map(({ record, since }) => {
    const count = ledger.authored.filter((entry) => entry.record === record && entry.time >= since).length;
    return `${count} statements under ${record} since ${new Date(since).toISOString()} are suspect`;
  });
  report.pass('keys.suspect', list(suspects));
}

/** The block that completed the opening evidence of a round: the study's opening, the last of the named attestations, or the abort. */
function openedInBlock(book: StudyBook, { after, round }: Submission, ledger: Registry): number {
  const before = book.rounds.get(round - 1);
  if (after.kind === 'opening' || before === undefined) return book.openedInBlock;
  const evidence = after.kind === 'aborted' ? [before.closing] : after.attesters.map((mspId) => before.attestations.get(mspId));
  return Math.max(...evidence.map((entry) => ledger.blocks.get(entry?.txId ?? '') ?? 0));
}

/** Check `consent.snapshot`: the block that a submission names is of this chain, from the round's opening on and before the submission. */
export function checkConsent(book: StudyBook, { blocks }: Chain, ledger: Registry, report: Report): void {
  for (const { digest, statement, block } of [...book.rounds.values()].flatMap((round) => round.submitted)) {
    if (statement.consent === undefined) continue;
    const { height, block: named } = statement.consent;
    const found = blocks[height];
    const fail = (message: string): void => { report.fail('consent.snapshot', digest, message); };
    if (found === undefined || blockDigest(found) !== named) fail(`block ${height} is not ${named}`);
    else if (height >= block) fail(`its snapshot, block ${height}, is not before it`);
    else if (height < openedInBlock(book, statement, ledger)) fail(`its snapshot, block ${height}, is before the round was open`);
  }
  report.pass('consent.snapshot', book.study.consent.required ? undefined : 'the study requires no consent');
}
