/** What Alice's and Bob's halves of a block have in common: messages, agreement, and the ways it can end. */
import { z } from 'zod';
import { type BellCounts, chsh } from '../distillation/bell-test.js';
import type { Counts } from '../distillation/finite-key.js';
import { type Profile, blockBits } from '../profiles/profile.js';
import type { Agreement, BlockStats } from '../store/block-store.js';
import { BlockStopped, type ClassicalChannel } from './classical-channel.js';

/** How long one end waits for the other within a block. */
export const TURN_TIMEOUT_MS = 30_000;

/** A block was not made: `abort` means that the channel is not safe, `drop` that something went wrong on the way. */
export class BlockFailed extends Error {
  readonly kind: 'abort' | 'drop';
  readonly qber: number | undefined;

  constructor(kind: 'abort' | 'drop', reason: string, qber?: number) {
    super(reason);
    this.name = 'BlockFailed';
    this.kind = kind;
    this.qber = qber;
  }
}

/** A block that was made. */
export interface BlockMade {
  readonly number: number;
  readonly keyBytes: number;
  readonly stats: BlockStats;
}

const index = z.int().nonnegative();
const agreement = z.strictObject({ block: index, attempt: index });

export const startMessage = agreement.extend({
  run: index,
  split: z.enum(['both', 'alice', 'bob']),
  profile: z.string(),
  reconciliation: z.string(),
});
export const readyMessage = agreement;

const perIntensity = z.tuple([index, index, index]);
export const estimateMessage = z.strictObject({
  counts: z.strictObject({ key: perIntensity, check: perIntensity, checkErrors: perIntensity }) satisfies z.ZodType<Counts>,
  bell: z.array(index).length(8),
  gates: index,
});

const stopMessage = z.strictObject({ kind: z.enum(['abort', 'drop']), reason: z.string().max(300), qber: z.number().optional() });

/** Ends a block in good order, when it is one's own turn. */
export const stop = (channel: ClassicalChannel, kind: 'abort' | 'drop', reason: string, qber?: number): never => {
  channel.sendJson('stop', { kind, reason, qber });
  throw new BlockFailed(kind, reason, qber);
};

/** The later of two ends' numbers: what one end has used, the other may not use again. */
export const agree = (channel: ClassicalChannel, own: Agreement, other: Agreement): Agreement => {
  // One end can be ahead by the one attempt that the other did not live to see; more is a wrong store or an attack.
  if (Math.abs(own.attempt - other.attempt) > 1) {
    stop(channel, 'drop', `the ends disagree on the authentication key: attempts ${own.attempt} and ${other.attempt}`);
  }
  return { block: Math.max(own.block, other.block), attempt: Math.max(own.attempt, other.attempt) };
};

/** Turns whatever ended a block into `BlockFailed`; after anything but an orderly stop the channel is closed. */
export const blockFailure = (channel: ClassicalChannel, thrown: unknown): BlockFailed => {
  if (thrown instanceof BlockStopped) {
    const parsed = stopMessage.safeParse(JSON.parse(Buffer.from(thrown.payload).toString('utf8')));
    if (parsed.success) return new BlockFailed(parsed.data.kind, parsed.data.reason, parsed.data.qber);
  }
  if (thrown instanceof BlockFailed) return thrown;
  channel.close();
  return new BlockFailed('drop', thrown instanceof Error ? thrown.message : String(thrown));
};

/** What both ends keep of a block besides its bits. */
export const blockStats = (profile: Profile, { disclosedBits, corrections }: { disclosedBits: number; corrections: number }, { bell, gates }: { readonly bell: BellCounts; readonly gates: number }): BlockStats => {
  const test = chsh(bell);
  return {
    siftedBits: blockBits(profile), disclosedBits, qber: corrections / blockBits(profile), linkSeconds: gates / profile.gateHz,
    epsilon: profile.secrecyEpsilon + profile.correctnessEpsilon, ...(test !== undefined && { chsh: test.value }),
  };
};

/** The bytes of a key held as words. */
export const bytesOf = (words: Int32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
