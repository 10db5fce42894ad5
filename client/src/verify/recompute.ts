/** Check `aggregate.recomputed`: with content keys the sealed updates are opened and aggregated again, and must give what was attested. */
import {
  aggregate, aggregateMasked, assertHeaderOf, CodedError, decodeModel, decodeState, encodeCanonical, fromBase64Url, initialState, judgeUpdate, leftBeacon, openStored, parse, readStored, resultDigest, witnessOf,
  type Aggregated, type Base, type Before, type ByteSource, type Digest, type Footing, type Study, type Submission, type SubmissionRef, type UpdateVerdict,
} from '@epione/protocol';
import { z } from 'zod';
import { readJson } from '../ledger/profile.js';
import type { Blobs } from './blobs.js';
import { maskedOutcome, revealsOf, type Reveals } from './masked.js';
import { recordsOf, type Registry, type StudyBook } from './replay/registry.js';
import type { RoundFound } from './rounds.js';
import type { Report } from './report.js';

const contentKeyList = z.array(z.strictObject({ submission: z.string().regex(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/), contentKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/, '32 bytes as base64url') }));

/** Content keys by the digest of their submission. */
export type ContentKeys = ReadonlyMap<string, Uint8Array>;

/** What aggregators handed over: content keys and, of masked rounds, reveals. */
export interface HandedOver {
  readonly contentKeys: ContentKeys;
  readonly reveals: Reveals;
}

/** Reads aggregators' lists `[{submission, contentKey}]`; the first that has a submission counts. @throws UsageError, CodedError BAD_FIELD with all faults. */
export async function readContentKeys(...paths: readonly string[]): Promise<ContentKeys> {
  const lists = await Promise.all(paths.map(async (path) => parse(contentKeyList, await readJson(path, 'content keys'), 'contentKeys')));
  return new Map(lists.flat().reverse().map(({ submission, contentKey }) => [submission, fromBase64Url(contentKey)]));
}

const check = 'aggregate.recomputed';
const missing = (what: string): string => `EVIDENCE_INCOMPLETE: ${what}`;

/** What an aggregator had to find; a disk that fails is no verdict. */
async function verdictOf(study: Study, statement: Submission, blob: ByteSource | undefined, key: Uint8Array): Promise<UpdateVerdict> {
  if (blob === undefined) return { code: 'BLOB_MISSING' };
  let code: 'BLOB_MISMATCH' | 'UNOPENABLE' = 'BLOB_MISMATCH';
  try {
    const stored = await readStored(blob);
    assertHeaderOf(statement, stored.header);
    code = 'UNOPENABLE';
    const payload = await openStored(stored, key);
    return judgeUpdate(study, statement, await payload.all());
  } catch (error) {
    if (error instanceof CodedError) return { code };
    throw error;
  }
}

/** A member of a sealed set with the key that opens its update. */
interface Opening {
  readonly statement: Submission;
  readonly key: Uint8Array;
}

/** The models and server states of a study as they are recomputed, round by round. */
class Recomputation {
  readonly #book: StudyBook;
  readonly #blobs: Blobs;
  readonly #keys: ContentKeys;
  readonly #reveals: Reveals;
  readonly #ledger: Registry;
  readonly #report: Report;
  readonly #models = new Map<Base, Float32Array>();
  readonly #states = new Map<Digest, Float64Array>();

  constructor(book: StudyBook, blobs: Blobs, { contentKeys, reveals }: HandedOver, ledger: Registry, report: Report) {
    this.#book = book;
    this.#blobs = blobs;
    this.#keys = contentKeys;
    this.#reveals = reveals;
    this.#ledger = ledger;
    this.#report = report;
    this.#models.set('zeros', new Float32Array(book.study.model.dimension));
  }

