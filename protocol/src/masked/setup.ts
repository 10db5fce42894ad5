/** The set-up of an epoch of masked mode: what each participant agreed on with those above it, and the rules for it (PROTOCOL sections 4, 5, 8). */
import { z } from 'zod';

import type { Course, Epoch } from '../rules/course.js';
import { refuseUnless } from '../error.js';
import { digest, epochNumber, keyId, mspId, roundNumber, sortedBy } from '../encoding/fields.js';
import type { Stored } from '../statements/signed.js';
import { statementDigest } from '../statements/statement.js';
import type { Study } from '../statements/study.js';
import { expansionOf } from './roster.js';
import { assertSuites } from '../rules/suite-rules.js';
import { code } from '../statements/submission.js';
import { sealingSuite } from '../crypto/suites.js';

/** Statement `setup` of a participant: its pair keys with all participants of higher MSP ID. */
export const setup = z.strictObject({
  study: digest,
  epoch: epochNumber,
  /** First round of the epoch. */
  from: roundNumber,
  participant: mspId,
  record: digest,
  /** Digest of the object of purpose `pair`; absent where there are no pairs. */
  blob: digest.optional(),
  pairs: sortedBy(z.strictObject({ to: mspId, record: digest, suite: sealingSuite, keyIds: z.array(keyId).max(64), /** Of the pad for the whole epoch, with `mask-otp`. */ padKeyIds: z.array(keyId).min(1).max(256).optional(), reason: code.optional() }), (entry) => entry.to, 64),
});
export type Setup = z.infer<typeof setup>;

/** Set-ups of an epoch, by MSP ID. */
export type Setups = ReadonlyMap<string, Stored<Setup>>;

/**
 * A set-up for the next epoch of a study; until that is opened, a participant may write another one.
 * @param course absent before the study is opened.
 * @throws CodedError BAD_FIELD in visible mode or for pairs with oneself or lower ones, EPOCH_NOT_NEW, SUITE_REFUSED.
 */
export function assertSetup(study: Study, course: Course | undefined, statement: Setup): void {
  const { participant, pairs, epoch, blob } = statement;
  const padded = expansionOf(study) === 'mask-otp';
  const last = course?.epochs.at(-1);
  refuseUnless(epoch === (last?.epoch ?? 0) + 1 && statement.from > (last?.from ?? 0), 'EPOCH_NOT_NEW', `the next epoch is ${(last?.epoch ?? 0) + 1}, from a round after ${last?.from ?? 0}`);
  refuseUnless(pairs.every(({ to }) => to > participant), 'BAD_FIELD', `setup.pairs: ${participant} agrees with those of higher MSP ID`);
  refuseUnless((blob === undefined) === (pairs.length === 0), 'BAD_FIELD', 'setup.blob: belongs to pairs');
  refuseUnless(pairs.every(({ padKeyIds }) => (padKeyIds !== undefined) === padded), 'BAD_FIELD', 'setup.pairs.padKeyIds: belong to mask-otp, and are needed there');
  assertSuites(study, pairs);
}

/**
 * That an epoch names a set-up of each participant, all for this roster and its records.
 * @throws CodedError SETUP_MISSING; EPOCH_WRONG for set-ups of other participants, records or rounds; BAD_FIELD in visible mode.
 */
export function assertSetups({ aggregation }: Pick<Study, 'aggregation'>, { participants, from, epoch }: Epoch, setups: Setups): void {
  for (const { mspId: id, record, setup: named } of participants) {
    if (aggregation.mode === 'visible') {
      refuseUnless(named === undefined, 'BAD_FIELD', 'epoch.participants.setup: the study is in visible mode');
      continue;
    }
    const found = setups.get(id)?.statement;
    refuseUnless(found !== undefined && named === statementDigest('setup', found), 'SETUP_MISSING', `${id} has no such set-up for epoch ${epoch}`);
    refuseUnless(found.from === from && found.epoch === epoch && found.record === record, 'EPOCH_WRONG', `the set-up of ${id} is for another round or record`);
    const higher = participants.filter((other) => other.mspId > id).map((other) => `${other.mspId} ${other.record}`);
    refuseUnless(found.pairs.map((pair) => `${pair.to} ${pair.record}`).join() === higher.join(), 'EPOCH_WRONG', `the set-up of ${id} is for another roster`);
  }
}
