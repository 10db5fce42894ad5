/** A member of the benchmark's studies: connected, with keys of its own, registered on the ledger. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, readProfile, type Ledger, type Receipt } from '@epione/client';
import { digestOf, newKemKeys, newSigner, sha256, sign, toBase64Url, type Digest, type ParticipantRecord, type Signer } from '@epione/protocol';

export interface Member {
  readonly mspId: string;
  /** Digest of block 0's header. */
  readonly genesis: Digest;
  readonly ledger: Ledger;
  readonly signer: Signer;
  /** Digest of its record. */
  readonly record: Digest;
}

const seedOf = (text: string): Uint8Array => sha256(new TextEncoder().encode(text));

/** Connects as the worker of a profile and registers a record. The keys come from the MSP ID: they guard nothing. */
export async function enrol(profileFile: string): Promise<Member> {
  const profile = await readProfile(profileFile);
  const ledger = await connect(profile, { identity: 'worker' });
  const { mspId } = profile;
  const certificate = new X509Certificate(await readFile(profile.identities.worker?.certificateFile ?? ''));
  const signer = newSigner('mldsa65', seedOf(`${mspId} sign`));
  const kem = newKemKeys('mlkem768', new Uint8Array([...seedOf(`${mspId} d`), ...seedOf(`${mspId} z`)]));
  const record: ParticipantRecord = {
    channel: profile.channel, genesis: profile.genesis as Digest, mspId, version: 1,
    certificateKey: digestOf(certificate.publicKey.export({ type: 'spki', format: 'der' })),
    signatureSuite: 'mldsa65', signingKey: toBase64Url(signer.publicKey),
    kemSuite: 'mlkem768', encapsulationKey: toBase64Url(kem.encapsulationKey),
    saeId: `sae-${mspId.toLowerCase()}`, blobUrl: 'https://localhost:1/blobs',
  };
  const { digest } = await ledger.registerParticipant(sign('participant', record, signer));
  return { mspId, genesis: record.genesis, ledger, signer, record: digest as Digest };
}

/** Works with the members of these profiles, and closes their connections afterwards. */
export async function withMembers<T>(profileFiles: readonly string[], work: (members: readonly Member[]) => Promise<T>): Promise<T> {
  const members = await Promise.all(profileFiles.map(enrol));
  try {
    return await work(members);
  } finally {
    for (const { ledger } of members) ledger[Symbol.dispose]();
  }
}

/** Waits until every member's own peer holds what was committed: what a peer lacks it cannot endorse. */
export async function seenByAll(members: readonly Member[], committed: readonly Receipt[]): Promise<void> {
  const block = Math.max(...committed.map((receipt) => receipt.block));
  await Promise.all(
    members.map(async ({ ledger }) => {
      while ((await ledger.height()) <= block) await sleep(20);
    }),
  );
}
