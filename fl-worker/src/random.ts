/** Random numbers that a seed repeats: AES-256 in counter mode, because every machine has the same one. */
import { createCipheriv, type Cipheriv } from 'node:crypto';
import { frame, sha256, type Framed } from '@epione/protocol';

/** A stream of numbers; the same seed gives the same stream everywhere. */
export interface SeededRandom {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in [0, bound), bound up to 2^32. */
  below(bound: number): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
  /** Gamma with shape `alpha` > 0 and scale 1 (Marsaglia and Tsang 2000; the boost for alpha < 1). */
  gamma(alpha: number): number;
}

const keystream = (seed: readonly Framed[]): Cipheriv => createCipheriv('aes-256-ctr', sha256(frame('epione/v1/seeded-random', ...seed)), Buffer.alloc(16));

/** Bytes of the stream named by these items: for replays only, whoever knows the seed knows them. */
export function seededBytes(...seed: Framed[]): (length: number) => Uint8Array {
  const cipher = keystream(seed);
  return (length) => new Uint8Array(cipher.update(Buffer.alloc(length)));
}

/** Opens the stream named by these items, e.g. `seededRandom(seed, study, round)`. */
export function seededRandom(...seed: Framed[]): SeededRandom {
  const cipher = keystream(seed);
  const zeros = Buffer.alloc(4096);
  let block = cipher.update(zeros);
  let at = 0;
  const word = (): number => {
    if (at === block.length) {
      block = cipher.update(zeros);
      at = 0;
    }
    at += 4;
    return block.readUInt32LE(at - 4);
  };
  const uniform = (): number => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;
  const normal = (): number => {
    for (;;) {
      const x = 2 * uniform() - 1;
      const square = x * x + (2 * uniform() - 1) ** 2;
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
    }
  };
  const gamma = (alpha: number): number => {
    if (alpha < 1) return gamma(alpha + 1) * uniform() ** (1 / alpha);
    const d = alpha - 1 / 3;
    for (;;) {
      const x = normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < x * x / 2 + d - d * v + d * Math.log(v)) return d * v;
    }
  };
  return { uniform, normal, gamma, below: (bound) => Math.floor(uniform() * bound) };
}

/** A copy in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}
