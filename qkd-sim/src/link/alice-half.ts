/** Alice's end of a link in her site: connects when a block is asked for, and says what became of it. */
import { QkdError, messageOf } from '../error.js';
import type { Profile } from '../profiles/profile.js';
import type { FillRandom } from '../random.js';
import type { LinkConfig } from '../config.js';
import type { BlockStore, Split } from '../store/block-store.js';
import { type AliceBatch, makeBlock } from './alice.js';
import { blockFailure } from './block.js';
import { ClassicalChannel } from './classical-channel.js';
import type { BatchAnswer, HalfReport, NextBatch } from './half-messages.js';
import { type Endpoint, connectTo } from './socket.js';

export class AliceHalf {
  readonly #link: LinkConfig;
  readonly #profile: Profile;
  readonly #store: BlockStore;
  readonly #random: FillRandom;
  readonly #askOptics: (message: NextBatch) => void;
  readonly #report: (report: HalfReport) => void;
  #classical: Endpoint;
  #channel: ClassicalChannel | undefined;
  #moved = false;
  #answer: ((answer: BatchAnswer) => void) | undefined;

  constructor(
    link: LinkConfig, profile: Profile, store: BlockStore, random: FillRandom,
    askOptics: (message: NextBatch) => void, report: (report: HalfReport) => void,
  ) {
    this.#link = link;
    this.#classical = link.classical;
    this.#profile = profile;
    this.#store = store;
    this.#random = random;
    this.#askOptics = askOptics;
    this.#report = report;
  }

  /** Takes what the optics answered. */
  take(answer: BatchAnswer): void {
    this.#answer?.(answer);
  }

  /** From the next block on Bob seems to be elsewhere, or where he is again. */
  route(classical: Endpoint = this.#link.classical): void {
    if (classical === this.#classical) return;
    this.#classical = classical;
    this.#moved = true;
  }

  /** Makes one block; every end of it is reported, none is thrown. */
  async make(split: Split): Promise<void> {
    const link = this.#link.name;
    if (this.#moved) this.#channel?.close();
    this.#moved = false;
    try {
      if (this.#channel?.open !== true) this.#channel = new ClassicalChannel(await connectTo(this.#classical, 'classical channel'));
    } catch (thrown) {
      this.#report({ kind: 'unreachable', link, reason: messageOf(thrown) });
      return;
    }
    const channel = this.#channel;
    try {
      this.#report({ kind: 'begun', link });
      const alice = { profile: this.#profile, channel, store: this.#store, random: this.#random, nextBatch: this.#nextBatch };
      this.#report({ kind: 'made', link, block: await makeBlock(alice, split) });
    } catch (thrown) {
      const { kind, message, qber } = blockFailure(channel, thrown);
      this.#report({ kind: 'failed', link, failure: kind, reason: message, ...(qber !== undefined && { qber }) });
    }
  }

  readonly #nextBatch = async (run: number): Promise<AliceBatch> => {
    const answer = await new Promise<BatchAnswer>((resolve) => {
      this.#answer = resolve;
      this.#askOptics({ link: this.#link.name, run });
    });
    if ('fault' in answer) throw new QkdError('CHANNEL', answer.fault);
    return answer;
  };
}
