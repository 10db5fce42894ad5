/** The aggregator's part in a round: fetch what was sealed, open it, sum it, attest what came out. */
import {
  CodedError, aggregate, assertHeaderOf, assertSignedBy, digestOf, judgeUpdate, needsQkd, openPayload, readSealed, sign, slotOwner, submissionDigest, unwrapFor, witnessOf,
  type Aggregated, type Attestation, type SealedUpdate, type Stored, type Submission, type SubmissionRef, type UpdateVerdict,
} from '@epione/protocol';
import { WorkerError } from '../error.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';
import { baseModel, blobUrls, keepModel, type RoundView, type StudyInForce } from './course.js';
import { codeOf, costsRound } from './refusal.js';
import type { RescueDesk } from './rescue.js';
import { software } from './seal.js';

/** Faults of the ledger's answer, not of a submission. */
const fatal: ReadonlySet<string> = new Set(['UNAVAILABLE', 'BAD_SIGNATURE']);

/** The own wrap is of no use; others may have a good one. */
const mayBeRescued: ReadonlySet<string> = new Set(['UNOPENABLE', 'QKD_KEY_NOT_FOUND', 'QKD_NOT_ENTITLED']);

/** Recomputes a study's rounds, one after the other. */
export class Aggregator {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #state: StudyState;

  readonly #rescues: RescueDesk;

