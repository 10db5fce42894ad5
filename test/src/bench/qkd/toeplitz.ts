/** Exact Toeplitz amplification at a million bits, beside the published module and our readable version. */
import { PlainBitProducts, amplify, randomBytesOf, seededRandom } from '@epione/qkd-sim';
import { figure, type Figure } from '../figure.js';

const inputBytes = 125_000;
/** The share that is left at the default profile. */
const ratio = 0.27;
/** Yuan et al., arXiv:1807.04484: Toshiba's real-time module, Mb/s. */
const published = 108;
const warmUp = 20;
const repeats = 50;

/** Input megabits a second of CPU time. */
function megabits(count: number, run: () => void): number {
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) run();
  const { user, system } = process.cpuUsage(before);
  return (8 * inputBytes * count) / (user + system);
}

/** In vectors, on one core. */
export async function toeplitzFigures(runs: number): Promise<Figure[]> {
  const random = seededRandom(new Uint8Array(32));
  const [input, seed] = [randomBytesOf(random, inputBytes), randomBytesOf(random, inputBytes)];
  const plain = new PlainBitProducts();
  const outputBytes = Math.floor(inputBytes * ratio);
  const inVectors = (): void => { amplify(input, seed, outputBytes); };
  const readable = (): void => { amplify(input, seed, outputBytes, plain); };
  megabits(warmUp, inVectors);
  megabits(1, readable);
  const values: number[] = [];
  const beside: number[] = [];
  for (let run = 0; run < runs; run++) {
    values.push(megabits(repeats, inVectors));
    beside.push(megabits(2, readable));
  }
  return Promise.resolve([
    figure('qkd.toeplitz.n1e6', 'Mb/s', values, 'Toshiba 2018 (published)', [published]),
    figure('qkd.toeplitz.n1e6', 'Mb/s', values, 'plain TypeScript', beside),
  ]);
}
