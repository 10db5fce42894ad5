/** A participant's part after the seal: acknowledge the set, reveal what it permits once the others have acknowledged it too, stand in for who falls silent (PROTOCOL section 8, step 3). */
import {
  allOf, canStandIn, Commitments, commitmentsIn, expansionOf, participantsOf, readStored, revealFor, setDigest, sign, submissionDigest, thresholdOf,
  type Acknowledgement, type DealtBundle, type Digest, type Reveal, type Roster, type Signed, type StoredUpdate, type Submission, type SubmissionRef,
} from '@epione/protocol';
import { WorkerError } from '../error.js';
import { blobUrls, submissionIn, type RoundView, type StudyInForce } from '../round/course.js';
import { codeOf } from '../round/refusal.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';
import { sealReveal, signedOf, type RevealDesk } from './reveal-desk.js';
import { sharedInRound } from './set-up.js';

/** A round's roster as the masks know it. */
export const rosterOf = (study: Pick<StudyInForce, 'digest' | 'document'>, { epoch, round }: Pick<RoundView, 'epoch' | 'round'>): Roster => ({ study: study.digest, epoch: epoch.epoch, round, participants: participantsOf(epoch), expansion: expansionOf(study.document) });

/** Acknowledges and reveals in one study's rounds. */
export class Revealer {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #state: StudyState;
  readonly #desk: RevealDesk;
  /** Rounds in which the pairs inside the set were found to have committed alike. */
  readonly #alike = new Set<number>();
  /** Members of the running round's set for whom this site has given shares. */
  #stoodIn: { round: number; members: Set<string> } = { round: 0, members: new Set() };

