/** A recorded channel whose log is cosigned, and another history of it under the stolen keys of its orderers, peers and clients. */
import { createPrivateKey, sign as ecdsa } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { msp } from '@hyperledger/fabric-protos';
import type { Role } from '../evidence/channel-config.js';
import { readBlock } from '../evidence/block.js';
import { readEvidence, type Evidence } from '../evidence/evidence.js';
import type { TrustRoot } from '../evidence/trust-root.js';
import { ForgedChain, type Change } from './forge-chain.js';
import type { Organization, Signatory } from './forge-organization.js';

/** Recorded by `testing/record-anchors.ts`: 13 blocks cosigned by all four members, 18 by two. */
export const recording = fileURLToPath(new URL('../../fixtures/anchored-channel', import.meta.url));
export const trustRootFile = join(recording, 'trust-root.json');

interface Stolen extends Readonly<Record<'orderer' | 'peer' | 'client', { readonly certificate: string; readonly key: string }>> {
  readonly mspId: string;
  /** Of the member's record, in hex; not ECDSA's, so no thief has it. */
  readonly signingSeed: string;
}

const readStolen = async (): Promise<Stolen[]> => JSON.parse(await readFile(join(recording, 'stolen-keys.json'), 'utf8')) as Stolen[];

/** The seed of a member's ML-DSA-65 key. */
export const signingSeed = async (mspId: string): Promise<Uint8Array> => new Uint8Array(Buffer.from((await readStolen()).find((one) => one.mspId === mspId)?.signingSeed ?? '', 'hex'));

/** The recorded evidence as a folder for the command line; the caller removes it. */
export async function unpack(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'anchored-'));
  for (const name of ['blocks.bin', 'evidence.json']) await writeFile(join(folder, name), gunzipSync(await readFile(join(recording, `${name}.gz`))));
  return folder;
}

export async function recordedEvidence(): Promise<Evidence> {
  const folder = await unpack();
  try {
    return await readEvidence(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function signatory(mspId: string, { certificate, key }: Stolen['peer']): Signatory {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(Buffer.from(certificate));
  const privateKey = createPrivateKey(key);
  return { pem: certificate, identity: identity.serializeBinary(), sign: (message) => ecdsa('sha256', message, privateKey) };
}

/** The history in which one block holds something harmless instead, every later block as it was: re-linked, signed again by orderers and peers. */
export async function rewrittenEvidence(evidence: Evidence, number: number, { channel, orderers, organizations }: TrustRoot): Promise<Evidence> {
  const stolen = await readStolen();
  const all = organizations.map(({ mspId, caCertificates: [caPem = ''] }): Organization => {
    const keys = stolen.find((one) => one.mspId === mspId);
    if (keys === undefined) throw new Error(`no keys of ${mspId} were stolen`);
    const by = { orderer: signatory(mspId, keys.orderer), peer: signatory(mspId, keys.peer), client: signatory(mspId, keys.client) };
    return { mspId, caPem, by: by as Organization['by'] & Record<Role, Signatory> };
  });
  const signers = orderers.map(({ consenterId, mspId }): Change['orderers'][number] => [consenterId, all.find((one) => one.mspId === mspId) as Organization]);
  const chain = new ForgedChain(all, all.length, evidence.blocks.slice(0, number), channel);
  chain.block([chain.transaction({ key: 'nothing is written' }, all[0] as Organization, all)], signers);
  for (const block of evidence.blocks.slice(number + 1).map(readBlock)) chain.block(block.envelopes, signers, [...block.validity]);
  return chain.evidence(...all);
}
