/** An organization's record as the ledger has it, and as configuration and keys ask for it. */
import type { ParticipantView } from '@epione/client';
import { canonicalText, digestOf, toBase64Url, toHex, type ParticipantRecord, type ParticipantState } from '@epione/protocol';
import type { SiteKeys } from '../keys/seeds.js';
import { workerCertificate, type Membership } from './membership.js';

/** The record that configuration and keys ask for, as a first version. */
export async function wantedRecord({ config, profile }: Pick<Membership, 'config' | 'profile'>, keys: Pick<SiteKeys, 'signer' | 'kem'>): Promise<ParticipantRecord> {
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
    ...(config.suites.x25519 ? { x25519Key: toHex(keys.kem.x25519.publicKey) } : {}),
    ...(config.kme === undefined ? {} : { saeId: config.kme.saeId }),
    blobUrl: config.blobServer.publicUrl.replace(/\/+$/, ''),
    ...(profile.peers.some((peer) => peer.mspId === config.mspId) ? {} : { peerless: true }),
  };
}

/** What a record says beside its place in the chain of records. */
export const content = (record: ParticipantRecord): string => canonicalText({ ...record, version: 1, previous: undefined });

/** The record that an organization has had until now. */
export interface Present {
  readonly state: ParticipantState;
  readonly record: ParticipantRecord;
  /** When the ledger took it, ms since 1970 UTC. */
  readonly at: number;
}

/** From the ledger's answer; undefined for an organization without a record. */
export const presentOf = ({ state, record }: ParticipantView): Present | undefined => state && record && { state, record: record.statement, at: record.time };
