/** The statements that act on a round: submission, retraction, closing, attestation (PROTOCOL section 5). */
import { z } from 'zod';
import type { Digest } from '../encoding/digest.js';
import { CODES } from '../error.js';
import { approvalRefs, digest, epochNumber, hex32, hexHash, keyId, members, mspId, roundNumber, sortedBy, submissionSet, text, type SubmissionRef } from '../encoding/fields.js';
import { spentPrivacy } from '../privacy/terms.js';
import { sealingSuite } from '../crypto/suites.js';
import { statementDigest } from './statement.js';

/** A code of PROTOCOL section 12. */
export const code = z.enum(CODES);

/** Opening evidence: why the round is open, instead of a transaction that opens it (PROTOCOL section 4). */
export const openingEvidence = z.union([
  z.strictObject({ kind: z.literal('opening') }),
  z.strictObject({ kind: z.literal('ended'), attesters: members.min(1) }),
  z.strictObject({ kind: z.literal('aborted') }),
]);
export type OpeningEvidence = z.infer<typeof openingEvidence>;

/** How a statement names its round and its signer's record. */
const ofRound = { study: digest, epoch: epochNumber, round: roundNumber, record: digest };

/** Statement `submission` of a participant. */
export const submission = z.strictObject({
  ...ofRound,
  participant: mspId,
  after: openingEvidence,
  /** Digest of the round's base model, or `zeros` in the first round of a study that starts from zero. */
  base: z.union([z.literal('zeros'), digest]),
  blob: digest,
  blobBytes: z.int().min(1).max(4 * 1024 ** 3),
  /** Every aggregator of the round but the sender; `reason` where the suite is not the study's first. */
  sealed: sortedBy(
    z.strictObject({ to: mspId, record: digest, suite: sealingSuite, keyIds: z.array(keyId).max(64), reason: code.optional() }),
    (entry) => entry.to,
    64,
  ),
  /** Privacy spent so far, this round included; absent with `unit: none`. */
  privacy: spentPrivacy.optional(),
  /** Number of local examples, the weight w of the update: in visible mode only, since it is derived from patients. */
  numExamples: z.int().min(1).optional(),
  /** Commitment to the consent set and the block it was judged at; present when the study requires consent. */
  consent: z.strictObject({ commitment: hex32, height: z.int().min(1), block: digest }).optional(),
  /** The link of the participant's chain for this round; only with a committee. */
  beacon: hexHash.optional(),
  software: text,
});
export type Submission = z.infer<typeof submission>;

/** Statement `retraction` of an own submission before the seal. */
export const retraction = z.strictObject({ ...ofRound, participant: mspId, submission: digest, reason: code });
export type Retraction = z.infer<typeof retraction>;

/** Statement `closing`: closes a round at its deadline with the explicit list, or aborts it. */
export const closing = z.strictObject({
  ...ofRound,
  member: mspId,
  after: openingEvidence,
  kind: z.enum(['close', 'abort']),
  submissions: submissionSet,
  reason: code,
  /** An approved proposal of kind `abort`, and the approvals that carry it: aborts before the deadline. */
  proposal: digest.optional(),
  approvals: approvalRefs.optional(),
});
export type Closing = z.infer<typeof closing>;

/** What an aggregator found; attestations agree when the digests of their results are equal. */
export const result = z.strictObject({
  outcome: z.enum(['model', 'failure']),
  base: z.union([z.literal('zeros'), digest]),
  /** Digest of the set S, see `setDigest`. */
  set: digest,
  excluded: sortedBy(z.strictObject({ participant: mspId, code }), (entry) => entry.participant, 64),
  model: digest.optional(),
  /** Digest of the server strategy's state after the round, where the strategy has one; after a failure the one before. */
  state: digest.optional(),
  code: code.optional(),
  culprits: members.optional(),
  /** The beacon after the round; only with a committee. */
  beacon: hexHash.optional(),
});
export type Result = z.infer<typeof result>;

/** Statement `attestation` of an aggregator. */
export const attestation = z.strictObject({
  ...ofRound,
  aggregator: mspId,
  after: openingEvidence,
  submissions: submissionSet,
  result,
  /** H(frame("epione/v1/witness", study, round, aggregator) ‖ words of the sum); absent on failure. */
  witness: hexHash.optional(),
  /** Masked mode: the reveals that took the masks off, by the digest of their statement. Evidence, not compared. */
  reveals: sortedBy(z.strictObject({ participant: mspId, digest }), (entry) => entry.participant, 64).optional(),
  software: text,
});
export type Attestation = z.infer<typeof attestation>;

/** The submissions of a round's set that are in its result: those that were not excluded. */
export const usedIn = (set: readonly SubmissionRef[], { excluded }: Pick<Result, 'excluded'>): SubmissionRef[] => set.filter(({ participant }) => !excluded.some((entry) => entry.participant === participant));

/** The digest that attestations are compared by. */
export const resultDigest = (value: Result): Digest => statementDigest('result', value);
