/** An organization's membership: its record on the ledger, made from its keys and kept true to its configuration. */
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, readProfile, type ConnectionProfile, type Ledger } from '@epione/client';
import { canonicalText, digestOf, sign, statementDigest, toBase64Url, type ParticipantRecord } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { WorkerError } from '../error.js';
import { makeSeeds, readKeys, type SiteKeys } from './seeds.js';
import { openBlobs, openKme, openSource, type NamedRecord, type Site, type Surroundings } from './site.js';

/** A configuration with what it leads to. */
export interface Membership {
  readonly config: WorkerConfig;
  readonly profile: ConnectionProfile;
  readonly keys: SiteKeys;
  readonly ledger: Ledger;
}

/** Reads the connection profile. @throws WorkerError CONFIG_INVALID when it belongs to another organization. */
export async function profileOf(config: WorkerConfig): Promise<ConnectionProfile> {
  const profile = await readProfile(config.profile);
  if (profile.mspId !== config.mspId) throw new WorkerError('CONFIG_INVALID', `the configuration is for ${config.mspId}, its profile for ${profile.mspId}`);
  return profile;
}

/** The certificate that signs this organization's transactions. */
export async function workerCertificate(profile: ConnectionProfile): Promise<X509Certificate> {
  const files = profile.identities.worker;
  if (files === undefined) throw new WorkerError('CONFIG_INVALID', `the profile of ${profile.mspId} has no worker identity`);
  return new X509Certificate(await readFile(files.certificateFile));
}

/** Connects with the site's existing keys. The caller disposes of the ledger. @throws WorkerError NOT_INITIALISED, KEY_FILE_INVALID, CONFIG_INVALID. */
export async function openMembership(config: WorkerConfig): Promise<Membership> {
  const profile = await profileOf(config);
  const keys = await readKeys(config.state, config.suites.signature, config.suites.kem);
  return { config, profile, keys, ledger: await connect(profile, { identity: 'worker' }) };
}

/** The record that configuration and keys ask for, as a first version. */
async function wantedRecord({ config, profile, keys }: Omit<Membership, 'ledger'>): Promise<ParticipantRecord> {
  const certificate = await workerCertificate(profile);
  return {
    channel: profile.channel,
    genesis: profile.genesis as ParticipantRecord['genesis'],
    mspId: config.mspId,
    version: 1,
    certificateKey: digestOf(new Uint8Array(certificate.publicKey.export({ type: 'spki', format: 'der' }))),
    signatureSuite: keys.signer.suite,
    signingKey: toBase64Url(keys.signer.publicKey),
    kemSuite: keys.kem.suite,
    encapsulationKey: toBase64Url(keys.kem.encapsulationKey),
    ...(config.kme === undefined ? {} : { saeId: config.kme.saeId }),
    blobUrl: config.blobServer.publicUrl.replace(/\/+$/, ''),
  };
}

/** What a record says beside its place in the chain of records. */
const content = (record: ParticipantRecord): string => canonicalText({ ...record, version: 1, previous: undefined });

/** What `init` did. */
export interface Initialised extends NamedRecord {
  /** Key files that were made now. */
  readonly made: readonly string[];
  /** Whether the ledger had the record already. */
  readonly registered: 'now' | 'before';
}

/**
 * Makes missing keys and registers the record, or its successor when certificate, addresses or SAE ID changed. Doing it again changes nothing.
 * @param mayChange false while statements under the current record may still be on their way.
 * @throws WorkerError KEY_FILE_INVALID when the ledger's record has other keys than the files; CodedError of the ledger.
 */
export async function initialise(config: WorkerConfig, random: Surroundings['random'], mayChange: () => boolean): Promise<Initialised> {
  await mkdir(join(config.state, 'keys'), { recursive: true, mode: 0o700 });
  const made = await makeSeeds(config.state, config.suites.signature, config.suites.kem, random);
  const membership = await openMembership(config);
  using ledger = membership.ledger;
  const wanted = await wantedRecord(membership);
  const { record: current } = await ledger.getParticipant(config.mspId);
  if (current !== undefined && content(current.statement) === content(wanted)) {
    return { digest: statementDigest('participant', current.statement), record: current.statement, made, registered: 'before' };
  }
  const record = current === undefined ? wanted : successor(wanted, current.statement, mayChange);
  const signed = sign('participant', record, membership.keys.signer);
  await ledger.registerParticipant(signed, current === undefined ? undefined : signed.signature);
  return { digest: statementDigest('participant', record), record, made, registered: 'now' };
}

function successor(wanted: ParticipantRecord, current: ParticipantRecord, mayChange: () => boolean): ParticipantRecord {
  if (current.signingKey !== wanted.signingKey) {
    throw new WorkerError('KEY_FILE_INVALID', `the ledger's record of ${wanted.mspId} has another signing key than the key files`, { remedy: 'Restore the key files of this record; without them it must be revoked first.' });
  }
  if (!mayChange()) throw new WorkerError('RECORD_NOT_CURRENT', 'the record cannot be replaced while a round is under way', { remedy: 'Let the worker finish its round, then run fl-worker init again.' });
  return { ...wanted, version: current.version + 1, previous: statementDigest('participant', current) };
}

/** The site behind a membership, for a run. @throws WorkerError NOT_INITIALISED when the ledger's record is not the one of the key files. */
export async function openSite({ config, keys, ledger }: Membership, surroundings: Surroundings): Promise<Site> {
  const { state, record } = await ledger.getParticipant(config.mspId);
  const holds = record !== undefined && record.statement.signingKey === toBase64Url(keys.signer.publicKey) && record.statement.encapsulationKey === toBase64Url(keys.kem.encapsulationKey);
  if (!holds) throw new WorkerError('NOT_INITIALISED', `the ledger has no record of ${config.mspId} with the keys in ${config.state}`, { remedy: 'Run fl-worker init first.' });
  if (state?.status !== 'current') throw new WorkerError('RECORD_REVOKED', `the record of ${config.mspId} is revoked`);
  const blobs = openBlobs(config);
  const kme = await openKme(config);
  const own = { digest: statementDigest('participant', record.statement), record: record.statement };
  return { ...surroundings, config, ledger, keys, own, blobs, source: await openSource(config, blobs), ...(kme === undefined ? {} : { kme }) };
}
