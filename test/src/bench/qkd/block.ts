/** One block of the quantum link, optics and both ends in one thread, with the CPU time of every stage. */
import { isDeepStrictEqual } from 'node:util';
import {
  AliceSifting, BATCH_CLICKS, BobSifting, Optics, RandomNumbers, VERIFICATION_BITS, amplify, authenticationTag, blockBits, measuredQber,
  randomBytesOf, reconcilerOf, secretLength, verificationHash, type FillRandom, type Profile, type Reconciler, type SentMessage,
} from '@epione/qkd-sim';

/** The stages in the order of the data. */
export const stages = ['optics', 'sifting', 'reconciliation', 'verification', 'amplification', 'authentication'] as const;

/** What became of a block. */
export interface MadeBlock {
  readonly keyBits: number;
  /** CPU time of each stage at both ends together, ms. */
  readonly cpuMs: Readonly<Record<(typeof stages)[number], number>>;
}

/**
 * Makes one block: every message that crosses the classical channel is in the transcript that both ends authenticate.
 * @throws Error when the two ends' keys differ: then the figure would be of something else
 */
export function makeBlock(profile: Profile, optics: Optics, random: FillRandom): MadeBlock {
  const cpuMs = { optics: 0, sifting: 0, reconciliation: 0, verification: 0, amplification: 0, authentication: 0 };
  const time = <T>(stage: keyof typeof cpuMs, run: () => T): T => {
    const before = process.threadCpuUsage();
    const result = run();
    const { user, system } = process.threadCpuUsage(before);
    cpuMs[stage] += (user + system) / 1000;
    return result;
  };
  const [toBob, toAlice]: [SentMessage[], SentMessage[]] = [[], []];
  const send = (messages: SentMessage[], payload: Uint8Array): void => { messages.push({ type: 0, payload }); };

  const alice = new AliceSifting(blockBits(profile));
  const bob = new BobSifting(blockBits(profile), new RandomNumbers(random));
  while (!alice.full) {
    const batch = time('optics', () => optics.next(BATCH_CLICKS));
    const announced = time('sifting', () => bob.announce(batch));
    const kept = time('sifting', () => alice.compare(batch, announced));
    time('sifting', () => { bob.keep(kept); });
    send(toAlice, announced);
    send(toBob, kept);
  }

  const [from, to] = time('reconciliation', () => {
    const estimate = measuredQber(alice.counts) ?? 1;
    const end = (words: Int32Array, corrects: boolean): Reconciler => reconcilerOf(profile.reconciliation, words, profile.frameBits, estimate, corrects);
    const ends = [end(alice.words, false), end(bob.words, true)] as const;
    while (!ends[0].done) {
      const parities = ends[0].parities();
      const answer = ends[1].answer(parities);
      ends[0].advance(answer);
      send(toBob, parities);
      send(toAlice, answer);
    }
    return ends;
  });
  const keys = [alice.words, bob.words].map(({ buffer }) => new Uint8Array(buffer));

  const hashKey = randomBytesOf(random, 16);
  const hashes = time('verification', () => keys.map((key) => verificationHash(hashKey, key)));
  const bits = secretLength(alice.counts, profile, from.disclosedBits + VERIFICATION_BITS);
  const seed = randomBytesOf(random, blockBits(profile) / 8);
  send(toBob, seed);
  const secrets = time('amplification', () => keys.map((key) => amplify(key, seed, Math.floor(bits / 8))));
  const tagKey = { hashKey: randomBytesOf(random, 16), pad: randomBytesOf(random, 16) };
  const tags = time('authentication', () => [toBob, toAlice].map((messages) => [authenticationTag(tagKey, messages), authenticationTag(tagKey, messages)]));

  for (const [one, other] of [[from.disclosedBits, to.disclosedBits], hashes, secrets, ...tags]) {
    if (!isDeepStrictEqual(one, other)) throw new Error('the two ends of the block differ');
  }
  return { keyBits: 8 * Math.floor(bits / 8), cpuMs };
}
