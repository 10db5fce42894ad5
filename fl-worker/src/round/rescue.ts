/**
 * Rescue (PROTOCOL section 6): an aggregator whose wrap does not open, because its QKD key was lost or the wrap is bad, gets the
 * content key from whoever has it, sealed to it anew. The payload's commitment proves that it is the right one.
 */
import {
  epochOf, openPayload, openStored, readSealed, sealedSet, sealUpdate, slotOwner, submissionDigest, unwrapFor,
  type Digest, type Stored, type StoredUpdate, type Submission,
} from '@epione/protocol';
import { WorkerError } from '../error.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';
import { currentRecord, type RoundView, type StudyInForce } from './course.js';
import { keyFor, recipientWith, wipeSecrets } from './seal.js';

/** The slot where a member serves its rescue of a sender's content key for another aggregator. */
const slotPath = (study: Digest, round: number, sender: string, to: string): string => `rescues/${study}/${round}/${sender}/${to}`;
const slotForm = /\/rescues\/([^/]+)\/([1-9][0-9]{0,4})\/([^/]+)\/([^/]+)$/;

/** Gives and asks for rescues. */
export class RescueDesk {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #state: StudyState;
  /** One at a time, because a slot is made once. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(site: Site, study: StudyInForce, state: StudyState) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
  }

  /** What a slot holds, made when it is first asked for; undefined when this site cannot or may not help. */
  async serve(path: string): Promise<Uint8Array | undefined> {
    const [, study, round, sender, to] = slotForm.exec(path) ?? [];
    if (study !== this.#study.digest || sender === undefined || to === undefined) return undefined;
    const turn = this.#last.then(() => this.#slot(Number(round), sender, to));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #slot(round: number, sender: string, to: string): Promise<Uint8Array | undefined> {
    const { outbox, ring } = this.#state;
    const { config, own, ledger } = this.#site;
    const { document, digest, course } = this.#study;
    const kept = outbox.rescue(round, sender, to);
    if (kept !== undefined) return kept;
    const epoch = epochOf(course, round);
    if (epoch === undefined || to === config.mspId || !epoch.aggregators.includes(to)) return undefined;
    const records = await ledger.getRound(digest, round);
    const submission = sealedSet(document, epoch, records)?.find((entry) => entry.participant === sender);
    // Of a committee's round, only those whom the sender has sealed to.
    const meant = to === sender || records.slots.some((slot) => slot.kind === 'submission' && slotOwner(slot) === sender && slot.statement.sealed.some((entry) => entry.to === to));
    const contentKey = submission === undefined || !meant ? undefined : outbox.contentKey(submission.digest);
    if (contentKey === undefined) return undefined;
    const key = await keyFor(this.#site, this.#study, ring, to, document.suites.qkdMissing === 'fallback');
    const recipients = [recipientWith(this.#site, key)];
    const sealed = sealUpdate({
      study: digest, epoch: epoch.epoch, round, purpose: 'rescue', from: config.mspId, fromRecord: own.digest, recipients,
      payload: contentKey, contentKey: this.#site.random(32), salt: this.#site.random(24),
    });
    wipeSecrets(recipients);
    outbox.keepRescue(round, sender, to, sealed, key.qkd?.keyIds ?? []);
    this.#site.report('rescued', { round, participant: sender, to });
    return sealed;
  }

  /**
   * Asks the sender, then the other aggregators, for the content key of a sealed update.
   * @throws WorkerError UNOPENABLE when nobody gives one that opens it.
   */
  async ask(view: RoundView, slot: Stored<Submission>, update: StoredUpdate): Promise<{ contentKey: Uint8Array; words: Uint8Array }> {
    const { config, report } = this.#site;
    const { participant } = slot.statement;
    for (const member of new Set([participant, ...view.aggregators])) {
      if (member === config.mspId) continue;
      try {
        const contentKey = await this.#rescuedBy(member, view, participant);
        const words = await (await openStored(update, contentKey)).all();
        report('rescued by another member', { round: view.round, participant, by: member });
        return { contentKey, words };
      } catch (error) {
        report('no rescue', { round: view.round, participant, by: member, message: (error as Error).message });
      }
    }
    throw new WorkerError('UNOPENABLE', `nobody gives a content key that opens ${submissionDigest(slot.statement)}`);
  }

  async #rescuedBy(member: string, view: RoundView, sender: string): Promise<Uint8Array> {
    const { config, keys, kme, source, ledger } = this.#site;
    const { digest, record } = await currentRecord(ledger, member);
    const bytes = await source.slot(record.blobUrl, slotPath(this.#study.digest, view.round, sender, config.mspId));
    const sealed = readSealed(bytes);
    const { header } = sealed;
    const said = [header.study, header.epoch, header.round, header.purpose, header.from, header.fromRecord];
    if (said.join() !== [this.#study.digest, view.epoch.epoch, view.round, 'rescue', member, digest].join()) throw new WorkerError('BLOB_MISMATCH', 'the slot holds another object');
    const [wrap] = header.recipients;
    const { masterSae, keyIds } = wrap ?? {};
    const qkdKey = masterSae === undefined || keyIds === undefined || kme === undefined
      ? undefined
      : await this.#state.ring.fromSender(view.round, `${sender} by ${member}`, keyIds, () => kme.sameKey(masterSae, keyIds));
    return openPayload(sealed, unwrapFor(sealed, config.mspId, keys.kem, qkdKey));
  }
}