  constructor(site: Site, study: StudyInForce, state: StudyState, desk: RevealDesk) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
    this.#desk = desk;
  }

  /** Does what is due in a sealed round. What keeps this site from revealing is told; the next look may find it otherwise. */
  async step(view: RoundView, set: readonly SubmissionRef[]): Promise<void> {
    const { config, report } = this.#site;
    const own = set.find((entry) => entry.participant === config.mspId);
    if (own === undefined || this.#state.masks.own(view.round) === undefined) return;
    try {
      if (await this.#agreed(view, set)) await this.#reveal(view, set, submissionIn(view, own).statement);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      report('cannot reveal yet', { round: view.round, code: codeOf(error), message: (error as Error).message });
    }
  }

  /** Whether a threshold of the roster has acknowledged the set that this site's peer shows. @throws WorkerError SET_DIFFERS. */
  async #agreed(view: RoundView, set: readonly SubmissionRef[]): Promise<boolean> {
    const { masks } = this.#state;
    const { round, opened } = view;
    const wanted = setDigest(set);
    const said = masks.revealed(round);
    if (said !== undefined && said.set !== wanted) throw new WorkerError('SET_DIFFERS', `round ${round} was sealed with another set before, which this site has acknowledged`);
    if (said?.sealed !== undefined) return true;
    const members = set.map(({ participant }) => participant);
    const noise = this.#study.document.privacy.unit !== 'none';
    if (!noise && masks.revealedForOthers(opened.base, members)) throw new WorkerError('SET_DIFFERS', `this site has revealed over the base of round ${round} for other participants, and without noise two sums tell the difference of their sets`);
    if (said === undefined) masks.acknowledge(round, opened.base, members, wanted, new TextDecoder().decode(signedOf(this.#acknowledgement(view, wanted))));
    const others = await Promise.all(set.filter(({ participant }) => participant !== this.#site.config.mspId).map(({ participant }) => this.#desk.acknowledgement(view, participant)));
    const heard = others.filter((found) => found !== undefined).map(({ statement }) => statement);
    const strays = heard.filter((statement) => statement.set !== wanted);
    if (strays.length > 0) throw new WorkerError('SET_DIFFERS', `${strays.map(({ participant }) => participant).join(', ')} acknowledged another set of round ${round}`, { remedy: 'The peers show different ledgers: compare their blocks before anything else.' });
    return heard.length + 1 >= thresholdOf({ participants: participantsOf(view.epoch) });
  }

  #acknowledgement(view: RoundView, set: Digest): Signed<Acknowledgement> {
    const { config, own, keys } = this.#site;
    return sign('acknowledgement', { study: this.#study.digest, epoch: view.epoch.epoch, round: view.round, participant: config.mspId, record: own.digest, set }, keys.signer);
  }

  /** Reveals, and once more with shares when members of the set have fallen silent. */
  async #reveal(view: RoundView, set: readonly SubmissionRef[], statement: Submission): Promise<void> {
    const { masks } = this.#state;
    const { round } = view;
    const before = masks.revealed(round)?.sealed;
    const silent = before === undefined ? [] : await this.#silent(view, set);
    if (before !== undefined && silent.length === 0) return;
    if (!this.#alike.has(round)) await this.#assertAlike(view, set);
    this.#alike.add(round);
    const { config, own, keys, random, report } = this.#site;
    const roster = rosterOf(this.#study, view);
    const shared = await sharedInRound(this.#site, this.#study, this.#state, view.epoch, round);
    const bundles = await Promise.all(silent.map((ref) => this.#bundle(view, ref)));
    const contentKey = this.#state.outbox.contentKey(submissionDigest(statement));
    const seed = masks.own(round);
    if (contentKey === undefined || seed === undefined) throw new WorkerError('REVEAL_MISSING', `the secrets of round ${round} are not in the state of this site`);
    const signed: Signed<Reveal> = sign('reveal', {
      study: this.#study.digest, epoch: view.epoch.epoch, round, participant: config.mspId, record: own.digest, set: setDigest(set),
      ...revealFor(roster, set.map(({ participant }) => participant), config.mspId, seed, shared, bundles),
    }, keys.signer);
    masks.keepReveal(round, sealReveal(signed, { contentKey, blob: statement.blob }, random(24)));
    for (const { dealer } of bundles) this.#stoodIn.members.add(dealer);
    report(silent.length === 0 ? 'revealed' : 'gave shares', { round, of: silent.map(({ participant }) => participant) });
  }

  /** Members of the set whose reveal is missing after a quarter of the time to attest, and of whom this site has given no share; none where shares would not do. */
  async #silent(view: RoundView, set: readonly SubmissionRef[]): Promise<readonly SubmissionRef[]> {
    const { state, round } = view;
    if (this.#stoodIn.round !== round) this.#stoodIn = { round, members: new Set() };
    if (state.state !== 'sealed' || this.#site.now() < state.sealedAt + this.#study.document.rounds.attestMs / 4) return [];
    const roster = rosterOf(this.#study, view);
    const members = set.map(({ participant }) => participant);
    const others = set.filter(({ participant }) => participant !== this.#site.config.mspId && !this.#stoodIn.members.has(participant) && canStandIn(roster, members, participant));
    const there = await Promise.all(others.map(({ participant }) => this.#desk.hasReveal(view, participant)));
    const missing = others.filter((_, at) => there[at] === false);
    // A second reveal replaces the first, so it gives all shares again.
    return missing.length === 0 ? [] : [...missing, ...set.filter(({ participant }) => this.#stoodIn.members.has(participant))];
  }

  async #stored<T>(view: RoundView, ref: SubmissionRef, read: (update: StoredUpdate) => Promise<T>): Promise<T> {
    const { blob } = submissionIn(view, ref).statement;
    await using source = await this.#site.source.open(blob, blobUrls(this.#site, this.#study, [ref.participant, ...view.epoch.aggregators]));
    return await read(await readStored(source));
  }

  /** @throws WorkerError PAIR_MISMATCH naming the pair. */
  async #assertAlike(view: RoundView, set: readonly SubmissionRef[]): Promise<void> {
    const roster = rosterOf(this.#study, view);
    const all = await Promise.all(set.map(async (ref) => ({ id: ref.participant, commitments: new Commitments(roster, ref.participant, await this.#stored(view, ref, commitmentsIn)) })));
    for (const [at, one] of all.entries()) {
      for (const other of all.slice(at + 1)) {
        if (Buffer.compare(one.commitments.pair(other.id), other.commitments.pair(one.id)) !== 0) throw new WorkerError('PAIR_MISMATCH', `${one.id} and ${other.id} committed to different seeds in round ${view.round}`);
      }
    }
  }

  async #bundle(view: RoundView, ref: SubmissionRef): Promise<DealtBundle> {
    const { mspId } = this.#site.config;
    const bytes = await this.#stored(view, ref, async ({ header, further }) => {
      const section = further[header.sections.slice(1).findIndex(({ kind, to }) => kind === 'bundle' && to === mspId)];
      return section === undefined ? new Uint8Array() : allOf(section);
    });
    return { dealer: ref.participant, bytes };
  }
}
