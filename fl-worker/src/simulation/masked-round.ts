/** A round of masked mode in memory: every site masks, deals shares and reveals, as on a network, with keys from the seed. */
import { maskUpdate, padNeed, revealFor, setDigest, unmask, updateLength, vectorLength, type MaskedSubmission, type Reveal, type Roster, type Study, type SubmissionRef, type Unmasked } from '@epione/protocol';
import { seededBytes } from '../random.js';

/** What a site shares with each other one in a round, a key or a piece of a pad: equal at both ends. */
const sharedBy = (study: Study, { participants, round }: Roster, seed: string, mspId: string): Map<string, Uint8Array> =>
  new Map(participants.filter((id) => id !== mspId).map((other) => [other, seededBytes('pair', seed, round, ...[mspId, other].sort())(padNeed(study)?.bytes ?? 64)]));

/**
 * The sum of a set of updates, taken under masks.
 * @param words of the sites that submitted, by MSP ID.
 */
export function maskedRound(study: Study, roster: Roster, seed: string, set: readonly SubmissionRef[], words: ReadonlyMap<string, Uint8Array>): Unmasked {
  const { bits } = study.encoding;
  const present = set.map(({ participant }) => participant);
  const submissions: MaskedSubmission[] = [];
  const reveals = new Map<string, Reveal>();
  for (const { participant, digest } of set) {
    const random = seededBytes('mask', seed, roster.round, participant);
    const own = random(32);
    const shared = sharedBy(study, roster, seed, participant);
    submissions.push({ participant, ...maskUpdate(words.get(participant) as Uint8Array, bits, roster, participant, own, shared, random) });
    const { study: of, epoch, round } = roster;
    reveals.set(participant, { study: of, epoch, round, participant, record: digest, set: setDigest(set), ...revealFor(roster, present, participant, own, shared, []) });
  }
  return unmask(roster, bits, vectorLength(bits, updateLength(study, study.model.dimension)), submissions, reveals);
}
