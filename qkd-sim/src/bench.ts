/** Prints, as JSON lines, how much CPU time (ms) the stages of one block take with both halves in one thread: node dist/bench.js [profile] [blocks]. */
import { option3 } from './distillation/cascade-variant.js';
import { Cascade } from './distillation/cascade.js';
import { VERIFICATION_BITS, verificationHash } from './distillation/error-verification.js';
import { entropy, keyLength } from './distillation/finite-key.js';
import { measuredQber } from './distillation/parameter-estimation.js';
import { amplify } from './distillation/privacy-amplification.js';
import { AliceSifting, BobSifting } from './distillation/sifting.js';
import { authenticationTag, xor } from './distillation/authentication.js';
import { BATCH_CLICKS } from './link/quantum-channel.js';
import { Optics } from './optics/optics.js';
import { blockBits, profileOf } from './profile.js';
import { RandomNumbers, randomBytesOf, seededRandom } from './random.js';

const [name = 'metro-10dB', blocks = '8'] = process.argv.slice(2);
const profile = profileOf(name);
const random = seededRandom(new Uint8Array(32));
const optics = new Optics(profile, new RandomNumbers(random));

for (let block = 0; block < Number(blocks); block++) {
  const ms: Record<string, number> = {};
  const time = <T>(stage: string, run: () => T): T => {
    const before = process.threadCpuUsage();
    const result = run();
    const { user, system } = process.threadCpuUsage(before);
    ms[stage] = Math.round((ms[stage] ?? 0) * 10 + (user + system) / 100) / 10;
    return result;
  };
  const gatesBefore = optics.gates;
  const alice = new AliceSifting(blockBits(profile));
  const bob = new BobSifting(blockBits(profile), new RandomNumbers(random));
  const announcements: Uint8Array[] = [];
  while (!alice.full) {
    const batch = time('optics', () => optics.next(BATCH_CLICKS));
    const announced = time('sifting', () => bob.announce(batch));
    time('sifting', () => { bob.keep(alice.compare(batch, announced)); });
    announcements.push(announced);
  }
  const ends = time('cascade', () => {
    const estimate = measuredQber(alice.counts) ?? 1;
    return [new Cascade(alice.words, profile.frameBits, estimate, option3, false), new Cascade(bob.words, profile.frameBits, estimate, option3, true)] as const;
  });
  let rounds = 0;
  time('cascade', () => {
    for (; !ends[0].done; rounds++) {
      const differences = xor(ends[1].parities(), ends[0].parities());
      for (const end of ends) end.advance(differences);
    }
  });
  const key = new Uint8Array(alice.words.buffer);
  time('verification', () => verificationHash(randomBytesOf(random, 16), key));
  const { bits, phaseError } = keyLength(alice.counts, profile, ends[0].disclosedBits + VERIFICATION_BITS);
  const seed = randomBytesOf(random, key.length);
  time('amplification', () => amplify(key, seed, Math.floor(bits / 8)));
  const tagKey = { hashKey: randomBytesOf(random, 16), pad: randomBytesOf(random, 16) };
  time('authentication', () => authenticationTag(tagKey, announcements.map((payload) => ({ type: 0, payload }))));
  const qber = ends[0].corrections / blockBits(profile);
  const linkSeconds = (optics.gates - gatesBefore) / profile.gateHz;
  console.log(JSON.stringify({
    profile: name, block, qber, phaseError, efficiency: ends[0].disclosedBits / (blockBits(profile) * entropy(qber)), rounds,
    bits, keys: Math.floor(bits / 256), linkSeconds, equal: Buffer.compare(key, new Uint8Array(bob.words.buffer)) === 0, cpuMs: ms,
  }));
}
