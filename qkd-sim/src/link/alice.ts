/** Alice's half of a block, from the first pulse to a key in the store. She leads; each message has its turn. */
import { chsh } from '../distillation/bell-test.js';
import { HASH_KEY_BYTES, VERIFICATION_BITS, verificationHash } from '../distillation/error-verification.js';
import { clearlyAbove, measuredQber } from '../distillation/parameter-estimation.js';
import { amplify, seedBytes } from '../distillation/privacy-amplification.js';
import type { Reconciler } from '../distillation/reconciler.js';
import { reconcilerOf } from '../distillation/reconciliation.js';
import { secretLength } from '../distillation/secret-length.js';
import { AliceSifting, type Settings } from '../distillation/sifting.js';
import { type Profile, blockBits, profileId } from '../profiles/profile.js';
import { type FillRandom, randomBytesOf } from '../random.js';
import { type BlockStore, RESERVED_BYTES, type Split } from '../store/block-store.js';
import { authenticationTag, sameTag, tagKeys } from '../distillation/authentication.js';
import { type BlockMade, TURN_TIMEOUT_MS, agree, blockStats, bytesOf, readyMessage, refuseTag, stop } from './block.js';
import type { ClassicalChannel } from './classical-channel.js';

/** What Alice's half works with. */
export interface Alice {
  readonly profile: Profile;
  readonly channel: ClassicalChannel;
  readonly store: BlockStore;
  readonly random: FillRandom;
  /** What her device did, one batch of a run at a time. */
  readonly nextBatch: (run: number) => Promise<AliceBatch>;
}

/** What Alice's device tells of a batch. */
export interface AliceBatch {
  /** Her settings at the gates that clicked. */
  readonly settings: Settings;
  /** The most that can have leaked about a pulse, in bits: what her monitor of incoming light allows. */
  readonly leakedBitsPerPulse: number;
}

const sift = async ({ channel, profile, nextBatch }: Alice, run: number): Promise<{ sifting: AliceSifting; gates: number; leakedBits: number }> => {
  const sifting = new AliceSifting(blockBits(profile));
  let gates = 0;
  let leakedBitsPerPulse = 0;
  while (!sifting.full) {
    const batch = await nextBatch(run);
    const { settings } = batch;
    leakedBitsPerPulse = Math.max(leakedBitsPerPulse, batch.leakedBitsPerPulse);
    channel.send('pulses', new Uint8Array());
    gates += settings.gaps.reduce((sum, gap) => sum + gap, 0);
    const kept = sifting.compare(settings, await channel.receive('detections', TURN_TIMEOUT_MS));
    if (clearlyAbove(sifting.counts, profile.maxQber)) refuseQber(channel, sifting, profile);
    channel.send('kept', kept);
  }
  return { sifting, gates, leakedBits: Math.ceil(leakedBitsPerPulse * blockBits(profile)) };
};

const refuseQber = (channel: ClassicalChannel, sifting: AliceSifting, profile: Profile): never => {
  const qber = measuredQber(sifting.counts) ?? 1;
  return stop(channel, 'abort', `QBER ${qber.toFixed(4)} is above ${profile.maxQber}`, qber);
};

const reconcile = async ({ channel, profile }: Alice, words: Int32Array, qber: number): Promise<Reconciler> => {
  const reconciler = reconcilerOf(profile.reconciliation, words, profile.frameBits, qber, false);
  while (!reconciler.done) {
    channel.send('parities', reconciler.parities());
    reconciler.advance(await channel.receive('differences', TURN_TIMEOUT_MS));
  }
  return reconciler;
};

const verify = async ({ channel, random }: Alice, key: Uint8Array): Promise<void> => {
  const hashKey = randomBytesOf(random, HASH_KEY_BYTES);
  channel.send('verify', Buffer.concat([hashKey, verificationHash(hashKey, key)]));
  await channel.receive('verified', TURN_TIMEOUT_MS);
};

/**
 * Makes one block and keeps it.
 * @param split which pool it fills
 * @throws BlockFailed, BlockStopped, QkdError CHANNEL or STORE when it could not be made
 */
export const makeBlock = async (alice: Alice, split: Split): Promise<BlockMade> => {
  const { channel, profile, random, store } = alice;
  const run = Buffer.from(randomBytesOf(random, 4)).readUInt32LE();
  channel.begin();
  const own = store.next();
  channel.sendJson('start', { ...own, run, split, profile: profileId(profile), reconciliation: profile.reconciliation });
  const { block, attempt } = agree(channel, own, readyMessage.parse(await channel.receiveJson('ready', TURN_TIMEOUT_MS)));
  store.checkPads(attempt);

  const { sifting, gates, leakedBits } = await sift(alice, run);
  const { counts } = sifting;
  const estimate = measuredQber(counts) ?? 1;
  if (estimate > profile.maxQber) refuseQber(channel, sifting, profile);
  const measured = { counts, bell: [...sifting.bell], gates, leakedBits };
  if (profile.source === 'photon-pairs' && (chsh(measured.bell)?.value ?? 0) <= 2) stop(channel, 'abort', 'Bell\'s inequality holds: the photons are not entangled', estimate);
  channel.sendJson('estimate', measured);
  const reconciler = await reconcile(alice, sifting.words, estimate);
  const reconciled = bytesOf(sifting.words);
  await verify(alice, reconciled);

  const qber = reconciler.corrections / blockBits(profile);
  const disclosedBits = reconciler.disclosedBits + VERIFICATION_BITS;
  const bits = secretLength(counts, profile, disclosedBits + leakedBits);
  const keyBytes = Math.floor(bits / 8);
  if (qber > profile.maxQber) stop(channel, 'abort', `QBER ${qber.toFixed(4)} is above ${profile.maxQber}`, qber);
  if (keyBytes <= RESERVED_BYTES) stop(channel, 'abort', `no secret key can be distilled at QBER ${qber.toFixed(4)} (${bits} bits${leakedBits > 0 ? `, ${leakedBits} leaked from Alice's device` : ''})`, qber);
  const seed = randomBytesOf(random, seedBytes(reconciled.length));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(keyBytes);
  channel.send('amplify', Buffer.concat([length, seed]));
  const secret = amplify(reconciled, seed, keyBytes);

  const keys = tagKeys(store.takePads(attempt));
  const { sent, received } = channel.transcript;
  const expected = authenticationTag(keys.bobToAlice, received);
  channel.send('tag', authenticationTag(keys.aliceToBob, sent));
  if (!sameTag(await channel.receive('tag', TURN_TIMEOUT_MS), expected)) {
    return refuseTag(channel);
  }
  const stats = blockStats(profile, { disclosedBits, corrections: reconciler.corrections }, measured);
  store.deposit(block, split, secret, stats);
  return { number: block, keyBytes, stats };
};
