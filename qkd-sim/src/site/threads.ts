/** Starts the two threads of a site beside the key server: the halves of its links, and the optics of Alice's. */
import { MessageChannel, Worker } from 'node:worker_threads';
import type { EveSet, HalfReport, HalfRequest, HalvesData, LinkReport, OpticsData, SetEve, SetSource, SourceFailed } from '../link/half-messages.js';
import type { Eve } from '../optics/eve.js';
import type { SourceFault } from '../randomness/quantum-source.js';
import { QkdError } from '../error.js';
import type { SiteConfig } from '../config.js';

/** The running threads. */
export interface Threads {
  ask(request: HalfRequest): void;
  /** Resolves when Eve is in her place and Alice's next block meets her. */
  setEve(link: string, eve: Eve): Promise<void>;
  setSourceFault(fault: SourceFault): void;
  stop(): Promise<void>;
}

/** Who hears of what happens in them. */
export interface ThreadListener {
  report(report: LinkReport): void;
  /** A random source has failed. */
  sourceFailed(reason: string): void;
  /** A thread has died. */
  failed(error: Error): void;
}

/**
 * Starts the threads; resolves when Bob's halves listen.
 * @param seed see `HalvesData`
 */
export const startThreads = async (site: SiteConfig, listener: ThreadListener, seed?: Uint8Array): Promise<Threads> => {
  const { port1, port2 } = new MessageChannel();
  const opticsData: OpticsData = { links: site.links.filter(({ role }) => role === 'alice'), halves: port1 };
  const halvesData: HalvesData = { site, ...(seed !== undefined && { seed }), optics: port2 };
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
        else if (message.kind === 'source-failed') listener.sourceFailed(message.reason);
        else listener.report(message);
      });
      for (const thread of [optics, halves]) thread.on('error', reject);
    });
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  for (const thread of [optics, halves]) thread.on('error', (error: Error) => { listener.failed(error); });

  const settings = new Map<string, () => void>();
  optics.on('message', (message: EveSet | SourceFailed) => {
    if (message.kind === 'source-failed') {
      listener.sourceFailed(message.reason);
      return;
    }
    const { link, classical } = message;
    halves.postMessage({ kind: 'route', link, classical } satisfies HalfRequest);
    settings.get(link)?.();
  });
  const setEve = async (link: string, eve: Eve): Promise<void> => new Promise((resolve) => {
    settings.set(link, resolve);
    optics.postMessage({ kind: 'eve', link, eve } satisfies SetEve);
  });
  await Promise.all(opticsData.links.map(async ({ name, eve }) => (eve === undefined ? undefined : setEve(name, eve))));
  return {
    ask: (request) => { halves.postMessage(request); },
    setEve,
    setSourceFault: (fault) => { for (const thread of [optics, halves]) thread.postMessage({ kind: 'source', fault } satisfies SetSource); },
    stop,
  };
};
