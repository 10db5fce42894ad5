/** The connection profile of one organization: which channel, which peers, whose keys; the file that `fl-network` writes. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from '@epione/protocol';
import { z } from 'zod';
import { UsageError } from './faults.js';

const keyPair = z.strictObject({ certificateFile: z.string().min(1), privateKeyFile: z.string().min(1) });
const pkcs11Key = z.strictObject({
  /** The token's PKCS#11 library. */
  module: z.string().min(1),
  tokenLabel: z.string().min(1),
  /** CKA_LABEL of the private key. */
  keyLabel: z.string().min(1).optional(),
  /** CKA_ID of the private key. */
  keyId: z.string().regex(/^([0-9a-f]{2})+$/, 'bytes in lower-case hex').optional(),
  /** The PIN of the token's user, alone in a file. */
  pinFile: z.string().min(1),
}).refine(({ keyLabel, keyId }) => keyLabel !== undefined || keyId !== undefined, 'name the key by keyLabel, keyId or both');
const identity = z.strictObject({ certificateFile: z.string().min(1), privateKeyFile: z.string().min(1).optional(), pkcs11: pkcs11Key.optional() })
  .refine(({ privateKeyFile, pkcs11 }) => privateKeyFile === undefined || pkcs11 === undefined, 'the private key is in a file or in a token, not in both');
const peer = z.strictObject({ mspId: z.string().min(1), endpoint: z.string().regex(/^[^:/]+:[0-9]{1,5}$/, 'host:port'), tlsCaFile: z.string().min(1) });

const connectionProfile = z.strictObject({
  channel: z.string().min(1),
  chaincode: z.string().min(1),
  /** Digest of block 0's header. */
  genesis: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  mspId: z.string().min(1),
  /** Peers that may serve as gateway; the own organization's first. */
  peers: z.array(peer).min(1),
  /** A certificate, and the private key behind it: in a file, in a token, or at the caller's `signer`. */
  identities: z.strictObject({ worker: identity, operator: identity, officer: identity, auditor: identity, admin: identity }).partial(),
  /** Certificates of the site's other services; not used by the ledger's client. */
  tls: z.strictObject({ caBundleFile: z.string().min(1), kme: keyPair.optional(), worker: keyPair.optional() }).optional(),
});

/** How an organization reaches the channel. File names are absolute once read, endpoints `host:port`. */
export type ConnectionProfile = z.infer<typeof connectionProfile>;
/** A peer that may serve as gateway. */
export type GatewayPeer = z.infer<typeof peer>;
/** A private key in a token (HSM) that speaks PKCS#11. */
export type Pkcs11Key = z.infer<typeof pkcs11Key>;
/** The roles a profile may hold a certificate for. */
export type IdentityName = keyof ConnectionProfile['identities'];

/** File names in a profile are relative to it. */
function absolute(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((entry) => absolute(entry, folder));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]: [string, unknown]) => [name, typeof entry === 'string' && name.endsWith('File') ? resolve(folder, entry) : absolute(entry, folder)]));
}

/**
 * Reads a connection profile; file names in it are relative to it.
 * @throws UsageError when the file cannot be read or is no JSON; CodedError BAD_FIELD with all faults.
 */
export async function readProfile(path: string): Promise<ConnectionProfile> {
  return absolute(parse(connectionProfile, await readJson(path, 'connection profile'), 'profile'), dirname(resolve(path))) as ConnectionProfile;
}

/** JSON of a file. @throws UsageError naming the file. */
export async function readJson(path: string, what: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    // A fault of the JSON repeats what stands around it, and the file may hold keys.
    if (cause instanceof SyntaxError) throw new UsageError(`cannot read the ${what} ${path}: it is not JSON`);
    throw new UsageError(`cannot read the ${what} ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
