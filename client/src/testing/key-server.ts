/** A key management entity whose answers a test decides, over real HTTPS with mutual TLS, and certificates for both sides. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerOptions } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { SubjectAlternativeNameExtension, X509CertificateGenerator, BasicConstraintsExtension } from '@peculiar/x509';
import type { TlsIdentity } from '../etsi-qkd-014/transport.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const generate = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

/** Issues identities that trust each other; a name with dots is a name of the server beside localhost. */
export async function testAuthority(name = 'CN=test authority'): Promise<(commonName: string) => Promise<TlsIdentity>> {
  const keys = await generate();
  const root = await X509CertificateGenerator.createSelfSigned({ name, keys, signingAlgorithm: algorithm, extensions: [new BasicConstraintsExtension(true, 1, true)] }, webcrypto);
  return async (commonName) => {
    const own = await generate();
    const extensions = [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }, ...(commonName.includes('.') ? [{ type: 'dns' as const, value: commonName }] : [])])];
    const issued = await X509CertificateGenerator.create({ subject: `CN=${commonName}`, issuer: name, publicKey: own.publicKey, signingKey: keys.privateKey, signingAlgorithm: algorithm, extensions }, webcrypto);
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64');
    return { cert: `${issued.toString('pem')}\n`, key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, ca: `${root.toString('pem')}\n` };
  };
}

/** A request as a test sees it. */
export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
  /** Common name of the caller's certificate; empty without one. */
  readonly caller: string;
}

/** Status and JSON value of an answer; a string is sent as it is; `cut` ends the connection without one, `hang` never answers. */
export type Reply = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> } | 'cut' | 'hang';

export interface KeyServer extends AsyncDisposable {
  readonly url: string;
  /** All requests so far. */
  readonly asked: Asked[];
}

function callerOf({ socket }: IncomingMessage): string {
  const { subject } = (socket instanceof TLSSocket ? socket.getPeerCertificate() : {}) as { subject?: { CN?: string } };
  return subject?.CN ?? '';
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply === 'hang') return;
  if (reply === 'cut') {
    response.socket?.destroy();
    return;
  }
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {});
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers }).end(text);
}

/** Starts a server on a free port of localhost. @param tls further settings, such as other groups. */
export async function startKeyServer(identity: TlsIdentity, answer: (asked: Asked) => Reply, tls: ServerOptions = {}): Promise<KeyServer> {
  const asked: Asked[] = [];
  const server = createServer({ ...identity, requestCert: true, rejectUnauthorized: true, ...tls }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const found = { method: request.method ?? '', url: request.url ?? '', body: Buffer.concat(parts).toString(), headers: request.headers, caller: callerOf(request) };
      asked.push(found);
      send(response, answer(found));
    });
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    asked,
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
