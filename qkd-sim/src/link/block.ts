/** What Alice's and Bob's halves of a block have in common: messages, agreement, and the ways it can end. */
import { z } from 'zod';
import { type BellCounts, chsh } from '../distillation/bell-test.js';
import type { Counts } from '../distillation/finite-key.js';
import { type Profile, blockBits } from '../profiles/profile.js';
import type { Agreement, BlockStats } from '../store/block-store.js';
import { QkdError, messageOf } from '../error.js';
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
  /** What may have leaked from Alice's device, in bits about the sifted key. */
  leakedBits: index,
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

/** What was sent to end a block; anything else than that is not from an honest end. */
const stopped = ({ payload }: BlockStopped): BlockFailed | undefined => {
  try {
    const { kind, reason, qber } = stopMessage.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
    return new BlockFailed(kind, reason, qber);
  } catch {
    return undefined;
  }
};

/** What both ends keep of a block besides its bits. */
export const blockStats = (profile: Profile, { disclosedBits, corrections }: { disclosedBits: number; corrections: number }, { bell, gates, leakedBits }: { readonly bell: BellCounts; readonly gates: number; readonly leakedBits: number }): BlockStats => {
  const test = chsh(bell);
  return {
    siftedBits: blockBits(profile), disclosedBits, leakedBits, qber: corrections / blockBits(profile), linkSeconds: gates / profile.gateHz,
    epsilon: profile.secrecyEpsilon + profile.correctnessEpsilon, ...(test !== undefined && { chsh: test.value }),
  };
};

/** What is thrown where a received message is read: no JSON, not what is expected, or not possible. */
const unreadable = [BlockStopped, SyntaxError, z.ZodError, RangeError];

/**
 * Turns whatever ended a block into `BlockFailed`. After anything but an orderly stop the channel is closed, with a word
 * to the other end: a channel that fails, a store or a source that gives nothing drop the block; what no honest end
 * sends, out of turn, unreadable or impossible, means that somebody is in the channel.
 */
export const blockFailure = (channel: ClassicalChannel, thrown: unknown): BlockFailed => {
  const orderly = thrown instanceof BlockStopped ? stopped(thrown) : thrown instanceof BlockFailed ? thrown : undefined;
  if (orderly !== undefined) return orderly;
  const code = thrown instanceof QkdError ? thrown.code : undefined;
  const failure = code === 'TAMPERED' || unreadable.some((kind) => thrown instanceof kind)
    ? new BlockFailed('abort', `the classical channel was tampered with: ${messageOf(thrown).slice(0, 200)}`)
    : new BlockFailed(code === 'PADS' ? 'abort' : 'drop', messageOf(thrown));
  if (channel.open && code !== 'CHANNEL') channel.sendJson('stop', { kind: failure.kind, reason: failure.message.slice(0, 300) });
  channel.close();
  return failure;
};

/** Ends a block whose tag was wrong. */
export const refuseTag = (channel: ClassicalChannel): never =>
  stop(channel, 'abort', 'the tag of the classical channel is wrong: it was tampered with');

/** The bytes of a key held as words. */
export const bytesOf = (words: Int32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
