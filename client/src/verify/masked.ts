/** Masked rounds as an auditor repeats them: reveals that were handed over are checked, and the masks taken off the sum (PROTOCOL sections 8 and 11, checks 25 and 26). */
import {
  assertHeaderOf, assertPermitted, CodedError, commitmentsIn, encodeCanonical, expansionOf, isSignedBy, openStored, parse, participantsOf, readSigned, readStored, reveal, setDigest, statementDigest, unmask, updateLength, vectorLength,
  type Json, type MaskedSubmission, type Reveal, type Roster, type Signed, type Submission, type Unmasked,
} from '@epione/protocol';
import { z } from 'zod';
import { readJson } from '../ledger/profile.js';
import type { Blobs } from './blobs.js';
import type { Registry, StudyBook } from './replay/registry.js';
import type { RoundFound } from './rounds.js';
import type { Report } from './report.js';

/** Reveals that an aggregator has handed over. */
export type Reveals = readonly Signed<Reveal>[];

/** Reads aggregators' lists of signed reveals, each reveal once. @throws UsageError, CodedError BAD_FIELD with all faults. */
export async function readReveals(...paths: readonly string[]): Promise<Reveals> {
  const lists = await Promise.all(paths.map(async (path) => parse(z.array(z.unknown()), await readJson(path, 'reveals'), 'reveals')));
  const all = lists.flat().map((entry) => readSigned('reveal', reveal, encodeCanonical(entry as Json)));
  return [...new Map(all.map((signed) => [`${statementDigest('reveal', signed.statement)} ${signed.signature}`, signed])).values()];
}

const check = 'mask.reveals';
const rosterOf = (book: StudyBook, { number, epoch }: RoundFound): Roster => ({ study: book.digest, epoch: epoch.epoch, round: number, participants: participantsOf(epoch), expansion: expansionOf(book.study) });

/** The reveals of a round by participant. Each must be signed, for the sealed set, and say what that permits; one that is not is reported and left out. */
export function revealsOf(book: StudyBook, found: RoundFound, reveals: Reveals, ledger: Registry, report: Report): Map<string, Reveal> {
  const { state, number } = found;
  const set = 'set' in state ? state.set : [];
  const members = set.map((entry) => entry.participant);
  const good = new Map<string, Reveal>();
  for (const signed of reveals.filter(({ statement }) => statement.study === book.digest && statement.round === number)) {
    const { statement } = signed;
    const object = `reveal ${statementDigest('reveal', statement)}`;
    const record = ledger.records.get(statement.record)?.statement;
    if (record?.mspId !== statement.participant || !isSignedBy('reveal', signed, record)) report.fail(check, object, `it is not signed by ${statement.participant}`);
    else if (statement.set !== setDigest(set) || statement.epoch !== found.epoch.epoch) report.fail(check, object, `SET_DIFFERS: ${statement.participant} revealed for another set than round ${number} was sealed with`);
    else {
      try {
        assertPermitted(rosterOf(book, found), members, statement);
        good.set(statement.participant, statement);
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        report.fail(check, object, error.message);
      }
    }
  }
  return good;
}

async function opened(blobs: Blobs, statement: Submission, key: Uint8Array): Promise<Omit<MaskedSubmission, 'participant'> | undefined> {
  await using blob = await blobs.open(statement.blob);
  if (blob === undefined) return undefined;
  const stored = await readStored(blob);
  assertHeaderOf(statement, stored.header);
  return { commitments: await commitmentsIn(stored), words: await (await openStored(stored, key)).all() };
}

/** The sum behind a masked round; a text says what is missing for it. @param members with their content keys, by MSP ID. */
export async function maskedOutcome(book: StudyBook, found: RoundFound, blobs: Blobs, members: readonly { readonly statement: Submission; readonly key: Uint8Array }[], reveals: ReadonlyMap<string, Reveal>): Promise<Unmasked | string> {
  const { encoding, model } = book.study;
  const submissions: MaskedSubmission[] = [];
  for (const { statement, key } of members) {
    const { participant } = statement;
    try {
      const update = await opened(blobs, statement, key);
      if (update === undefined) return `the blob of ${participant}`;
      submissions.push({ participant, ...update });
    } catch (error) {
      if (error instanceof CodedError) return { code: error.code === 'UNOPENABLE' ? 'UNOPENABLE' : 'BLOB_MISMATCH', culprits: [participant] };
      throw error;
    }
  }
  const outcome = unmask(rosterOf(book, found), encoding.bits, vectorLength(encoding.bits, updateLength(book.study, model.dimension)), submissions, reveals);
  return 'code' in outcome && (outcome.code === 'REVEAL_MISSING' || outcome.code === 'TOO_FEW_SHARES' || outcome.code === 'PAD_LOST') ? `the reveal of ${outcome.culprits.join(', ')}` : outcome;
}
