/** New keys for an organization that still has its present ones: a record signed by both (PROTOCOL section 2, rotation). */
import type { Ledger } from '@epione/client';
import { needsAdmission, sign, statementDigest, toBase64Url, type ParticipantRecord } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { WorkerError } from '../error.js';
import { putAside, replaceVersions } from '../keys/former.js';
import { nextFolder, promote } from '../keys/next.js';
import { openLock, type RandomBytes, type SeedLock } from '../keys/seed-lock.js';
import { keysFolder, makeSeeds, pairsIn } from '../keys/seeds.js';
import { studiesUnderWay } from '../state/database.js';
import type { Membership } from './membership.js';
import { presentOf, wantedRecord, type Present } from './own-record.js';
import type { NamedRecord } from './site.js';

/** What a rotation needs of a membership. */
export type Rotating = Pick<Membership, 'config' | 'profile'> & { readonly ledger: Pick<Ledger, 'getParticipant' | 'registerParticipant'> };

/** Brings the key files to what the ledger's record says: next keys take their place, what earlier ones signed with is destroyed. @returns whether next keys did. */
export async function settleRotation(config: WorkerConfig, { state, record, at }: Present, lock: SeedLock | undefined, random: RandomBytes): Promise<boolean> {
  const keys = keysFolder(config.state);
  const promoted = await promote(keys, record, lock);
  if (state.status === 'current') await replaceVersions(keys, state.version, at, random);
  return promoted;
}

/** The record before the next one, with the key pairs behind it. @throws WorkerError NOT_INITIALISED, RECORD_REVOKED. */
async function standing({ config }: Rotating, present: Present | undefined, lock: SeedLock | undefined): Promise<Present & Awaited<ReturnType<typeof pairsIn>>> {
  if (present === undefined) throw new WorkerError('NOT_INITIALISED', `the ledger has no record of ${config.mspId}`, { remedy: 'Run fl-worker init first.' });
  if (needsAdmission(present.state)) throw new WorkerError('RECORD_REVOKED', `the record of ${config.mspId} is revoked`, { remedy: 'fl-worker init brings it back; docs/operate/keys.md says how.' });
  const pairs = await pairsIn(keysFolder(config.state), { signature: present.record.signatureSuite, kem: present.record.kemSuite }, lock);
  if (toBase64Url(pairs.signer.publicKey) !== present.record.signingKey) throw new WorkerError('NOT_INITIALISED', `the ledger's record of ${config.mspId} is not of the key files`, { remedy: 'Run fl-worker init.' });
  return { ...present, ...pairs };
}

/** Registers the record of the next keys. @throws as `standing`; CodedError of the ledger. */
async function registerNext(rotating: Rotating, present: Present | undefined, lock: SeedLock | undefined, random: RandomBytes): Promise<Present> {
  const { config, ledger } = rotating;
  const before = await standing(rotating, present, lock);
  const keys = keysFolder(config.state);
  await putAside(keys, before.state.version, before.record.kemSuite, studiesUnderWay(config.state));
  const folder = nextFolder(keys);
  await makeSeeds(folder, config.suites, random, lock);
  const next = await pairsIn(folder, config.suites, lock);
  const record: ParticipantRecord = { ...(await wantedRecord(rotating, next)), version: before.state.version + 1, previous: before.state.record as NonNullable<ParticipantRecord['previous']> };
  await ledger.registerParticipant(sign('participant', record, next.signer), { previousSignature: sign('participant', record, before.signer).signature });
  const registered = presentOf(await ledger.getParticipant(config.mspId));
  if (registered?.state.record !== statementDigest('participant', record)) throw new WorkerError('UNAVAILABLE', 'the peer does not show the new record yet', { remedy: 'Run fl-worker key rotate again: it goes on from here.' });
  return registered;
}

/**
 * Replaces both keys. Signing stops with the old key at once, and it is destroyed; the old decapsulation key stays until no round needs it.
 * Cut off at any point and started again, it ends the rotation that was begun and begins no second one.
 * @param mayChange false while a statement under the present record may still be on its way; throws while a worker runs.
 * @throws WorkerError RECORD_NOT_CURRENT, RECORD_REVOKED, NOT_INITIALISED, KEY_FILE_INVALID; CodedError of the ledger.
 */
export async function rotateKeys(rotating: Rotating, random: RandomBytes, mayChange: () => boolean): Promise<NamedRecord> {
  const { config, ledger } = rotating;
  if (!mayChange()) throw new WorkerError('RECORD_NOT_CURRENT', 'the keys cannot be replaced while a round is under way', { remedy: 'Let the worker finish its round, then run fl-worker key rotate again.' });
  using lock = await openLock(config.keyProtection);
  const present = presentOf(await ledger.getParticipant(config.mspId));
  const settled = present !== undefined && (await settleRotation(config, present, lock, random));
  const current = settled ? present : await registerNext(rotating, present, lock, random);
  if (!settled) await settleRotation(config, current, lock, random);
  return { digest: statementDigest('participant', current.record), record: current.record };
}
