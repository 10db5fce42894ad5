/** Cascade with both ends on one core, beside a published implementation and our readable one; and what each variant discloses. */
import { cascadePoint, cascadeVariantNames, cascadeVariants, noisyFrames, publishedEfficiency, publishedQbers, reconcileFrame, reconcileFrames, seededRandom } from '@epione/qkd-sim';
import { figure, type Figure } from '../figure.js';

const frameBits = 10_000;
const warmUp = 200;
const groups = 60;
/** Groups of 32 frames for an efficiency: 1,024 frames. */
const efficiencyGroups = 32;
/** Process times of cascade-cpp (github.com/brunorijsman/cascade-cpp) at frames of 10,000 bits, Mb/s by error rate. */
const published = [[0.01, 7.7], [0.1, 2.3]] as const;

/** CPU time in µs. */
function cpuTime(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function speedFigures(qber: number, publishedRate: number, runs: number): Figure[] {
  const variant = cascadeVariants.original;
  const fill = seededRandom(new Uint8Array(32));
  const both = (count: number): number => {
    let spent = 0;
    for (let group = 0; group < count; group++) {
      const pair = noisyFrames(fill, frameBits, qber);
      spent += cpuTime(() => { reconcileFrames(pair, frameBits, qber, variant); });
    }
    return (32 * frameBits * count) / spent;
  };
  const plain = (): number => {
    const { alice, bob } = noisyFrames(fill, frameBits, qber);
    const frame = (words: Int32Array): Uint8Array => Uint8Array.from(words, (word) => word & 1);
    const [from, to] = [frame(alice), frame(bob)];
    return frameBits / cpuTime(() => { reconcileFrame(from, to, qber, variant); });
  };
  both(warmUp);
  const fast = Array.from({ length: runs }, () => both(groups));
  for (let i = 0; i < 5; i++) plain();
  // Afterwards, because it leaves much behind to be collected.
  const slow = Array.from({ length: runs }, plain);
  const name = `qkd.cascade.original.qber${100 * qber}`;
  return [
    figure(name, 'Mb/s', fast, 'cascade-cpp (published)', [publishedRate]),
    figure(name, 'Mb/s', fast, 'plain TypeScript', slow),
  ];
}

/** Speed of the original variant; efficiency of every variant at every published error rate, from one seed. */
export async function cascadeFigures(runs: number): Promise<Figure[]> {
  const speed = published.flatMap(([qber, rate]) => speedFigures(qber, rate, runs));
  const efficiency = cascadeVariantNames.flatMap((variant) => publishedQbers.map((qber) => {
    const limit = publishedEfficiency(variant, qber);
    const value = cascadePoint(variant, qber, efficiencyGroups, seededRandom(new Uint8Array(32))).efficiency;
    return figure(`qkd.cascade.efficiency.${variant}.qber${100 * qber}`, '', [value], limit === undefined ? 'Shannon limit' : 'cascade-cpp (published)', [limit ?? 1]);
  }));
  return Promise.resolve([...speed, ...efficiency]);
}
