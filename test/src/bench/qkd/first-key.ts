/** How soon a pair of sites delivers its first key: two real processes from an empty folder, asked over ETSI GS QKD 014. */
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { against, type Figure } from '../figure.js';
import { SitePair } from './site-pair.js';

/** Seconds that we want. */
const goal = 1;
const timeoutMs = 120_000;

/** Asks once; the number of keys that came, 0 while there is no server or no key. */
async function keysFrom(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve(response.statusCode === 200 ? (JSON.parse(Buffer.concat(chunks).toString()) as { keys: unknown[] }).keys.length : 0);
      });
    });
    sent.on('error', () => { resolve(0); });
    sent.end();
  });
}

/** Seconds from the start of two sites to the first key. @throws Error when a site ends, or no key comes within two minutes */
async function firstKeySeconds(): Promise<number> {
  const sites = await SitePair.create();
  const agent = new Agent({ ...sites.sae, keepAlive: true });
  const begun = performance.now();
  sites.start();
  try {
    while ((await keysFrom(`${sites.url}enc_keys`, agent)) === 0) {
      sites.check();
      if (performance.now() - begun > timeoutMs) throw new Error('no key within two minutes');
      await sleep(10);
    }
    return (performance.now() - begun) / 1000;
  } finally {
    agent.destroy();
    await sites.remove();
  }
}

/** The first key of sites that start with nothing but their shared secret. */
export async function firstKeyFigures(runs: number): Promise<Figure[]> {
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) seconds.push(await firstKeySeconds());
  return [against('qkd.firstKey', 's', seconds, goal)];
}
