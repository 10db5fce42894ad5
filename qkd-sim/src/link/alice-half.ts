/** Alice's end of a link in her site: connects when a block is asked for, and says what became of it. */
import type { Settings } from '../distillation/sifting.js';
import { QkdError, messageOf } from '../error.js';
import type { Profile } from '../profiles/profile.js';
import type { FillRandom } from '../random.js';
import type { LinkConfig } from '../config.js';
import type { BlockStore, Split } from '../store/block-store.js';
import { makeBlock } from './alice.js';
import { blockFailure } from './block.js';
import { ClassicalChannel } from './classical-channel.js';
import type { BatchAnswer, HalfReport, NextBatch } from './half-messages.js';
import { connectTo } from './socket.js';

export class AliceHalf {
  readonly #link: LinkConfig;
  readonly #profile: Profile;
  readonly #store: BlockStore;
  readonly #random: FillRandom;
  readonly #askOptics: (message: NextBatch) => void;
  readonly #report: (report: HalfReport) => void;
  #channel: ClassicalChannel | undefined;
  #answer: ((answer: BatchAnswer) => void) | undefined;

  constructor(
    link: LinkConfig, profile: Profile, store: BlockStore, random: FillRandom,
    askOptics: (message: NextBatch) => void, report: (report: HalfReport) => void,
  ) {
    this.#link = link;
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

  /** Makes one block; every end of it is reported, none is thrown. */
  async make(split: Split): Promise<void> {
    const link = this.#link.name;
    try {
      if (this.#channel?.open !== true) this.#channel = new ClassicalChannel(await connectTo(this.#link.classical, 'classical channel'));
    } catch (thrown) {
      this.#report({ kind: 'unreachable', link, reason: messageOf(thrown) });
      return;
    }
    const channel = this.#channel;
    try {
      this.#report({ kind: 'begun', link });
      const alice = { profile: this.#profile, channel, store: this.#store, random: this.#random, nextSettings: this.#nextSettings };
      this.#report({ kind: 'made', link, block: await makeBlock(alice, split) });
    } catch (thrown) {
      const { kind, message, qber } = blockFailure(channel, thrown);
      this.#report({ kind: 'failed', link, failure: kind, reason: message, ...(qber !== undefined && { qber }) });
    }
  }

  readonly #nextSettings = async (run: number): Promise<Settings> => {
    const answer = await new Promise<BatchAnswer>((resolve) => {
      this.#answer = resolve;
      this.#askOptics({ link: this.#link.name, run });
    });
    if ('fault' in answer) throw new QkdError('CHANNEL', answer.fault);
    return answer.settings;
  };
}
