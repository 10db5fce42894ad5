/** Starts the two threads of a site beside the key server: the halves of its links, and the optics of Alice's. */
import { MessageChannel, Worker } from 'node:worker_threads';
import type { HalfReport, HalvesData, LinkReport, MakeBlock, OpticsData, SetEve } from '../link/half-messages.js';
import { QkdError } from '../error.js';
import type { SiteConfig } from '../config.js';

/** The running threads. */
export interface Threads {
  makeBlock(message: MakeBlock): void;
  setEve(message: SetEve): void;
  stop(): Promise<void>;
}

/**
 * Starts the threads; resolves when Bob's halves listen.
 * @param failed called when a thread dies later on
 */
export const startThreads = async (site: SiteConfig, report: (report: LinkReport) => void, failed: (error: Error) => void): Promise<Threads> => {
  const { port1, port2 } = new MessageChannel();
  const opticsData: OpticsData = { links: site.links.filter(({ role }) => role === 'alice'), halves: port1 };
  const halvesData: HalvesData = { site, optics: port2 };
  const optics = new Worker(new URL('../link/optics-thread.js', import.meta.url), { workerData: opticsData, transferList: [port1] });
  const halves = new Worker(new URL('../link/halves-thread.js', import.meta.url), { workerData: halvesData, transferList: [port2] });
  const stop = async (): Promise<void> => {
    await Promise.all([optics.terminate(), halves.terminate()]);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      halves.on('message', (message: HalfReport) => {
        if (message.kind === 'listening') resolve();
        else if (message.kind === 'refused') reject(new QkdError(message.code, message.message, message.remedy === undefined ? {} : { remedy: message.remedy }));
        else report(message);
      });
      for (const thread of [optics, halves]) thread.on('error', reject);
    });
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  for (const thread of [optics, halves]) thread.on('error', failed);
  return {
    makeBlock: (message) => { halves.postMessage(message); },
    setEve: (message) => { optics.postMessage(message); },
    stop,
  };
};
