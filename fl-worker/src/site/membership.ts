/** An organization's membership: its configuration, profile, keys and connection, and the site that runs on them. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect, readProfile, type ConnectionProfile, type Ledger } from '@epione/client';
import { statementDigest, toBase64Url } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { WorkerError } from '../error.js';
import { openLock } from '../keys/seed-lock.js';
import { readKeys, type SiteKeys } from '../keys/seeds.js';
import { openBlobs, openKme, openSource, type Site, type Surroundings } from './site.js';

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
  using lock = await openLock(config.keyProtection);
  const keys = await readKeys(config.state, config.suites, lock);
  return { config, profile, keys, ledger: await connect(profile, { identity: 'worker' }) };
}

/** The site behind a membership, for a run. @throws WorkerError NOT_INITIALISED when the ledger's record is not the one of the key files. */
export async function openSite({ config, keys, ledger }: Membership, surroundings: Surroundings): Promise<Site> {
  const { state, record } = await ledger.getParticipant(config.mspId);
  const holds = record !== undefined && record.statement.signingKey === toBase64Url(keys.signer.publicKey) && record.statement.encapsulationKey === toBase64Url(keys.kem.encapsulationKey);
  if (!holds) throw new WorkerError('NOT_INITIALISED', `the ledger has no record of ${config.mspId} with the keys in ${config.state}`, { remedy: 'Run fl-worker init first.' });
  if (state?.status !== 'current') throw new WorkerError('RECORD_REVOKED', `the record of ${config.mspId} is revoked`, { remedy: 'fl-worker init brings it back; docs/operate/keys.md says how.' });
  const blobs = openBlobs(config);
  const kme = await openKme(config);
  const own = { digest: statementDigest('participant', record.statement), record: record.statement };
  return { ...surroundings, config, ledger, keys, own, blobs, source: await openSource(config, blobs), ...(kme === undefined ? {} : { kme }) };
}
