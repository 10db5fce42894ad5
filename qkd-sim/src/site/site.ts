/** A running site: key server, halves of its links, optics and the operator's door, put together. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { QkdError, messageOf } from '../error.js';
import { tlsOptions } from '../kme/http.js';
import { startKeyServer } from '../kme/key-server.js';
import { KmeLink } from '../kme/kme-link.js';
import type { LinkStatus } from '../kme/link-status.js';
import { PeerClient } from '../kme/peer-client.js';
import { eveSchema } from '../optics/eve.js';
import { attackFault } from '../optics/photon-pairs.js';
import { SiteRandom } from '../randomness/site-random.js';
import { sourceFaults } from '../randomness/quantum-source.js';
import { StoreClient } from '../store/store-client.js';
import { startAdmin } from './admin.js';
import type { SiteStatus } from './site-status.js';
import { viewPages } from './view.js';
import { type SiteConfig, databaseFile } from '../config.js';
import type { Log } from '../log.js';
import { startThreads } from './threads.js';

/** A site that runs until it is stopped. */
export interface RunningSite {
  stop(): Promise<void>;
}

const linkRequest = z.strictObject({ link: z.string() });
const sourceRequest = z.strictObject({ fault: z.enum(sourceFaults) });
const eveRequest = z.strictObject({ link: z.string(), eve: eveSchema });

/**
 * Starts a site.
 * @param failed called when it cannot go on
 * @throws QkdError CONFIG, PORT_IN_USE, STORE
 */
export const startSite = async (site: SiteConfig, log: Log, failed: (error: Error) => void): Promise<RunningSite> => {
  const storeKey = readStoreKey(site);
  const tls = tlsOptions(site);
  const links = new Map<string, KmeLink>();
  let sourceFailure: string | undefined;
  const sourceFailed = (reason: string): void => {
    sourceFailure ??= reason;
    log('random-source-failed', { reason });
  };
  const random = new SiteRandom(sourceFailed);
  const threads = await startThreads(site, {
    report: (report) => {
      links.get(report.link)?.report(report).catch((thrown: unknown) => { failed(new Error(messageOf(thrown), { cause: thrown })); });
    },
    sourceFailed,
    failed,
  });
  // After the halves, which bring the pads of new links into the database.
  const store = await StoreClient.start({ databaseFile: databaseFile(site), storeKey, links: site.links.map(({ name }) => name) }, failed, sourceFailed)
    .catch(async (thrown: unknown) => { await threads.stop(); throw thrown; });
  for (const config of site.links) {
    const { name } = config;
    const makeBlock = (split: 'both' | 'alice' | 'bob'): void => { threads.ask({ kind: 'make', link: name, split }); };
    links.set(name, new KmeLink(config, store, new PeerClient(config, tls), makeBlock, log, () => sourceFailure));
  }

  const linkStatus = (): LinkStatus[] => [...links.values()].map((link) => link.status());
  const status = (): SiteStatus => ({ site: site.site, kmeId: site.kmeId, pid: process.pid, randomness: { failure: sourceFailure }, links: linkStatus() });
  const linkOf = (name: string): KmeLink => {
    const link = links.get(name);
    if (link === undefined) throw new QkdError('UNKNOWN_LINK', `${site.site} has no link ${name}; it has ${[...links.keys()].join(', ')}`);
    return link;
  };
  const eve = async (body: unknown): Promise<object> => {
    const { link: name, eve: asked } = eveRequest.parse(body);
    const link = linkOf(name);
    if (link.config.role === 'bob') throw new QkdError('WRONG_SITE', `the optics of ${name} are emulated at the site of ${link.config.peerKmeId}: ask there`);
    const fault = attackFault(link.config.profile, asked);
    if (fault !== undefined) throw new QkdError('USAGE', fault);
    await threads.setEve(name, asked);
    link.eveChanged(asked);
    log('eve-set', { link: name, attack: asked.attack });
    return { link: name, eve: asked };
  };
  const resume = (body: unknown): object => {
    const { link: name } = linkRequest.parse(body);
    const link = linkOf(name);
    threads.ask({ kind: 'resume', link: name });
    link.probe();
    log('link-resumed', { link: name });
    return { link: name };
  };
  const randomness = (body: unknown): object => {
    const { fault } = sourceRequest.parse(body);
    random.setFault(fault);
    threads.setSourceFault(fault);
    log('random-source-set', { fault });
    return { fault };
  };

  const stopThreads = async (): Promise<void> => {
    for (const link of links.values()) link.stop();
    await threads.stop();
    await store.stop();
  };
  try {
    const server = await startKeyServer(site, store, [...links.values()], log, random.fill, () => sourceFailure);
    const admin = await startAdmin(site, { status, eve, resume, randomness }, viewPages(status));
    log('site-ready', { kmeId: site.kmeId, url: `https://${site.listen.host}:${site.listen.port}`, links: links.size });
    for (const link of links.values()) void link.start();
    return {
      stop: async () => {
        for (const listener of [server, admin]) {
          listener.close();
          listener.closeAllConnections();
        }
        await stopThreads();
      },
    };
  } catch (thrown) {
    await stopThreads();
    throw thrown;
  }
};

const readStoreKey = ({ storeKeyFile }: SiteConfig): Uint8Array => {
  try {
    return readFileSync(storeKeyFile);
  } catch (cause) {
    throw new QkdError('CONFIG', `the store key ${storeKeyFile} cannot be read`, { cause, remedy: 'Make one with qkd-sim init.' });
  }
};
