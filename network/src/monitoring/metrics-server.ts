/** Serves one page of metrics on loopback. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NetworkError, sentenceOf } from '../error.js';

/** A running server; disposing stops it. */
export interface MetricsServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * Listens for `GET /metrics` on 127.0.0.1.
 * @param port 0 takes a free one
 * @param page asked at every request
 * @throws {NetworkError} PORT_IN_USE
 */
export async function serveMetrics(port: number, page: () => Promise<string>): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    page().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      (error: unknown) => response.writeHead(500, { 'content-type': 'text/plain' }).end(`${sentenceOf(error)}\n`),
    );
  });
  await new Promise<void>((done, failed) => {
    server.once('error', (error) => {
      failed(new NetworkError('PORT_IN_USE', `Port ${port} for metrics is in use by another program.`, 'Choose another --metrics-port.', error));
    });
    server.listen(port, '127.0.0.1', done);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
