/** A member of a played study, registered with keys of its own. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { digestOf, newKemKeys, newSigner, sign, toBase64Url, type Digest, type ParticipantRecord, type Signer } from '@epione/protocol';
import { connect } from '../ledger/connect.js';
import type { Ledger } from '../ledger/ledger.js';
import type { ConnectionProfile } from '../ledger/profile.js';

/** A member of the played study: its ledger, its keys, its record. */
export interface Player {
  readonly mspId: string;
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly record: ParticipantRecord;
  readonly recordDigest: Digest;
}

/** Registers a member anew: each play uses keys of its own. @param seed of the signing key. */
export async function enrol(profile: ConnectionProfile, seed: Uint8Array = randomBytes(32)): Promise<Player> {
  const ledger = await connect(profile, { identity: 'worker' });
  const certificate = new X509Certificate(await readFile(profile.identities.worker?.certificateFile ?? ''));
  const signer = newSigner('mldsa65', seed);
  const { state } = await ledger.getParticipant(profile.mspId);
  if (state !== undefined) throw new Error(`${profile.mspId} is registered already: play on a fresh network`);
  const record: ParticipantRecord = {
    channel: profile.channel,
    genesis: profile.genesis as Digest,
    mspId: profile.mspId,
    version: 1,
    certificateKey: digestOf(certificate.publicKey.export({ type: 'spki', format: 'der' })),
    signatureSuite: 'mldsa65',
    signingKey: toBase64Url(signer.publicKey),
    kemSuite: 'mlkem768',
    encapsulationKey: toBase64Url(newKemKeys('mlkem768', randomBytes(64)).encapsulationKey),
    saeId: `sae-${profile.mspId.toLowerCase()}`,
    blobUrl: 'https://localhost:1/blobs',
  };
  const { digest } = await ledger.registerParticipant(sign('participant', record, signer));
  return { mspId: profile.mspId, ledger, signer, record, recordDigest: digest as Digest };
}
