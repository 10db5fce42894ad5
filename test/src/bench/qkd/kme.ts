/**
 * How many keys a second a key server gives out over 32 connections with mutual TLS, each key durable at both ends
 * before it is given. The pools are filled beforehand, so that the link's own pace is not what is measured. The load is
 * raw sockets with one fixed request: an ordinary client would measure itself.
 */
import { once } from 'node:events';
import { Agent, get } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { against, type Figure } from '../figure.js';
import { cpuMs } from '../resources.js';
import { percentile } from '../statistics.js';
import { SitePair } from './site-pair.js';

const connections = 32;
/** A key server runs for months: until its code is compiled, each key costs it about a third more. */
const warmUpKeys = 10_000;
const measuredKeys = 10_000;
/** What we want: keys a second, ms, and µs of CPU of both key servers for a key. */
const goals = { keys: 8000, p99: 10, cpuUs: 150 };
const openTimeoutMs = 60_000;

/** The status of the keys for `sae-south`; undefined while nobody answers. */
async function stored(sites: SitePair, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve) => {
    get(`${sites.url}status`, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => { resolve((JSON.parse(Buffer.concat(chunks).toString()) as { stored_key_count?: number }).stored_key_count); });
    }).on('error', () => { resolve(undefined); });
  });
}

/** Waits until the key servers have compared their blocks. @throws Error when they do not */
async function ready(sites: SitePair): Promise<void> {
  const agent = new Agent({ ...sites.sae, keepAlive: true });
  try {
    for (const until = performance.now() + openTimeoutMs; ((await stored(sites, agent)) ?? 0) === 0;) {
      sites.check();
      if (performance.now() > until) throw new Error('the key servers have no keys');
      await sleep(200);
    }
  } finally {
    agent.destroy();
  }
}

/** Asks for one key after the other on one connection. @param next whether to ask again; told how long the last took, ms. */
function ask(socket: TLSSocket, request: Buffer, next: (ms: number | undefined) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let begun = performance.now();
    let answer = '';
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      const head = answer.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(answer)?.[1]);
      if (head < 0 || answer.length < head + 4 + length) return;
      if (!answer.startsWith('HTTP/1.1 200')) reject(new Error(answer));
      answer = '';
      const now = performance.now();
      if (!next(now - begun)) {
        socket.end();
        resolve();
        return;
      }
      begun = now;
      socket.write(request);
    });
    if (next(undefined)) socket.write(request);
    else resolve();
  });
}

/** Draws keys on all connections. @returns what each took, ms */
async function draw(sockets: readonly TLSSocket[], request: Buffer, keys: number): Promise<number[]> {
  const latencies: number[] = [];
  let left = keys;
  await Promise.all(sockets.map((socket) => ask(socket, request, (ms) => {
    if (ms !== undefined) latencies.push(ms);
    return left-- > 0;
  })));
  return latencies;
}

interface Run {
  readonly keysPerSecond: number;
  readonly p99: number;
  readonly cpuUs: number;
}

async function measure(sites: SitePair): Promise<Run> {
  const { hostname, port, pathname } = new URL(`${sites.url}enc_keys`);
  const request = Buffer.from(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  const sockets = async (): Promise<TLSSocket[]> => Promise.all(Array.from({ length: connections }, async () => {
    const socket = connect({ ...sites.sae, host: hostname, port: Number(port), minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' });
    socket.setNoDelay(true);
    await once(socket, 'secureConnect');
    return socket;
  }));
  await draw(await sockets(), request, warmUpKeys);
  const opened = await sockets();
  const cpu = (): number => sites.pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  const [cpuBefore, begun] = [cpu(), performance.now()];
  const latencies = await draw(opened, request, measuredKeys);
  const ms = performance.now() - begun;
  return { keysPerSecond: (1000 * latencies.length) / ms, p99: percentile(latencies, 0.99), cpuUs: (1000 * (cpu() - cpuBefore)) / latencies.length };
}

/** Keys a second, the 99th percentile of a request, and the CPU time of both key servers for a key. */
export async function kmeFigures(runs: number): Promise<Figure[]> {
  // A pool is never below the limit: no block is made, which would take the processors from what is measured.
  const sites = await SitePair.create(1);
  try {
    // One SAE sends all requests.
    sites.configure((site) => ({ ...site, limits: { requestsPerSecond: 1_000_000, burst: 1_000_000 } }));
    const results: Run[] = [];
    for (let run = 0; run < runs; run++) {
      sites.give(warmUpKeys + measuredKeys + connections);
      sites.start();
      await ready(sites);
      results.push(await measure(sites));
      await sites.stop();
    }
    return [
      against('kme.keys', '1/s', results.map(({ keysPerSecond }) => keysPerSecond), goals.keys),
      against('kme.p99', 'ms', results.map(({ p99 }) => p99), goals.p99),
      against('kme.cpu', 'µs', results.map(({ cpuUs }) => cpuUs), goals.cpuUs),
    ];
  } finally {
    await sites.remove();
  }
}
