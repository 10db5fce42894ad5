/**
 * A key server in a process of its own that kills itself (SIGKILL) before or after an operation of its store or a
 * request to its peer: `node crashing-kme.js <site.yaml> [<operation>:before|after]`.
 */
import { readSiteConfig } from '../config.js';
import type { PeerClient } from '../kme/peer-client.js';
import type { StoreClient } from '../store/store-client.js';
import { startKme } from './key-servers.js';

const [configFile = '', arrow = ''] = process.argv.slice(2);

const around = async <T>(operation: string, run: () => Promise<T>): Promise<T> => {
  if (arrow === `${operation}:before`) process.kill(process.pid, 'SIGKILL');
  const result = await run();
  if (arrow === `${operation}:after`) process.kill(process.pid, 'SIGKILL');
  return result;
};

const wrapStore = (store: StoreClient): StoreClient => {
  const call = store.call.bind(store) as (operation: string, ...args: unknown[]) => Promise<unknown>;
  return Object.defineProperty(store, 'call', { value: async (operation: string, ...args: unknown[]) => around(operation, async () => call(operation, ...args)) });
};

const wrapPeer = (peer: PeerClient): PeerClient => {
  const reserve = peer.reserve.bind(peer);
  return Object.defineProperty(peer, 'reserve', { value: async (...args: Parameters<PeerClient['reserve']>) => around('send', async () => reserve(...args)) });
};

await startKme(readSiteConfig(configFile), wrapStore, wrapPeer);
process.send?.('ready');
