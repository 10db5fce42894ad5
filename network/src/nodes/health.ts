/** Whether a node serves, asked and not guessed by time. */
import { get } from 'node:http';
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tlsClient } from '../connection/gateway.js';
import { NetworkError, sentenceOf } from '../error.js';
import { readCredential } from '../identities/identities.js';
import type { NetworkNode } from './nodes.js';
import { credential, type Network, type Organization } from '../state.js';
import { lastWords, runningPid } from './process.js';

// What no waiting mends.
const isFinal: ReadonlySet<string> = new Set(['PROCESS_FAILED', 'CONFIG_REFUSED']);

/** Repeats a probe until it answers true. A throw counts as no, its words are told at the deadline. */
export async function until(what: string, timeoutMs: number, probe: () => Promise<boolean>, remedy: string): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let words = '';
  for (;;) {
    try {
      if (await probe()) return;
    } catch (error) {
      if (error instanceof NetworkError && isFinal.has(error.code)) throw error;
      words = `: ${sentenceOf(error)}`;
    }
    if (performance.now() > deadline) throw new NetworkError('NOT_HEALTHY', `${what} did not happen within ${timeoutMs / 1000} s${words}`, remedy);
    await sleep(30);
  }
}

/** GET on a node's operations port; its body when the answer is 200, else undefined. */
export async function operations(port: number, path: '/healthz' | '/metrics'): Promise<string | undefined> {
  return new Promise((done) => {
    const request = get({ host: '127.0.0.1', port, path, timeout: 2000, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => {
        done(response.statusCode === 200 ? body : undefined);
      });
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      done(undefined);
    });
  });
}

/** Whether a port is open: at a hundredth of the price of a TLS client, and for servers that do not log who goes away. */
async function isOpen(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      done(true);
      socket.destroy();
    });
    socket.once('error', () => {
      done(false);
    });
  });
}

/** Whether a gRPC port takes a TLS connection, as the organization's peer where the server asks for a client certificate. */
export async function answersTls(organization: Organization, port: number, timeoutMs = 500): Promise<boolean> {
  const roots = readFileSync(credential(organization, 'authorities', 'tls').certificateFile);
  const client = tlsClient(port, roots, readCredential(credential(organization, 'tls', 'peer')));
  try {
    return await new Promise((done) => {
      client.waitForReady(Date.now() + timeoutMs, (error) => {
        done(!error);
      });
    });
  } finally {
    client.close();
  }
}

/** Waits for one node: its health page first or, where it has none, that its port is open; then TLS, which comes last. */
export async function untilServing(network: Network, { name, organization, port, operationsPort }: NetworkNode): Promise<void> {
  const remedy = `Read its log with fl-network logs ${name}.`;
  await until(
    `the start of ${name}`,
    30_000,
    async () => {
      if (runningPid(network, name) === undefined) throw new NetworkError('PROCESS_FAILED', `${name} ended at its start:\n${lastWords(network, name)}`, remedy);
      const begun = operationsPort === undefined ? await isOpen(port) : (await operations(operationsPort, '/healthz')) !== undefined;
      if (!begun) return false;
      return answersTls(organization, port);
    },
    remedy,
  );
}
