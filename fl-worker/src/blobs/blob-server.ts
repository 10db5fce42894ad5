/** Serves a site's blobs to the consortium's members, whose certificates the TLS handshake demands. */
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { FileSource } from '@epione/client';
import type { Digest } from '@epione/protocol';
import type { Tls } from '../site/https.js';
import { isBlobName, type BlobStore } from './blob-store.js';

/** A running server; disposing stops it. */
export interface BlobServer extends AsyncDisposable {
  readonly port: number;
  /** Takes another certificate or other authorities for connections from now on. */
  renew(tls: Tls): void;
}

/** Bytes that a site serves under another path than a digest. */
export type Slots = (path: string) => Promise<Uint8Array | undefined>;

const head = (response: ServerResponse, bytes: number | undefined): ServerResponse =>
  response.writeHead(bytes === undefined ? 404 : 200, { 'content-type': 'application/octet-stream', 'content-length': bytes ?? 0 });

/** A response keeps what it was given until it is sent, so it gets pieces of its own. */
async function* copies(file: FileSource): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of file.pieces()) yield piece.slice();
}

/** Serves a blob as it lies here: whoever asks for a digest checks it. */
async function serveBlob(store: BlobStore, name: Digest, response: ServerResponse): Promise<void> {
  await using file = await store.find(name);
  head(response, file?.length);
  if (file === undefined) response.end();
  else await pipeline(copies(file), response);
}

/**
 * Listens for `GET …/<digest>`.
 * @param slots asked for every other path.
 * @param port 0 takes a free one.
 * @throws Error EADDRINUSE and others of `listen`.
 */
export async function serveBlobs(store: BlobStore, tls: Tls, host: string, port: number, slots: Slots): Promise<BlobServer> {
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    const answer = async (): Promise<void> => {
      const path = decodeURIComponent(request.url ?? '');
      const name = path.split('/').at(-1) ?? '';
      if (request.method === 'GET' && isBlobName(name)) {
        await serveBlob(store, name, response);
        return;
      }
      const bytes = request.method === 'GET' ? await slots(path) : undefined;
      head(response, bytes?.length).end(bytes);
    };
    answer().catch(() => {
      response.destroy();
    });
  });
  // Connections that are still shaking hands would otherwise keep a stopped server open.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    renew: (renewed) => {
      server.setSecureContext(renewed);
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