  constructor(site: Site, study: StudyInForce, state: StudyState, rescues: RescueDesk) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
    this.#rescues = rescues;
  }

  /** Whether this site's attestation of a round is on the ledger. */
  attested(view: RoundView): boolean {
    return view.records.attestations.some((entry) => entry.statement.aggregator === this.#site.config.mspId);
  }

  /**
   * Does what is due in a sealed round, or in one that others have ended.
   * @returns false when an update could not be opened yet and another try is due.
   * @throws errors that stop the worker, and passing ones.
   */
  async step(view: RoundView, set: readonly SubmissionRef[]): Promise<boolean> {
    const { outbox, log } = this.#state;
    const { round } = view;
    if (this.attested(view)) return true;
    if (outbox.find('attestation', round) === undefined) {
      log.now(round, 'aggregating');
      const done = await log.measure(round, 'aggregation', this.#site.elapsed, () => this.#aggregate(view, set));
      if (!done) return false;
    }
    await this.#attest(round);
    return true;
  }

  async #attest(round: number): Promise<void> {
    const { outbox, log } = this.#state;
    const stored = outbox.find('attestation', round);
    if (stored === undefined || stored.committed) return;
    log.now(round, 'attesting');
    try {
      await log.measure(round, 'ledger', this.#site.elapsed, () => this.#site.ledger.attest(stored.signed));
      const { outcome, model, code } = stored.signed.statement.result;
      this.#site.report('attested', { round, outcome, model, code });
    } catch (error) {
      if (!costsRound(error)) throw error;
      this.#site.report('attestation refused', { round, code: codeOf(error), message: (error as Error).message });
    }
    outbox.committed('attestation', round);
  }

  async #aggregate(view: RoundView, set: readonly SubmissionRef[]): Promise<boolean> {
    const { document } = this.#study;
    const submissions = set.map((entry) => this.#submissionOf(view, entry));
    const parameters = await baseModel(this.#site, this.#study, view.opened.base);
    const found = await Promise.all(submissions.map((slot) => this.#verdict(view, slot)));
    if (found.includes('later')) return false;
    const verdicts = new Map(submissions.map((slot, at) => [slot.statement.participant, found[at] as UpdateVerdict]));
    const aggregated = aggregate(document, view.opened.base, parameters, set, verdicts);
    if (aggregated.model !== undefined) await keepModel(this.#site, aggregated.model);
    this.#state.outbox.keepAttestation(sign('attestation', this.#statement(view, set, aggregated), this.#site.keys.signer));
    this.#site.report('aggregated', { round: view.round, updates: set.length - aggregated.result.excluded.length, excluded: aggregated.result.excluded });
    return true;
  }

  #statement(view: RoundView, set: readonly SubmissionRef[], { result, sum }: Aggregated): Attestation {
    const { config, own } = this.#site;
    return {
      study: this.#study.digest, epoch: view.epoch.epoch, round: view.round, aggregator: config.mspId, record: own.digest, after: view.after,
      submissions: [...set], result, ...(sum === undefined ? {} : { witness: witnessOf(this.#study.digest, view.round, config.mspId, sum) }), software,
    };
  }

  #submissionOf(view: RoundView, { participant, digest }: SubmissionRef): Stored<Submission> {
    const slot = view.records.slots.find((entry) => slotOwner(entry) === participant);
    if (slot?.kind !== 'submission' || submissionDigest(slot.statement) !== digest) throw new WorkerError('WRONG_SET', `the ledger's set of round ${view.round} names another submission of ${participant} than its slot holds`);
    return slot;
  }

  /** What becomes of one submission; `later` while its bytes or its key may still come. */
  async #verdict(view: RoundView, slot: Stored<Submission>): Promise<UpdateVerdict | 'later'> {
    const { config, report, now } = this.#site;
    const { participant } = slot.statement;
    if (participant === config.mspId) return this.#ownVerdict(view.round);
    try {
      await this.#assertSigned(slot);
      return judgeUpdate(this.#study.document, slot.statement, await this.#open(view, slot));
    } catch (error) {
      if (codeOf(error) === 'BLOB_MISMATCH') return { code: 'BLOB_MISMATCH' };
      if (fatal.has(codeOf(error) ?? '') || !(error instanceof CodedError)) throw error;
      const code = codeOf(error) === 'BLOB_MISSING' ? 'BLOB_MISSING' : 'UNOPENABLE';
      // The others need time to fetch and serve it, or the key entity to come back; half of the time to attest is theirs.
      if (view.state.state !== 'sealed' || now() < view.state.sealedAt + this.#study.document.rounds.attestMs / 2) {
        report('waiting to open an update', { round: view.round, participant, code: codeOf(error), message: error.message });
        return 'later';
      }
      return { code };
    }
  }

  #ownVerdict(round: number): UpdateVerdict | 'later' {
    const words = this.#state.outbox.ownUpdate(round);
    if (words !== undefined) return { words };
    this.#site.report('own update lost', { round });
    return 'later'; // the others attest; guessing would only dissent
  }

  async #assertSigned(slot: Stored<Submission>): Promise<void> {
    const record = await this.#site.ledger.getRecord(slot.statement.record);
    if (record === undefined) throw new WorkerError('UNAVAILABLE', `the ledger does not give the record ${slot.statement.record}`);
    assertSignedBy('submission', slot, record.statement);
  }

  async #open(view: RoundView, slot: Stored<Submission>): Promise<Uint8Array> {
    const { statement } = slot;
    const blob = await this.#site.source.get(statement.blob, await blobUrls(this.#site, this.#study, [statement.participant, ...view.epoch.aggregators]));
    const sealed = readChecked(blob, statement);
    const { contentKey, words } = await this.#unwrap(view, slot, sealed).catch((error: unknown) => {
      if (!mayBeRescued.has(codeOf(error) ?? '')) throw error;
      return this.#rescues.ask(view, slot, sealed);
    });
    this.#state.outbox.keepContentKey(submissionDigest(statement), view.round, contentKey);
    return words;
  }

  async #unwrap(view: RoundView, slot: Stored<Submission>, sealed: SealedUpdate): Promise<{ contentKey: Uint8Array; words: Uint8Array }> {
    const kept = this.#state.outbox.contentKey(submissionDigest(slot.statement));
    const contentKey = kept ?? unwrapFor(sealed, this.#site.config.mspId, this.#site.keys.kem, await this.#qkdKey(view.round, sealed));
    return { contentKey, words: openPayload(sealed, contentKey) };
  }

  async #qkdKey(round: number, { header }: SealedUpdate): Promise<Uint8Array | undefined> {
    const { config, kme } = this.#site;
    const wrap = header.recipients.find((entry) => entry.to === config.mspId);
    if (wrap === undefined || !needsQkd(wrap.suite)) return undefined;
    const { masterSae, keyIds } = wrap;
    if (kme === undefined || masterSae === undefined || keyIds === undefined) throw new WorkerError('QKD_UNAVAILABLE', `${config.mspId} has no key management entity to open the update of ${header.from}`);
    return this.#state.ring.fromSender(round, header.from, keyIds, () => kme.sameKey(masterSae, keyIds));
  }
}

/** Reads a blob that has its digest and checks that its header is the statement's. @throws CodedError BLOB_MISMATCH. */
function readChecked(blob: Uint8Array, statement: Submission): SealedUpdate {
  if (blob.length !== statement.blobBytes || digestOf(blob) !== statement.blob) throw new CodedError('BLOB_MISMATCH', 'the blob is not as long as its statement says');
  let sealed: SealedUpdate;
  try {
    sealed = readSealed(blob);
  } catch (cause) {
    throw new CodedError('BLOB_MISMATCH', 'the blob is no sealed update', { cause });
  }
  assertHeaderOf(statement, sealed.header);
  return sealed;
}
