/** From a sealed set to the words of its updates: fetch each blob, check it against its statement, unwrap and open it, or say why not. */
import {
  assertHeaderOf, assertSignedBy, CodedError, commitmentsIn, isCode, judgeUpdate, needsQkd, openStored, readStored, submissionDigest, unwrapFor,
  type ByteSource, type Code, type KemKeys, type ParticipantRecord, type Stored, type StoredUpdate, type Submission, type UpdateVerdict,
} from '@epione/protocol';
import { WorkerError } from '../error.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';
import { blobUrls, type RoundView, type StudyInForce } from './course.js';
import { codeOf, isQkd } from './refusal.js';
import type { RescueDesk } from './rescue.js';

/** Faults of the ledger's answer, not of a submission. */
const fatal: ReadonlySet<string> = new Set(['UNAVAILABLE', 'BAD_SIGNATURE']);
/** The own wrap is of no use; others may have a good one. */
const mayBeRescued: ReadonlySet<string> = new Set(['UNOPENABLE', 'QKD_KEY_NOT_FOUND', 'QKD_NOT_ENTITLED']);

/** An update as it came out of its blob. */
export interface OpenedUpdate {
  readonly words: Uint8Array;
  readonly contentKey: Uint8Array;
  /** Of a masked update; empty of a visible one. */
  readonly commitments: Uint8Array;
}

/** Opens the updates of one study's rounds. */
export class Opener {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #state: StudyState;
  readonly #rescues: RescueDesk;
  /** Records never change under their digest. */
  readonly #records = new Map<string, ParticipantRecord>();
  #hindrance: { round: number; code: Code } | undefined;

