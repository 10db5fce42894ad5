/** Emulated pulses a second: the sampler that skips what no detector sees, beside the same link pulse by pulse. */
import { Optics, RandomNumbers, profileOf, pulseByPulse, seededRandom } from '@epione/qkd-sim';
import { figure, type Figure } from '../figure.js';

const clicks = 500_000;
const plainPulses = 500_000;

/** Pulses a second of CPU time. */
function rate(run: () => number): number {
  const before = process.cpuUsage();
  const pulses = run();
  const { user, system } = process.cpuUsage(before);
  return (1e6 * pulses) / (user + system);
}

/** The default link at 0 dB and at 10 dB, seeded, on one core. */
export async function pulsesFigures(runs: number): Promise<Figure[]> {
  const figures = [0, 10].map((lossDb) => {
    const profile = { ...profileOf('metro-10dB'), lossDb };
    const random = (): RandomNumbers => new RandomNumbers(seededRandom(new Uint8Array(32)));
    const optics = new Optics(profile, random());
    const skipping = (): number => {
      const before = optics.gates;
      optics.next(clicks);
      return optics.gates - before;
    };
    const plain = (): number => {
      pulseByPulse(profile, random(), plainPulses);
      return plainPulses;
    };
    skipping();
    plain();
    const values = Array.from({ length: runs }, () => [rate(skipping), rate(plain)] as const);
    return figure(`qkd.pulses.${lossDb}dB`, '1/s', values.map(([fast]) => fast), 'pulse by pulse', values.map(([, slow]) => slow));
  });
  return Promise.resolve(figures);
}
