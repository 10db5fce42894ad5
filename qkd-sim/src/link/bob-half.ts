/** Bob's end of a link in his site: listens, follows Alice's blocks, and says what became of them. */
import type { Server, Socket } from 'node:net';
import type { Detections } from '../distillation/sifting.js';
import { QkdError } from '../error.js';
import type { Profile } from '../profiles/profile.js';
import type { FillRandom } from '../random.js';
import type { LinkConfig } from '../config.js';
import type { BlockStore } from '../store/block-store.js';
import { blockFailure } from './block.js';
import { followBlock } from './bob.js';
import { ClassicalChannel } from './classical-channel.js';
import type { HalfReport } from './half-messages.js';
import { QuantumReceiver } from './quantum-channel.js';
import { listenAt } from './socket.js';

export class BobHalf {
  readonly #link: LinkConfig;
  readonly #profile: Profile;
  readonly #store: BlockStore;
  readonly #random: FillRandom;
  readonly #report: (report: HalfReport) => void;
  #channel: ClassicalChannel | undefined;
  #receiver: QuantumReceiver | undefined;
  #lit: ((receiver: QuantumReceiver) => void) | undefined;

  constructor(link: LinkConfig, profile: Profile, store: BlockStore, random: FillRandom, report: (report: HalfReport) => void) {
    this.#link = link;
    this.#profile = profile;
    this.#store = store;
    this.#random = random;
    this.#report = report;
  }

  /** Listens on both channels. A new connection replaces the one before: its other end is gone, or will be told. */
  async listen(): Promise<Server[]> {
    const { quantum, classical, name } = this.#link;
    return Promise.all([
      listenAt(quantum, `quantum channel of ${name}`, (socket) => { this.#acceptQuantum(socket); }),
      listenAt(classical, `classical channel of ${name}`, (socket) => {
        this.#channel?.close();
        this.#channel = new ClassicalChannel(socket);
        void this.#follow(this.#channel);
      }),
    ]);
  }

  #acceptQuantum(socket: Socket): void {
    const receiver = new QuantumReceiver(socket);
    this.#receiver = receiver;
    this.#lit?.(receiver);
    socket.once('close', () => { if (this.#receiver === receiver) this.#receiver = undefined; });
  }

  async #follow(channel: ClassicalChannel): Promise<void> {
    const link = this.#link.name;
    const bob = { profile: this.#profile, channel, store: this.#store, random: this.#random, nextDetections: this.#nextDetections };
    while (channel.open) {
      let begun = false as boolean;
      try {
        const block = await followBlock(bob, () => {
          begun = true;
          this.#report({ kind: 'begun', link });
        });
        this.#report({ kind: 'made', link, block });
      } catch (thrown) {
        const { kind, message, qber } = blockFailure(channel, thrown);
        // An idle channel that closes has lost nothing.
        if (begun) this.#report({ kind: 'failed', link, failure: kind, reason: message, ...(qber !== undefined && { qber }) });
      }
    }
  }

  readonly #nextDetections = async (run: number, timeoutMs: number): Promise<Detections> => {
    const receiver = this.#receiver ?? (await this.#light(timeoutMs));
    return receiver.next(run, timeoutMs);
  };

  /** Waits for the optics to connect, which they do at the first batch. */
  async #light(timeoutMs: number): Promise<QuantumReceiver> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { reject(new QkdError('CHANNEL', 'the quantum channel is not connected')); }, timeoutMs);
      this.#lit = (receiver): void => {
        clearTimeout(timer);
        resolve(receiver);
      };
    });
  }
}
