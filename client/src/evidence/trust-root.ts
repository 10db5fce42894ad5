/** What an auditor pins before reading anything: the first block, who the organizations are, and how many must endorse. */
import { parse } from '@epione/protocol';
import { z } from 'zod';
import { readJson } from '../ledger/profile.js';

const pem = z.string().regex(/^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n$/, 'a PEM certificate that ends in a newline');
const mspId = z.string().min(1);

const trustRoot = z.strictObject({
  channel: z.string().min(1),
  /** Digest of block 0's header. */
  genesis: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  organizations: z.array(z.strictObject({ mspId, caCertificates: z.array(pem).min(1), tlsCaCertificates: z.array(pem) })).min(1),
  orderers: z.array(z.strictObject({ mspId, certificate: pem, consenterId: z.int().min(1) })).min(1),
  consensus: z.enum(['bft', 'raft']),
  /** A transaction counts when peers of at least `minimum` of these organizations endorsed it. */
  endorsement: z.strictObject({ minimum: z.int().min(1), mspIds: z.array(mspId).min(1) }),
});

/** The one file that a verification trusts. */
export type TrustRoot = z.infer<typeof trustRoot>;

/** @throws UsageError when the file cannot be read; CodedError BAD_FIELD with all faults. */
export async function readTrustRoot(path: string): Promise<TrustRoot> {
  return parse(trustRoot, await readJson(path, 'trust root'), 'trustRoot');
}
