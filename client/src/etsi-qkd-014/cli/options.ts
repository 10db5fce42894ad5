/** Options that all commands share, and how they open what they name. */
import { Command, InvalidArgumentError } from 'commander';
import { EtsiQkd014Client } from '../client.js';
import { EtsiQkd014Error } from '../error.js';
import { readTlsIdentity } from '../options.js';
import type { OtherSae } from '../doctor/examine.js';
import type { TlsConnection } from '../transport.js';

/** Where results and remarks go. */
export interface Output {
  /** Results. */
  readonly out: (text: string) => void;
  /** Remarks and errors. */
  readonly note: (text: string) => void;
}

export interface CommonFlags {
  readonly url: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly kmeId?: string;
  readonly allowClassicalTls?: true;
  readonly timeout: number;
  readonly json?: true;
}

/** A positive integer. @throws InvalidArgumentError. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be an integer from 1.');
  return value;
}

/** A command with the options that all have; its help begins with an example. */
export function command(name: string, summary: string, example: string): Command {
  return new Command(name)
    .description(summary)
    .addHelpText('before', `Example: ${example}\n`)
    .requiredOption('--url <address>', 'address of the key management entity, https://HOST:PORT')
    .requiredOption('--cert <file>', 'certificate of this SAE, PEM')
    .requiredOption('--key <file>', 'its private key, PEM')
    .requiredOption('--ca <file>', 'authorities whose key management entities are trusted, PEM')
    .option('--kme-id <id>', 'KME ID that the server\'s certificate must name')
    .option('--allow-classical-tls', 'accept TLS 1.2 and key exchange that is not post-quantum, with a warning')
    .option('--timeout <ms>', 'for each request', positive, 10_000)
    .option('--json', 'print one JSON document');
}

/** The same example's beginning for every command. */
export const exampleOf = (name: string, more: string): string => `etsi-qkd-014 ${name} --url https://kme:8443 --cert sae.pem --key sae.key --ca ca.pem ${more}`;

/** The client's options of a command line; a connection without post-quantum key exchange is told on standard error. */
export const clientOptions = ({ url, cert, key, ca, kmeId, allowClassicalTls, timeout }: CommonFlags, { note }: Output): Parameters<typeof EtsiQkd014Client.open>[0] => ({
  url, certificateFile: cert, privateKeyFile: key, caFile: ca, timeoutMs: timeout,
  ...(kmeId === undefined ? {} : { kmeId }),
  ...(allowClassicalTls === undefined ? {} : { onClassicalTls: ({ protocol, group }: TlsConnection) => { note(`warning: ${protocol} with ${group} is not post-quantum: who records it now may read the keys later`); } }),
});

/** Another SAE's access, where it is given. @param name of its options. @throws EtsiQkd014Error BAD_OPTION when a part of it is missing. */
export async function otherSae(name: string, url: string | undefined, cert: string | undefined, key: string | undefined, ca: string): Promise<OtherSae | undefined> {
  if (cert === undefined && key === undefined) return undefined;
  if (url === undefined || cert === undefined || key === undefined) throw new EtsiQkd014Error('BAD_OPTION', `--${name}-url, --${name}-cert and --${name}-key go together`);
  return { url, tls: await readTlsIdentity({ certificateFile: cert, privateKeyFile: key, caFile: ca }) };
}
