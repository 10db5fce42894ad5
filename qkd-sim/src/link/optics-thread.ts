/** The thread of Alice's site that stands for source, fibre and receiver of her links. It knows what neither end does. */
import type { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../error.js';
import type { Eve } from '../optics/eve.js';
import { Optics } from '../optics/optics.js';
import { type FillRandom, RandomNumbers, seededRandom } from '../random.js';
import { SiteRandom } from '../randomness/site-random.js';
import type { LinkConfig } from '../config.js';
import type { BatchAnswer, EveSet, NextBatch, OpticsData, SetEve, SetSource, SourceFailed } from './half-messages.js';
import { PacedOptics, wallClock } from './paced-optics.js';
import { BATCH_CLICKS, encodeDetections, settingsOf } from './quantum-channel.js';
import { ManInTheMiddle } from './man-in-the-middle.js';
import { type Endpoint, connectTo } from './socket.js';

/** The optics of one link, the socket to Bob's receiver, and Eve's place in both channels. */
class OpticalLink {
  readonly #link: LinkConfig;
  readonly #optics: Optics;
  readonly #paced: PacedOptics;
  readonly #man: ManInTheMiddle;
  #leakedBitsPerPulse = 0;
  #socket: Socket | undefined;

  constructor(link: LinkConfig, random: FillRandom) {
    const fill = link.opticsSeed === undefined ? random : seededRandom(Buffer.from(link.opticsSeed, 'hex'));
    this.#link = link;
    this.#optics = new Optics(link.profile, new RandomNumbers(fill));
    this.#paced = new PacedOptics(this.#optics, link.pace ?? 'max', wallClock);
    this.#man = new ManInTheMiddle(link.classical);
  }

  /** Begins an attack in place of the one before. @returns where Alice finds Eve in Bob's place, if she does */
  async setEve(eve: Eve): Promise<Endpoint | undefined> {
    this.#optics.setEve(eve);
    this.#leakedBitsPerPulse = eve.attack === 'trojan-horse' ? eve.bitsPerPulse : 0;
    if (eve.attack === 'tamper' || eve.attack === 'replay') return this.#man.attack(eve);
    this.#man.leave();
    return undefined;
  }

  /** Runs the link for one batch: Bob's part goes out on the quantum channel, Alice's is returned. */
  async next(run: number): Promise<BatchAnswer> {
    const link = this.#link.name;
    try {
      if (this.#socket?.writable !== true) this.#socket = await connectTo(this.#link.quantum, 'quantum channel');
      const batch = await this.#paced.next(BATCH_CLICKS);
      await send(this.#socket, encodeDetections(run, batch));
      return { link, settings: settingsOf(batch), leakedBitsPerPulse: this.#leakedBitsPerPulse };
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
const report = (message: EveSet | SourceFailed): void => { parentPort?.postMessage(message); };
const random = new SiteRandom((reason) => { report({ kind: 'source-failed', reason }); });
const optics = new Map(links.map((link) => [link.name, new OpticalLink(link, random.fill)]));

const setEve = async (link: string, eve: Eve): Promise<void> => {
  report({ kind: 'eve-set', link, classical: await optics.get(link)?.setEve(eve) });
};

halves.on('message', ({ link, run }: NextBatch) => {
  void optics.get(link)?.next(run).then((answer) => { halves.postMessage(answer); });
});
parentPort?.on('message', (request: SetEve | SetSource) => {
  if (request.kind === 'source') random.setFault(request.fault);
  else void setEve(request.link, request.eve);
});