  async #base(base: Base): Promise<Float32Array | undefined> {
    const known = this.#models.get(base);
    const bytes = known === undefined ? await this.#blobs.get(base as Digest) : undefined;
    return bytes === undefined ? known : decodeModel(bytes);
  }

  async #state({ state }: Footing): Promise<Float64Array | undefined> {
    const initial = initialState(this.#book.study, this.#book.study.model.dimension);
    if (state === undefined) return initial;
    const known = this.#states.get(state);
    const bytes = known === undefined ? await this.#blobs.get(state) : undefined;
    return bytes === undefined ? known : decodeState(bytes, initial.length);
  }

  /** The result of a sealed round; a text says what is missing for it. */
  async round(ended: RoundFound): Promise<Aggregated | string> {
    const { number, round, state, opened, epoch } = ended;
    const parameters = await this.#base(opened.base);
    if (parameters === undefined) return `the base model ${opened.base}`;
    const serverState = await this.#state(opened);
    if (serverState === undefined) return `the server's state ${String(opened.state)}`;
    const set = 'set' in state ? state.set : [];
    const members: Opening[] = [];
    for (const { digest } of set) {
      const statement = round.submitted.find((entry) => entry.digest === digest)?.statement;
      const key = this.#keys.get(digest);
      if (statement === undefined || key === undefined) return `the content key of submission ${digest}`;
      members.push({ statement, key });
    }
    const before: Before = { footing: opened, parameters, state: serverState, participants: epoch.participants.length, ...leftBeacon(opened, number, recordsOf(round).slots, set) };
    const found = this.#book.study.aggregation.mode === 'masked' ? await this.#masked(ended, before, set, members) : aggregate(this.#book.study, before, set, await this.#verdicts(members));
    if (typeof found === 'string') return found;
    if (found.model !== undefined && found.result.model !== undefined) this.#models.set(found.result.model, found.model);
    if (found.state !== undefined && found.result.state !== undefined) this.#states.set(found.result.state, found.state);
    return found;
  }

  async #verdicts(members: readonly Opening[]): Promise<Map<string, UpdateVerdict>> {
    const verdicts = new Map<string, UpdateVerdict>();
    for (const { statement, key } of members) {
      await using blob = await this.#blobs.open(statement.blob);
      verdicts.set(statement.participant, await verdictOf(this.#book.study, statement, blob, key));
    }
    return verdicts;
  }

  async #masked(ended: RoundFound, before: Before, set: readonly SubmissionRef[], members: readonly Opening[]): Promise<Aggregated | string> {
    const reveals = revealsOf(this.#book, ended, this.#reveals, this.#ledger, this.#report);
    const outcome = await maskedOutcome(this.#book, ended, this.#blobs, members, reveals);
    return typeof outcome === 'string' ? outcome : aggregateMasked(this.#book.study, before, set, outcome);
  }
}

function compare(book: StudyBook, { number, round, state }: RoundFound, found: Aggregated, report: Report): void {
  const object = `round ${number} of ${book.digest}`;
  if ((state.state !== 'final' && state.state !== 'failed') || resultDigest(state.result) !== resultDigest(found.result)) {
    const attested = 'result' in state ? Buffer.from(encodeCanonical(state.result)).toString() : state.state;
    report.fail(check, object, `the updates give ${Buffer.from(encodeCanonical(found.result)).toString()}, attested is ${attested}`);
    return;
  }
  for (const mspId of state.attesters) {
    const witness = round.attestations.get(mspId)?.statement.witness;
    if (found.words !== undefined && witness !== witnessOf(book.digest, number, mspId, found.words)) report.fail(check, `attestation of ${mspId}, ${object}`, 'its witness does not show that it had the updates');
  }
}

/** Recomputes all ended rounds of a study. Nothing is opened without content keys. */
export async function checkAggregates(book: StudyBook, rounds: readonly RoundFound[], blobs: Blobs, handed: HandedOver | undefined, ledger: Registry, report: Report): Promise<void> {
  const ended = rounds.filter(({ state }) => state.state === 'final' || state.state === 'failed');
  if (handed === undefined) {
    report.absent(check, missing('content keys of an aggregator'));
    return;
  }
  const recomputation = new Recomputation(book, blobs, handed, ledger, report);
  for (const found of ended) {
    const result = await recomputation.round(found);
    if (typeof result === 'string') report.absent(check, missing(`${result} (round ${found.number})`));
    else compare(book, found, result, report);
  }
  report.pass(check, `${ended.length} rounds`);
}
