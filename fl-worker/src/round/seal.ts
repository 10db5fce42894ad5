/** From a local update to a signed submission: keys for every aggregator, the sealed blob, the statement, all on the disk. */
import {
  establish, hashName, isCode, needsQkd, needsX25519, sealStream, sign,
  type Code, type Digest, type FurtherSection, type SealedTo, type SealingSuite, type Signed, type Spent, type Study, type Submission,
} from '@epione/protocol';
import { WorkerError } from '../error.js';
import { linkOf } from '../keys/chain-secret.js';
import type { QkdKey } from '../kme/key-delivery.js';
import type { Site, NamedRecord } from '../site/site.js';
import type { KeyRing } from '../state/key-ring.js';
import { memberRecord, type RoundView, type StudyInForce } from './course.js';

/** Whether a study's next suite may be taken where QKD keys are missing. @param waitedMs how long they have been waited for; undefined before. */
export const mayFallBack = ({ suites: { qkdMissing, qkdWaitMs } }: Pick<Study, 'suites'>, waitedMs: number | undefined): boolean =>
  qkdMissing === 'fallback' && (qkdWaitMs === 0 || (waitedMs !== undefined && waitedMs >= qkdWaitMs));

/** What one recipient's wrap will be made with. */
export interface RecipientKey extends NamedRecord {
  readonly to: string;
  readonly suite: SealingSuite;
  readonly qkd?: QkdKey;
  /** Why the suite is not the study's first. */
  readonly reason?: Code;
}

/** A local update that is ready to be sealed. */
export interface LocalUpdate {
  /** The words of PROTOCOL section 7. */
  readonly words: Uint8Array;
  readonly numExamples: number;
  readonly consent?: NonNullable<Submission['consent']>;
  /** Privacy spent, this update included, and the clipping norm it leaves. */
  readonly hidden?: { readonly spent: Spent; readonly norm: number };
  /** Pseudonyms of the persons behind it. */
  readonly subjects: readonly string[];
  /** Masked mode: what stands in the clear behind the masked words. */
  readonly further?: readonly FurtherSection[];
  /** What this site keeps of it for its next round. */
  readonly carried?: Float64Array;
}

/** Stands in every statement, so that an auditor knows who computed. */
export const software = 'epione fl-worker 0.1.0';

const asCode = (code: string): Code => (isCode(code) ? code : 'QKD_UNAVAILABLE');

/**
 * A key for one recipient, by the study's suites.
 * @throws WorkerError the code of the first failure, unless `mayFallBack`.
 */
export async function keyFor(site: Site, study: Pick<StudyInForce, 'document'>, ring: KeyRing, to: string, mayFallBack: boolean): Promise<RecipientKey> {
  const { sealing } = study.document.suites;
  const { digest, record } = await memberRecord(site, to);
  let failure: WorkerError | undefined;
  for (const suite of sealing) {
    const reason = failure === undefined ? {} : { reason: asCode(failure.code) };
    if (needsX25519(suite) && record.x25519Key === undefined) throw new WorkerError('SUITE_REFUSED', `the study asks for ${suite}, and the record of ${to} has no X25519 key`, { remedy: `${to} sets suites.x25519 and runs fl-worker init again.` });
    if (!needsQkd(suite)) return { digest, record, to, suite, ...reason };
    try {
      const { kme } = site;
      const sae = record.saeId;
      if (kme === undefined || sae === undefined) throw new WorkerError('QKD_UNAVAILABLE', `${kme === undefined ? site.config.mspId : to} has no key management entity`);
      return { digest, record, to, suite, qkd: await ring.forRecipient(to, () => kme.newKey(sae)), ...reason };
    } catch (error) {
      if (!(error instanceof WorkerError) || !mayFallBack) throw error;
      failure = error;
    }
  }
  throw failure ?? new WorkerError('SUITE_REFUSED', 'the study names no sealing suite');
}

/**
 * A key for every aggregator but the own organization.
 * @param mayFallBack take the study's next suite where QKD fails (`qkdMissing: fallback`, after the wait).
 * @throws WorkerError the code of the first failure; keys that were delivered stay in the ring for the next try.
 */
export async function recipientKeys(site: Site, study: StudyInForce, view: RoundView, ring: KeyRing, mayFallBack: boolean): Promise<RecipientKey[]> {
  const others = view.aggregators.filter((id) => id !== site.config.mspId);
  const found = await Promise.allSettled(others.map((to) => keyFor(site, study, ring, to, mayFallBack)));
  return found.map((entry) => {
    if (entry.status === 'rejected') throw entry.reason;
    return entry.value;
  });
}

/** A recipient of a sealed object: a fresh secret with its record's key, and its QKD key where the suite has one. */
export function recipientWith({ config }: Pick<Site, 'config'>, { to, digest, record, suite, qkd }: RecipientKey): SealedTo {
  const { context, sharedSecret } = establish(suite, record);
  const link = qkd === undefined ? {} : { masterSae: config.kme?.saeId, slaveSae: record.saeId, keyIds: qkd.keyIds };
  return { context: { to, toRecord: digest, ...context, ...link }, sharedSecret, ...(qkd === undefined ? {} : { qkdKey: qkd.key }) };
}

/** What a wrap was made with is needed no more: the ring still has the QKD key until the round has ended. */
export function wipeSecrets(recipients: readonly Pick<SealedTo, 'sharedSecret' | 'qkdKey'>[]): void {
  for (const { sharedSecret, qkdKey } of recipients) {
    sharedSecret.fill(0);
    qkdKey?.fill(0);
  }
}

/** Seals an update, keeps the blob and signs the statement that names it. Nothing has left the site yet. */
export async function sealSubmission(site: Site, study: StudyInForce, view: RoundView, update: LocalUpdate, keys: readonly RecipientKey[]): Promise<{ signed: Signed<Submission>; contentKey: Uint8Array }> {
  const { config, own } = site;
  const masked = study.document.aggregation.mode === 'masked';
  const contentKey = site.random(32);
  const recipients = keys.map((key) => recipientWith(site, key));
  const input = { study: study.digest, epoch: view.epoch.epoch, round: view.round, purpose: masked ? 'masked' : 'update', from: config.mspId, fromRecord: own.digest, recipients, contentKey, salt: site.random(24) } as const;
  let stored: { digest: Digest; bytes: number };
  try {
    stored = await site.blobs.write(sealStream(input, { bytes: update.words.length, pieces: [update.words] }, update.further), hashName(study.digest));
  } finally {
    wipeSecrets(recipients);
  }
  const statement: Submission = {
    study: study.digest, epoch: view.epoch.epoch, round: view.round, participant: config.mspId, record: own.digest, after: view.after, base: view.opened.base,
    blob: stored.digest, blobBytes: stored.bytes,
    sealed: keys.map(({ to, digest, suite, qkd, reason }) => ({ to, record: digest, suite, keyIds: [...(qkd?.keyIds ?? [])], ...(reason === undefined ? {} : { reason }) })),
    ...(await linkOf(config.state, study.digest, study.document, view.round)),
    ...(masked ? {} : { numExamples: update.numExamples }), ...(update.hidden === undefined ? {} : { privacy: update.hidden.spent }), ...(update.consent === undefined ? {} : { consent: update.consent }), software,
  };
  return { signed: sign('submission', statement, site.keys.signer), contentKey };
}
