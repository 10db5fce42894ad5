/** The thread of Alice's site that stands for source, fibre and receiver of her links. It knows what neither end does. */
import type { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../error.js';
import type { Eve } from '../optics/eve.js';
import { Optics } from '../optics/optics.js';
import { RandomNumbers, seededRandom, systemRandom } from '../random.js';
import type { LinkConfig } from '../config.js';
import type { BatchAnswer, NextBatch, OpticsData, SetEve } from './half-messages.js';
import { BATCH_CLICKS, encodeDetections, settingsOf } from './quantum-channel.js';
import { connectTo } from './socket.js';

/** The optics of one link and the socket to Bob's receiver. */
class OpticalLink {
  readonly #link: LinkConfig;
  readonly #optics: Optics;
  #socket: Socket | undefined;

  constructor(link: LinkConfig) {
    const fill = link.opticsSeed === undefined ? systemRandom : seededRandom(Buffer.from(link.opticsSeed, 'hex'));
    this.#link = link;
    this.#optics = new Optics(link.profile, new RandomNumbers(fill), link.eve);
  }

  setEve(eve: Eve): void {
    this.#optics.setEve(eve);
  }

  /** Runs the link for one batch: Bob's part goes out on the quantum channel, Alice's is returned. */
  async next(run: number): Promise<BatchAnswer> {
    const link = this.#link.name;
    try {
      if (this.#socket?.writable !== true) this.#socket = await connectTo(this.#link.quantum, 'quantum channel');
      const batch = this.#optics.next(BATCH_CLICKS);
      await send(this.#socket, encodeDetections(run, batch));
      return { link, settings: settingsOf(batch) };
    } catch (thrown) {
      return { link, fault: messageOf(thrown) };
    }
  }
}

const send = async (socket: Socket, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.write(bytes, (error) => { if (error) reject(error); else resolve(); });
  });

const { links, halves } = workerData as OpticsData;
const optics = new Map(links.map((link) => [link.name, new OpticalLink(link)]));
halves.on('message', ({ link, run }: NextBatch) => {
  void optics.get(link)?.next(run).then((answer) => { halves.postMessage(answer); });
});
parentPort?.on('message', ({ link, eve }: SetEve) => { optics.get(link)?.setEve(eve); });
