/** Serves one page of metrics on loopback. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WorkerError } from '../error.js';

/** A running server; disposing stops it. */
export interface MetricsServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * Listens for `GET /metrics` on 127.0.0.1.
 * @param port 0 takes a free one.
 * @param page asked at every request.
 * @throws WorkerError CONFIG_INVALID when the port is taken.
 */
export async function serveMetrics(port: number, page: () => Promise<string>): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    page().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new WorkerError('CONFIG_INVALID', `port ${port} for metrics cannot be used: ${cause.message}`, { cause, remedy: 'Choose another --metrics-port.' }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
