/** Reconciliation by LDPC codes, both ends on one core: how fast, and how much more than Shannon's bound it discloses. */
import { Ldpc, entropy, randomBytesOf, seededRandom } from '@epione/qkd-sim';
import { against, type Figure } from '../figure.js';

const keyBytes = 120_000;
const qbers = [0.02, 0.03, 0.05] as const;
const blocksPerRun = 3;
const goals = { megabits: 10, efficiency: 1.3 };

interface Outcome {
  readonly megabits: number;
  /** Disclosed bits over n·h(the errors that there were). */
  readonly efficiency: number;
}

/** Bob's key and the number of its errors: a bit differs where 32 random bits fall below the rate. */
function disturbed(key: Uint8Array, qber: number, random: (bytes: Uint8Array) => void): { words: Int32Array; errors: number } {
  const draws = new Uint32Array(8 * key.length);
  random(new Uint8Array(draws.buffer));
  const words = new Int32Array(key.slice().buffer);
  let errors = 0;
  draws.forEach((draw, place) => {
    if (draw >= qber * 2 ** 32) return;
    words[place >> 5] = (words[place >> 5] ?? 0) ^ (1 << (place & 31));
    errors++;
  });
  return { words, errors };
}

/** One block. @throws Error when an error is left */
function reconcile(qber: number, random: (bytes: Uint8Array) => void): Outcome & { cpuMicros: number; disclosed: number; bound: number } {
  const key = randomBytesOf(random, keyBytes);
  const { words, errors } = disturbed(key, qber, random);
  const before = process.cpuUsage();
  const alice = new Ldpc(new Int32Array(key.buffer), qber);
  const bob = new Ldpc(words, qber);
  while (!alice.done) alice.advance(bob.answer(alice.parities()));
  const { user, system } = process.cpuUsage(before);
  if (Buffer.compare(key, new Uint8Array(words.buffer)) !== 0 || bob.corrections !== errors) throw new Error('errors are left');
  const bound = 8 * keyBytes * entropy(errors / (8 * keyBytes));
  return { cpuMicros: user + system, disclosed: alice.disclosedBits, bound, megabits: (8 * keyBytes) / (user + system), efficiency: alice.disclosedBits / bound };
}

/** A run of several blocks. */
function run(qber: number, random: (bytes: Uint8Array) => void): Outcome {
  const blocks = Array.from({ length: blocksPerRun }, () => reconcile(qber, random));
  const sum = (of: (block: (typeof blocks)[number]) => number): number => blocks.reduce((total, block) => total + of(block), 0);
  return { megabits: (8 * keyBytes * blocksPerRun) / sum(({ cpuMicros }) => cpuMicros), efficiency: sum(({ disclosed }) => disclosed) / sum(({ bound }) => bound) };
}

/** At the error rates that links have; Bob's frames are decoded, Alice's only multiplied. */
export async function ldpcFigures(runs: number): Promise<Figure[]> {
  const random = seededRandom(new Uint8Array(32));
  return Promise.resolve(qbers.flatMap((qber) => {
    run(qber, random);
    const outcomes = Array.from({ length: runs }, () => run(qber, random));
    const name = `qkd.ldpc.qber${100 * qber}`;
    return [
      against(name, 'Mb/s', outcomes.map(({ megabits }) => megabits), goals.megabits),
      against(`${name}.efficiency`, 'f', outcomes.map(({ efficiency }) => efficiency), goals.efficiency),
    ];
  }));
}
