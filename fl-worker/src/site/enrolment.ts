/** An organization's record on the ledger, made from its keys: the first one, its successors, and the way back after a revocation. */
import { rm } from 'node:fs/promises';
import type { Voucher } from '@epione/client';
import { needsAdmission, sign, statementDigest, toBase64Url, type Mandate, type ParticipantRecord, type ParticipantState } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { WorkerError } from '../error.js';
import { putAside } from '../keys/former.js';
import { openLock, type SeedLock } from '../keys/seed-lock.js';
import { keysFolder, makeSeeds, readKeys, seedFiles } from '../keys/seeds.js';
import { studiesUnderWay } from '../state/database.js';
import { openMembership, type Membership } from './membership.js';
import { content, presentOf, wantedRecord, type Present } from './own-record.js';
import { admissionOf } from './proposal-desk.js';
import { settleRotation } from './rotation.js';
import type { NamedRecord, Surroundings } from './site.js';
import { studyDigestOf } from './study-desk.js';

/** What `init` did. */
export interface Initialised extends NamedRecord {
  /** Key files that were made now. */
  readonly made: readonly string[];
  /** Whether the ledger had the record already. */
  readonly registered: 'now' | 'before';
}

/** A pair of public keys, base64url. */
type PublicKeys = Pick<ParticipantRecord, 'signingKey' | 'encapsulationKey'>;

/**
 * Whether key files must be put aside before a new record: the keys of a record whose organization needs an admission, since others
 * may have them, and the encapsulation key that is left when the signing key is lost, since an admission wants both anew.
 */
export function mustRetire({ state, record }: { readonly state: ParticipantState; readonly record: PublicKeys }, files: PublicKeys): boolean {
  const [signs, opens] = [record.signingKey === files.signingKey, record.encapsulationKey === files.encapsulationKey];
  return needsAdmission(state) ? signs || opens : !signs && opens;
}

/** Makes new keys where the present ones may not come back. @returns the files made. */
async function freshKeys({ config, keys: { signer, kem } }: Membership, present: Present, random: Surroundings['random'], lock: SeedLock | undefined): Promise<string[]> {
  if (!mustRetire(present, { signingKey: toBase64Url(signer.publicKey), encapsulationKey: toBase64Url(kem.encapsulationKey) })) return [];
  const folder = keysFolder(config.state);
  await putAside(folder, present.state.version, present.record.kemSuite, studiesUnderWay(config.state));
  for (const path of seedFiles(config.state)) await rm(path);
  return makeSeeds(folder, config.suites, random, lock);
}

/** What vouches for a record that follows another: the key of both, or the members. @throws WorkerError NOT_APPROVED, telling what to ask them for. */
async function voucherFor(membership: Membership, record: ParticipantRecord, { state, record: before }: Present, signature: string): Promise<Voucher> {
  if (record.signingKey === before.signingKey && !needsAdmission(state)) return { previousSignature: signature };
  const study = await studyDigestOf(membership.config.study);
  const digest = statementDigest('participant', record);
  const admission: Mandate | undefined = await admissionOf(membership, study, digest);
  if (admission !== undefined) return { admission };
  throw new WorkerError('NOT_APPROVED', `${record.mspId} comes with new keys, and the members have not admitted its record ${digest}`, {
    remedy: `If the key files of version ${state.version} still exist and nobody else has them, put them back. Otherwise read this digest to the other members, by telephone or in person. One of them runs: fl-worker study propose admit ${study} --organization ${record.mspId} --record ${digest}; the others approve; then run fl-worker init again.`,
  });
}

/**
 * Makes missing keys and registers the record, or its successor when certificate, addresses or SAE ID changed or the record was
 * revoked. Doing it again changes nothing.
 * @param mayChange false while statements under the current record may still be on their way; throws while a worker runs.
 * @throws WorkerError NOT_APPROVED when new keys need the members' admission, RECORD_NOT_CURRENT; CodedError of the ledger.
 */
export async function initialise(config: WorkerConfig, random: Surroundings['random'], mayChange: () => boolean): Promise<Initialised> {
  using lock = await openLock(config.keyProtection);
  const folder = keysFolder(config.state);
  const missing = await makeSeeds(folder, config.suites, random, lock);
  const opened = await openMembership(config);
  using ledger = opened.ledger;
  const present = presentOf(await ledger.getParticipant(config.mspId));
  // What is in the outbox under a revoked record counts no more; but nobody may be at work on it now.
  if (present?.state.status === 'revoked') mayChange();
  if (present !== undefined) await settleRotation(config, present, lock, random);
  const held: Membership = { ...opened, keys: await readKeys(config.state, config.suites, lock) };
  const made = [...missing, ...(present === undefined ? [] : await freshKeys(held, present, random, lock))];
  const membership: Membership = { ...opened, keys: await readKeys(config.state, config.suites, lock) };
  const wanted = await wantedRecord(membership, membership.keys);
  if (present?.state.status === 'current') {
    if (content(present.record) === content(wanted)) return { digest: statementDigest('participant', present.record), record: present.record, made, registered: 'before' };
    const isFree = mayChange();
    // Nobody can send any more what was to be signed with a key that is lost.
    if (!isFree && present.record.signingKey === wanted.signingKey) throw new WorkerError('RECORD_NOT_CURRENT', 'the record cannot be replaced while a round is under way', { remedy: 'Let the worker finish its round, then run fl-worker init again.' });
  }
  const record = present === undefined ? wanted : { ...wanted, version: present.state.version + 1, previous: present.state.record as ParticipantRecord['previous'] };
  const signed = sign('participant', record, membership.keys.signer);
  await ledger.registerParticipant(signed, present === undefined ? undefined : await voucherFor(membership, record, present, signed.signature));
  const now = presentOf(await ledger.getParticipant(config.mspId));
  if (now !== undefined) await settleRotation(config, now, lock, random);
  return { digest: statementDigest('participant', record), record, made, registered: 'now' };
}
