/** One organization's worker with everything it works with, opened once and passed down. */
import type { Ledger } from '@epione/client';
import type { Digest, ParticipantRecord } from '@epione/protocol';
import { join } from 'node:path';
import { BlobSource } from '../blobs/blob-source.js';
import { BlobStore } from '../blobs/blob-store.js';
import type { WorkerConfig } from '../config.js';
import { KeyDelivery } from '../kme/key-delivery.js';
import type { RandomBytes } from '../keys/seed-lock.js';
import type { SiteKeys } from '../keys/seeds.js';
import type { Report } from '../progress.js';
import type { Remembered } from '../round/remembered.js';
import { HttpsClient, readTls } from './https.js';

/** What a worker asks of the ledger. */
export type RoundLedger = Pick<
  Ledger,
  'getStudy' | 'listStudies' | 'setup' | 'listSetups' | 'listProposals' | 'openEpoch' | 'endStudy' | 'getParticipant' | 'revokeParticipant' | 'getRecord' | 'getRound' | 'submit' | 'retract' | 'attest' | 'closeRound' | 'abortRound' | 'evaluateConsent' | 'appendAccess' | 'height' | 'blockOf' | 'blocks' | 'events'
>;

/** Time and chance, handed in so that a run can be replayed. */
export interface Surroundings {
  /** ms since 1970 UTC. */
  readonly now: () => number;
  /** Monotonic ms. */
  readonly elapsed: () => number;
  readonly random: RandomBytes;
  readonly report: Report;
}

/** A record with its digest, which later statements name. */
export interface NamedRecord {
  readonly digest: Digest;
  readonly record: ParticipantRecord;
}

/** An opened worker. */
export interface Site extends Surroundings {
  readonly config: WorkerConfig;
  readonly ledger: RoundLedger;
  readonly keys: SiteKeys;
  /** The site's current record. */
  readonly own: NamedRecord;
  readonly blobs: BlobStore;
  readonly source: BlobSource;
  /** Absent for a site without a key management entity. */
  readonly kme?: KeyDelivery;
  /** Current records of members, while a study runs and hears of changes. */
  readonly records?: Remembered<NamedRecord>;
}

/** Longest time for one request to a blob server, and again for every 16 MiB that come. */
const blobRequestMs = 30_000;

/** The site's blob store; it is the same for all studies. */
export const openBlobs = (config: WorkerConfig): BlobStore => new BlobStore(join(config.state, 'blobs'), config.limits?.diskMb === undefined ? Infinity : config.limits.diskMb * 1e6);

/** The key management entity of a configuration, if it has one. @throws WorkerError CONFIG_INVALID for unreadable TLS files. */
export async function openKme({ kme }: WorkerConfig): Promise<KeyDelivery | undefined> {
  return kme === undefined ? undefined : KeyDelivery.open(kme);
}

/** Where blobs come from: the own store, then other members. @throws WorkerError CONFIG_INVALID for unreadable TLS files. */
export async function openSource(config: WorkerConfig, blobs: BlobStore): Promise<BlobSource> {
  return new BlobSource(blobs, new HttpsClient(await readTls(config.blobServer), blobRequestMs));
}
