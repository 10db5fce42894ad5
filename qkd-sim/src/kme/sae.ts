/** Who calls: the SAE ID or KME ID in the certificate that TLS has verified. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { z } from 'zod';

/** An SAE ID: the standard leaves its format free. */
export const saeId = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters');

/** How SAEs are told. */
export const saeConfig = z.strictObject({
  /** Where their certificates bear the SAE ID: the subject's common name, or the one URI among the alternative names. */
  idFrom: z.enum(['common-name', 'uri']).default('common-name'),
  /** Whether an SAE may be master and slave of a key. The standard does not say; some test suites do it. */
  allowSelfPeer: z.boolean().default(false),
}).prefault({});

export type SaeConfig = z.output<typeof saeConfig>;

/** The names in a certificate; empty where it has none. */
export interface Caller {
  readonly commonName: string;
  readonly uri: string;
}

/**
 * The one URI in a certificate's alternative names as Node writes them; empty when there is none, or several, which
 * would leave open who it is.
 */
export const uriOf = (alternativeNames: string): string => {
  const names = [...alternativeNames.matchAll(/(?:^|, )(\w[\w ]*):("(?:[^"\\]|\\.)*"|[^,]*)/g)];
  const uris = names.filter(([, kind]) => kind === 'URI').map(([, , value = '']) => (value.startsWith('"') ? String(JSON.parse(value)) : value));
  return uris.length === 1 ? (uris[0] ?? '') : '';
};

/** Callers by connection: a certificate is parsed once. */
const callers = new WeakMap<object, Caller>();

/** The names of the caller. */
export const callerOf = ({ socket }: IncomingMessage): Caller => {
  const known = callers.get(socket);
  if (known !== undefined) return known;
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
  // Node types the subject as present, but a certificate may have none, or several names.
  const name: unknown = (certificate as { subject?: { CN?: unknown } } | undefined)?.subject?.CN;
  const caller = { commonName: typeof name === 'string' ? name : '', uri: uriOf(certificate?.subjectaltname ?? '') };
  callers.set(socket, caller);
  return caller;
};
