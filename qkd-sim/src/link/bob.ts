/** Bob's half of a block: he answers Alice, corrects his bits, and keeps the same key. */
import { HASH_KEY_BYTES, VERIFICATION_BITS, verificationHash } from '../distillation/error-verification.js';
import { ClickMonitor } from '../distillation/click-monitor.js';
import { measuredQber } from '../distillation/parameter-estimation.js';
import { amplify } from '../distillation/privacy-amplification.js';
import type { Reconciler } from '../distillation/reconciler.js';
import { reconcilerOf } from '../distillation/reconciliation.js';
import { secretLength } from '../distillation/secret-length.js';
import { BobSifting, type Detections } from '../distillation/sifting.js';
import { type Profile, blockBits, profileId } from '../profiles/profile.js';
import { type FillRandom, RandomNumbers } from '../random.js';
import type { BlockStore } from '../store/block-store.js';
import { authenticationTag, sameTag, tagKeys } from '../distillation/authentication.js';
import { type BlockMade, TURN_TIMEOUT_MS, agree, blockStats, bytesOf, estimateMessage, refuseTag, startMessage, stop } from './block.js';
import type { ClassicalChannel } from './classical-channel.js';

/** What Bob's half works with. */
export interface Bob {
  readonly profile: Profile;
  readonly channel: ClassicalChannel;
  readonly store: BlockStore;
  readonly random: FillRandom;
  /** What his receiver saw, one batch of a run at a time. */
  readonly nextDetections: (run: number, timeoutMs: number) => Promise<Detections>;
}

/** Rounds of reconciliation after which it is given up: 100 to 4,000 are usual, and altered messages can make it run in circles. */
const MAX_ROUNDS = 40_000;

const sift = async ({ channel, profile, random, nextDetections }: Bob, run: number): Promise<BobSifting> => {
  const sifting = new BobSifting(blockBits(profile), new RandomNumbers(random));
  const monitor = new ClickMonitor(profile);
  while (!sifting.full) {
    await channel.receive('pulses', TURN_TIMEOUT_MS);
    const detections = await nextDetections(run, TURN_TIMEOUT_MS);
    const alarm = monitor.alarm(detections);
    if (alarm !== undefined) stop(channel, 'abort', `the receiver's click monitor: ${alarm}`);
    channel.send('detections', sifting.announce(detections));
    sifting.keep(await channel.receive('kept', TURN_TIMEOUT_MS));
  }
  return sifting;
};

const reconcile = async ({ channel, profile }: Bob, words: Int32Array, qber: number): Promise<Reconciler> => {
  const reconciler = reconcilerOf(profile.reconciliation, words, profile.frameBits, qber, true);
  for (let round = 0; !reconciler.done; round++) {
    const parities = await channel.receive('parities', TURN_TIMEOUT_MS);
    if (round === MAX_ROUNDS) stop(channel, 'drop', 'reconciliation does not end');
    channel.send('differences', reconciler.answer(parities));
  }
  return reconciler;
};

const verify = async ({ channel }: Bob, key: Uint8Array): Promise<void> => {
  const message = await channel.receive('verify', TURN_TIMEOUT_MS);
  const hash = verificationHash(message.subarray(0, HASH_KEY_BYTES), key);
  if (!sameTag(hash, message.subarray(HASH_KEY_BYTES))) stop(channel, 'drop', 'errors are left after reconciliation');
  channel.send('verified', new Uint8Array());
};

/**
 * Waits for Alice to begin a block and makes it with her.
 * @param begun called when the block has begun
 * @throws BlockFailed, BlockStopped, QkdError CHANNEL or STORE when it could not be made
 */
export const followBlock = async (bob: Bob, begun: () => void): Promise<BlockMade> => {
  const { channel, profile, store } = bob;
  channel.begin();
  const start = startMessage.parse(await channel.receiveJson('start', 0));
  begun();
  if (start.profile !== profileId(profile)) stop(channel, 'drop', `the ends have different profiles: ${profileId(profile)} and ${start.profile}`);
  if (start.reconciliation !== profile.reconciliation) stop(channel, 'drop', `the ends reconcile in different ways: ${profile.reconciliation} and ${start.reconciliation}`);
  const own = store.next();
  const { block, attempt } = agree(channel, own, start);
  store.checkPads(attempt);
  channel.sendJson('ready', own);

  const sifting = await sift(bob, start.run);
  const measured = estimateMessage.parse(await channel.receiveJson('estimate', TURN_TIMEOUT_MS));
  const { counts, leakedBits } = measured;
  const reconciler = await reconcile(bob, sifting.words, measuredQber(counts) ?? 1);
  const reconciled = bytesOf(sifting.words);
  await verify(bob, reconciled);

  const disclosedBits = reconciler.disclosedBits + VERIFICATION_BITS;
  const keyBytes = Math.floor(secretLength(counts, profile, disclosedBits + leakedBits) / 8);
  const message = Buffer.from(await channel.receive('amplify', TURN_TIMEOUT_MS));
  const aliceTag = await channel.receive('tag', TURN_TIMEOUT_MS);

  const keys = tagKeys(store.takePads(attempt));
  const { sent, received } = channel.transcript;
  // The tag itself came in last and is not under itself.
  if (!sameTag(aliceTag, authenticationTag(keys.aliceToBob, received.slice(0, -1)))) {
    refuseTag(channel);
  }
  if (message.readUInt32BE() !== keyBytes) stop(channel, 'drop', 'the ends disagree on the length of the key');
  const secret = amplify(reconciled, message.subarray(4), keyBytes);
  const tag = authenticationTag(keys.bobToAlice, sent);
  const stats = blockStats(profile, { disclosedBits, corrections: reconciler.corrections }, measured);
  store.deposit(block, start.split, secret, stats);
  channel.send('tag', tag);
  return { number: block, keyBytes, stats };
};