  constructor(site: Site, study: StudyInForce, state: StudyState, rescues: RescueDesk) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
    this.#rescues = rescues;
  }

  /** Why an update of a round did not open at the last try. */
  hindrance(round: number): Code | undefined {
    return this.#hindrance?.round === round ? this.#hindrance.code : undefined;
  }

  /** A verdict on each submission by its participant; undefined while one may still change for the better. */
  async verdicts(view: RoundView, submissions: readonly Stored<Submission>[]): Promise<Map<string, UpdateVerdict> | undefined> {
    const found = await Promise.all(submissions.map(async (slot) => [slot.statement.participant, await this.#verdict(view, slot)] as const));
    const ripe = found.filter((entry): entry is [string, UpdateVerdict] => entry[1] !== 'later');
    return ripe.length < found.length ? undefined : new Map(ripe);
  }

  /** Masked updates, opened but for their masks, by participant; undefined while one may still be had, a code where one will not. */
  async masked(view: RoundView, submissions: readonly Stored<Submission>[]): Promise<Map<string, OpenedUpdate | { readonly code: Code }> | undefined> {
    const found = await Promise.all(submissions.map(async (slot) => [slot.statement.participant, await this.#attempt(view, slot, (opened) => opened)] as const));
    const ripe = found.filter((entry): entry is [string, OpenedUpdate | { code: Code }] => entry[1] !== 'later');
    return ripe.length < found.length ? undefined : new Map(ripe);
  }

  #verdict(view: RoundView, slot: Stored<Submission>): Promise<UpdateVerdict | 'later'> {
    const { participant } = slot.statement;
    if (participant === this.#site.config.mspId) return Promise.resolve(this.#ownVerdict(view.round, slot.statement));
    return this.#attempt(view, slot, ({ words }) => judgeUpdate(this.#study.document, slot.statement, words));
  }

  async #attempt<T>(view: RoundView, slot: Stored<Submission>, judge: (opened: OpenedUpdate) => T): Promise<T | { readonly code: Code } | 'later'> {
    const { participant } = slot.statement;
    try {
      await this.#assertSigned(slot);
      return judge(await this.#open(view, slot));
    } catch (error) {
      if (codeOf(error) === 'BLOB_MISMATCH') return { code: 'BLOB_MISMATCH' };
      if (fatal.has(codeOf(error) ?? '') || !(error instanceof CodedError)) throw error;
      return this.#unopened(view, participant, error as Error);
    }
  }

  /**
   * An update that does not open, for now or for good. Trouble with the own key management entity is no verdict on others; a blob
   * may still be fetched and served by somebody for half of the time to attest.
   */
  #unopened(view: RoundView, participant: string, error: Error): { readonly code: Code } | 'later' {
    const { report, now } = this.#site;
    const { state, round } = view;
    const code = codeOf(error) ?? '';
    this.#hindrance = { round, code: isCode(code) ? code : 'QKD_UNAVAILABLE' };
    const patient = state.state !== 'sealed' || now() < state.sealedAt + this.#study.document.rounds.attestMs / 2;
    if (!isQkd(error) && !patient) return { code: code === 'BLOB_MISSING' ? 'BLOB_MISSING' : 'UNOPENABLE' };
    report('waiting to open an update', { round, participant, code, message: error.message });
    return 'later';
  }

  #ownVerdict(round: number, statement: Submission): UpdateVerdict | 'later' {
    const words = this.#state.outbox.ownUpdate(round);
    if (words !== undefined) return judgeUpdate(this.#study.document, statement, words);
    this.#site.report('own update lost', { round });
    return 'later'; // the others attest; guessing would only dissent
  }

  async #assertSigned(slot: Stored<Submission>): Promise<void> {
    assertSignedBy('submission', slot, await this.#record(slot.statement.record));
  }

  async #record(name: string): Promise<ParticipantRecord> {
    const record = this.#records.get(name) ?? (await this.#site.ledger.getRecord(name))?.statement;
    if (record === undefined) throw new WorkerError('UNAVAILABLE', `the ledger does not give the record ${name}`);
    this.#records.set(name, record);
    return record;
  }

  /** The key pair that an update is sealed to: that of the present record, or of the one that its sender found. */
  async #kem({ header }: Pick<StoredUpdate, 'header'>): Promise<KemKeys> {
    const { config, keys, own } = this.#site;
    const name = header.recipients.find((entry) => entry.to === config.mspId)?.toRecord;
    if (name === undefined || name === own.digest) return keys.kem;
    return keys.former.find((await this.#record(name)).encapsulationKey) ?? keys.kem;
  }

  async #open(view: RoundView, slot: Stored<Submission>): Promise<OpenedUpdate> {
    const { statement } = slot;
    await using blob = await this.#site.source.open(statement.blob, blobUrls(this.#site, this.#study, [statement.participant, ...view.epoch.aggregators]));
    const sealed = await readChecked(blob, statement);
    const { contentKey, words } = await this.#unwrap(view, slot, sealed).catch((error: unknown) => {
      if (!mayBeRescued.has(codeOf(error) ?? '')) throw error;
      return this.#rescues.ask(view, slot, sealed);
    });
    this.#state.outbox.keepContentKey(submissionDigest(statement), view.round, contentKey);
    return { words, contentKey, commitments: await commitmentsIn(sealed) };
  }

  async #unwrap(view: RoundView, slot: Stored<Submission>, sealed: StoredUpdate): Promise<{ contentKey: Uint8Array; words: Uint8Array }> {
    const kept = this.#state.outbox.contentKey(submissionDigest(slot.statement));
    const contentKey = kept ?? unwrapFor(sealed, this.#site.config.mspId, await this.#kem(sealed), await this.#qkdKey(view.round, sealed));
    const payload = await openStored(sealed, contentKey);
    return { contentKey, words: await payload.all() };
  }

  async #qkdKey(round: number, { header }: StoredUpdate): Promise<Uint8Array | undefined> {
    const { config, kme } = this.#site;
    const wrap = header.recipients.find((entry) => entry.to === config.mspId);
    if (wrap === undefined || !needsQkd(wrap.suite)) return undefined;
    const { masterSae, keyIds } = wrap;
    if (kme === undefined || masterSae === undefined || keyIds === undefined) throw new WorkerError('QKD_UNAVAILABLE', `${config.mspId} has no key management entity to open the update of ${header.from}`);
    return this.#state.ring.fromSender(round, header.from, keyIds, () => kme.sameKey(masterSae, keyIds));
  }
}

/** Reads the head of a blob, which has its digest, and checks that it is the one of which the statement speaks. @throws CodedError BLOB_MISMATCH. */
export async function readChecked(blob: ByteSource, statement: Submission): Promise<StoredUpdate> {
  if (blob.length !== statement.blobBytes) throw new CodedError('BLOB_MISMATCH', 'the blob is not as long as its statement says');
  const sealed = await readStored(blob).catch((cause: unknown) => {
    throw cause instanceof CodedError ? new CodedError('BLOB_MISMATCH', 'the blob is no sealed update', { cause }) : cause;
  });
  assertHeaderOf(statement, sealed.header);
  return sealed;
}
