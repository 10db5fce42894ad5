/** What an auditor pins before reading anything: the first block, who the organizations are, and how many must endorse. */
import { anchorSuite, parse, signatureSuite } from '@epione/protocol';
import { z } from 'zod';
import { readJson } from '../ledger/profile.js';

const pem = z.string().regex(/^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n$/, 'a PEM certificate that ends in a newline');
const mspId = z.string().min(1);

/** An organization's key for checkpoints: that of its record, and one of SLH-DSA for those that are kept for long. */
const cosigner = z.strictObject({
  mspId, signatureSuite,
  /** base64url, as in the organization's record. */
  signingKey: z.string().regex(/^[A-Za-z0-9_-]{1,8192}$/),
  /** SLH-DSA, the key in hex. */
  archive: z.strictObject({ suite: anchorSuite, publicKey: z.string().regex(/^([0-9a-f]{64}){1,2}$/) }).optional(),
});

const trustRoot = z.strictObject({
  channel: z.string().min(1),
  /** Digest of block 0's header. */
  genesis: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  organizations: z.array(z.strictObject({ mspId, caCertificates: z.array(pem).min(1), tlsCaCertificates: z.array(pem) })).min(1),
  orderers: z.array(z.strictObject({ mspId, certificate: pem, consenterId: z.int().min(1) })).min(1),
  consensus: z.enum(['bft', 'raft']),
  /** A transaction counts when peers of at least `minimum` of these organizations endorsed it. */
  endorsement: z.strictObject({ minimum: z.int().min(1), mspIds: z.array(mspId).min(1) }),
  /** A checkpoint counts when `minimum` of these have cosigned it; with them pinned, a chain without one is not believed. */
  anchors: z.strictObject({ minimum: z.int().min(1), cosigners: z.array(cosigner).min(1) }).optional(),
});

/** The one file that a verification trusts. */
export type TrustRoot = z.infer<typeof trustRoot>;

/** @throws UsageError when the file cannot be read; CodedError BAD_FIELD with all faults. */
export async function readTrustRoot(path: string): Promise<TrustRoot> {
  return parse(trustRoot, await readJson(path, 'trust root'), 'trustRoot');
}
