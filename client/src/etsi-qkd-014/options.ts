/** What a client is opened with: address, TLS identity and patience. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { EtsiQkd014Error } from './error.js';
import type { ProxyEnv } from './proxy.js';
import type { TlsConnection, TlsIdentity } from './transport.js';

/** What both ways of opening a client share. */
interface CommonOptions {
  /** Address of the key management entity, such as `https://kme.hospital:8443`. */
  readonly url: string;
  /** The KME ID that the server's certificate must have as common name or among its alternative names (clause 5.1). */
  readonly kmeId?: string;
  /** Allows TLS 1.2 and classical key exchange by its presence, and is told of each connection that makes use of that. */
  readonly onClassicalTls?: (connection: TlsConnection) => void;
  /** For each request, ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** For a call with all its attempts, ms. Default 30,000. */
  readonly deadlineMs?: number;
  /** Most attempts of a call that may be repeated. Default 4. */
  readonly attempts?: number;
  /** HTTPS_PROXY and NO_PROXY; the process's environment by default. */
  readonly proxyEnv?: ProxyEnv;
  /** Jitter, 0 to below 1. */
  readonly random?: () => number;
  /** ms since 1970 UTC, for a `Retry-After` that is a date. */
  readonly now?: () => number;
}

/** A client from TLS material in memory. */
export interface ClientOptions extends CommonOptions {
  readonly tls: TlsIdentity;
}

/** PEM files of a TLS identity. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly privateKeyFile: string;
  /** Certificates of the authorities whose key management entities are trusted. */
  readonly caFile: string;
}

/** A client from PEM files. */
export type ClientFiles = CommonOptions & TlsFiles;

const given = z.custom((value) => typeof value === 'string' || Buffer.isBuffer(value), 'PEM text');
const called = z.custom((value) => typeof value === 'function', 'a function');
const schema = z.strictObject({
  url: z.url({ protocol: /^https$/, error: 'an https:// address' }),
  tls: z.strictObject({ cert: given, key: given, ca: given }),
  kmeId: z.string().min(1).optional(),
  onClassicalTls: called.optional(),
  timeoutMs: z.int().min(1).optional(),
  deadlineMs: z.int().min(1).optional(),
  attempts: z.int().min(1).optional(),
  proxyEnv: z.record(z.string(), z.string().optional()).optional(),
  random: called.optional(),
  now: called.optional(),
});

/** @throws EtsiQkd014Error BAD_OPTION with all faults. */
export function checkOptions(options: ClientOptions): ClientOptions {
  const { success, error } = schema.safeParse(options);
  if (success) return options;
  throw new EtsiQkd014Error('BAD_OPTION', error.issues.map(({ path, message }) => `${path.join('.') || 'options'}: ${message}`).join('; '));
}

/** Reads PEM files. @throws EtsiQkd014Error BAD_OPTION naming the file that cannot be read. */
export async function readTlsIdentity({ certificateFile, privateKeyFile, caFile }: TlsFiles): Promise<TlsIdentity> {
  const read = (file: string): Promise<Buffer> =>
    readFile(file).catch((cause: unknown) => {
      throw new EtsiQkd014Error('BAD_OPTION', `cannot read ${file}`, { cause });
    });
  const [cert, key, ca] = await Promise.all([read(certificateFile), read(privateKeyFile), read(caFile)]);
  return { cert, key, ca };
}
