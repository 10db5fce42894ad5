/** An aggregator's part in a masked round: open all masked updates, gather the reveals, take the masks off the sum. */
import { setDigest, statementDigest, unmask, updateLength, vectorLength, type Attestation, type Code, type MaskedSubmission, type Reveal, type Signed, type Stored, type Submission, type SubmissionRef, type Unmasked } from '@epione/protocol';
import type { Opener, OpenedUpdate } from '../round/opener.js';
import type { RoundView, StudyInForce } from '../round/course.js';
import type { Site } from '../site/site.js';
import type { RevealDesk } from './reveal-desk.js';
import { rosterOf } from './revealer.js';

/** What became of a masked round, and the reveals that show it. */
export interface MaskedSum {
  readonly outcome: Unmasked;
  readonly reveals: NonNullable<Attestation['reveals']>;
  readonly gathered: readonly Signed<Reveal>[];
}

/** Reveals that may still come. */
const mayCome: ReadonlySet<Code> = new Set(['REVEAL_MISSING', 'TOO_FEW_SHARES', 'PAD_LOST', 'REVEAL_MISMATCH', 'SHARE_MISMATCH']);
/** The share of the time to attest after which what is missing is taken as lost; the first quarter is for reveals, the second for shares. */
const patience = 0.75;

/** Gathers the reveals of a set for this site's view of it. */
async function gather(desk: RevealDesk, view: RoundView, set: readonly SubmissionRef[], submissions: readonly Stored<Submission>[], opened: ReadonlyMap<string, OpenedUpdate>): Promise<Map<string, Signed<Reveal>>> {
  const wanted = setDigest(set);
  const found = await Promise.all(submissions.map(async ({ statement: { participant, blob } }) => {
    const contentKey = opened.get(participant)?.contentKey;
    const signed = contentKey === undefined ? undefined : await desk.reveal(view, participant, { contentKey, blob });
    return signed?.statement.set === wanted ? [[participant, signed] as const] : [];
  }));
  return new Map(found.flat());
}

/**
 * The sum of a sealed round without its masks, or why there is none.
 * @returns undefined while another look may find more.
 */
export async function maskedSum(site: Site, study: StudyInForce, opener: Opener, desk: RevealDesk, view: RoundView, set: readonly SubmissionRef[], submissions: readonly Stored<Submission>[]): Promise<MaskedSum | undefined> {
  const updates = await opener.masked(view, submissions);
  if (updates === undefined) return undefined;
  const bad = [...updates].flatMap(([participant, update]) => ('code' in update ? [{ participant, code: update.code }] : []));
  const [first] = bad;
  // Without one masked update the masks of the others do not cancel.
  if (first !== undefined) return { outcome: { code: first.code, culprits: bad.filter(({ code }) => code === first.code).map(({ participant }) => participant) }, reveals: [], gathered: [] };
  const opened = new Map([...updates].flatMap(([participant, update]) => ('words' in update ? [[participant, update] as const] : [])));
  const reveals = await gather(desk, view, set, submissions, opened);
  const masked: MaskedSubmission[] = [...opened].map(([participant, { words, commitments }]) => ({ participant, words, commitments })).sort((a, b) => (a.participant < b.participant ? -1 : 1));
  const { bits } = study.document.encoding;
  const outcome = unmask(rosterOf(study, view), bits, vectorLength(bits, updateLength(study.document, study.document.model.dimension)), masked, new Map([...reveals].map(([participant, { statement }]) => [participant, statement])));
  const { state } = view;
  // Where others found the sum, what is missing here is no failure of the round: a late attestation of one would only dissent.
  const patient = state.state === 'final' || (state.state === 'sealed' && site.now() < state.sealedAt + study.document.rounds.attestMs * patience);
  if ('code' in outcome && mayCome.has(outcome.code) && patient) {
    site.report('waiting for reveals', { round: view.round, code: outcome.code, of: outcome.culprits });
    return undefined;
  }
  return { outcome, reveals: [...reveals].map(([participant, { statement }]) => ({ participant, digest: statementDigest('reveal', statement) })).sort((a, b) => (a.participant < b.participant ? -1 : 1)), gathered: [...reveals.values()].map(({ signature, statement }) => ({ signature, statement })) };
}
