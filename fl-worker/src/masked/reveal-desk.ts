/** Acknowledgements and reveals of masked rounds: what this site serves of its own, and what it fetches of the others (PROTOCOL section 8; decision 0024). */
import {
  acknowledgement, assertSignedBy, CodedError, encodeCanonical, expand, frame, openChunks, readSigned, reveal, sealChunks,
  type Acknowledgement, type Digest, type ParticipantRecord, type Reveal, type Signed, type StatementName,
} from '@epione/protocol';
import type { RoundView, StudyInForce } from '../round/course.js';
import { currentRecord } from '../round/course.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';

type Kind = 'acks' | 'reveals';

const slotForm = /\/(acks|reveals)\/([^/]+)\/([1-9][0-9]{0,4})\/([^/]+)$/;
const pathOf = (kind: Kind, study: Digest, round: number, mspId: string): string => `${kind}/${study}/${round}/${mspId}`;

/** What seals a reveal: everybody who can open the masked update can open it, nobody else. */
interface RevealSeal {
  readonly contentKey: Uint8Array;
  /** Digest of the masked update's blob. */
  readonly blob: Digest;
}

const revealKey = (contentKey: Uint8Array, { study, epoch, round }: Pick<Reveal, 'study' | 'epoch' | 'round'>, mspId: string): Uint8Array => expand(contentKey, frame('epione/v1/reveal', study, epoch, round, mspId), 32);
const revealContext = (blob: Digest): Uint8Array => frame('epione/v1/reveal', blob);

/** The bytes of a signed statement that travels outside the ledger. */
export const signedOf = (signed: Signed<Acknowledgement> | Signed<Reveal>): Uint8Array => encodeCanonical({ ...signed });

/** Seals a signed reveal for all who can open the masked update. @param salt 24 random bytes. */
export const sealReveal = (signed: Signed<Reveal>, { contentKey, blob }: RevealSeal, salt: Uint8Array): Uint8Array =>
  sealChunks(revealKey(contentKey, signed.statement, signed.statement.participant), revealContext(blob), signedOf(signed), salt);

/** Serves and fetches the slots of one study. */
export class RevealDesk {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #state: StudyState;
  /** What others serve, by path, so that it can be served on when they are gone. */
  readonly #fetched = new Map<string, Uint8Array>();

  constructor(site: Site, study: StudyInForce, state: StudyState) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
  }

  /** What a slot holds; undefined when it is empty or another desk's. */
  serve(path: string): Uint8Array | undefined {
    const [, kind, study, round, mspId] = slotForm.exec(path) ?? [];
    if (study !== this.#study.digest || mspId === undefined) return undefined;
    if (mspId !== this.#site.config.mspId) return this.#fetched.get(path.slice(path.indexOf(`/${kind ?? ''}/`) + 1));
    const own = this.#state.masks.revealed(Number(round));
    return kind === 'acks' ? own && new TextEncoder().encode(own.acknowledgement) : own?.sealed;
  }

  /** A slot's bytes, from its owner or from whoever has fetched them; undefined when nobody gives them. */
  async #slot(kind: Kind, view: RoundView, mspId: string): Promise<Uint8Array | undefined> {
    const { config, ledger, source } = this.#site;
    const path = pathOf(kind, this.#study.digest, view.round, mspId);
    for (const holder of new Set([mspId, ...view.epoch.aggregators])) {
      if (holder === config.mspId) continue;
      const record = await currentRecord(ledger, holder).catch(() => undefined);
      const bytes = record && (await source.slot(record.record.blobUrl, path).catch(() => undefined));
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  #keep(kind: Kind, view: RoundView, mspId: string, bytes: Uint8Array): void {
    // Of the round before somebody may still need what he missed.
    for (const path of this.#fetched.keys()) if (Number(path.split('/')[2]) < view.round - 1) this.#fetched.delete(path);
    this.#fetched.set(pathOf(kind, this.#study.digest, view.round, mspId), bytes);
  }

  async #recordOf(view: RoundView, mspId: string): Promise<ParticipantRecord> {
    const named = view.epoch.participants.find((entry) => entry.mspId === mspId)?.record;
    const found = named === undefined ? undefined : await this.#site.ledger.getRecord(named);
    if (found === undefined) throw new CodedError('UNAVAILABLE', `the ledger does not give the record of ${mspId}`);
    return found.statement;
  }

  /** Reads and checks a signed statement of a participant about this round; undefined when it is none. */
  async #checked<T extends Acknowledgement | Reveal>(name: StatementName & ('acknowledgement' | 'reveal'), schema: Parameters<typeof readSigned>[1], view: RoundView, mspId: string, bytes: Uint8Array): Promise<Signed<T> | undefined> {
    try {
      const signed = readSigned(name, schema, bytes) as unknown as Signed<T>;
      const { study, epoch, round, participant } = signed.statement;
      assertSignedBy(name, signed, await this.#recordOf(view, mspId));
      return [study, epoch, round, participant].join() === [this.#study.digest, view.epoch.epoch, view.round, mspId].join() ? signed : undefined;
    } catch (error) {
      if (error instanceof CodedError && error.code !== 'UNAVAILABLE') return undefined;
      throw error;
    }
  }

  /** A participant's acknowledgement of this round's set. */
  async acknowledgement(view: RoundView, mspId: string): Promise<Signed<Acknowledgement> | undefined> {
    const bytes = await this.#slot('acks', view, mspId);
    const signed = bytes && (await this.#checked<Acknowledgement>('acknowledgement', acknowledgement, view, mspId, bytes));
    if (bytes !== undefined && signed !== undefined) this.#keep('acks', view, mspId, bytes);
    return signed;
  }

  /** Whether a participant's reveal is there to be had, opened or not. */
  async hasReveal(view: RoundView, mspId: string): Promise<boolean> {
    return (await this.#slot('reveals', view, mspId)) !== undefined;
  }

  /** A participant's reveal of this round's set; undefined when there is none that opens and is signed by it. */
  async reveal(view: RoundView, mspId: string, { contentKey, blob }: RevealSeal): Promise<Signed<Reveal> | undefined> {
    const own = mspId === this.#site.config.mspId;
    const bytes = own ? this.#state.masks.revealed(view.round)?.sealed : await this.#slot('reveals', view, mspId);
    if (bytes === undefined) return undefined;
    const at = { study: this.#study.digest, epoch: view.epoch.epoch, round: view.round };
    let opened: Uint8Array;
    try {
      opened = openChunks(revealKey(contentKey, at, mspId), revealContext(blob), bytes);
    } catch {
      return undefined;
    }
    const signed = await this.#checked<Reveal>('reveal', reveal, view, mspId, opened);
    if (!own && signed !== undefined) this.#keep('reveals', view, mspId, bytes);
    return signed;
  }
}
