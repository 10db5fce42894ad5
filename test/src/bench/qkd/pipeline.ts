/** From pulses to authenticated key on one core: how much of it, and which stage takes the time. */
import { Optics, RandomNumbers, profileOf, seededRandom } from '@epione/qkd-sim';
import { against, figure, type Figure } from '../figure.js';
import { makeBlock, stages, type MadeBlock } from './block.js';

/** Megabits of final key a second that we want from one core. */
const goal = 1.5;
/** Before the clock starts, so that the compiler has seen every loop, and in one run. */
const warmUpBlocks = 3;
const blocksPerRun = 4;

const totalMs = ({ cpuMs }: MadeBlock): number => stages.reduce((sum, stage) => sum + cpuMs[stage], 0);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The whole pipeline at the default profile: 10 dB, QBER about 2.5 %, seeded. */
export async function pipelineFigures(runs: number): Promise<Figure[]> {
  const profile = profileOf('metro-10dB');
  const random = seededRandom(new Uint8Array(32));
  const optics = new Optics(profile, new RandomNumbers(random));
  const blocks = (count: number): MadeBlock[] => Array.from({ length: count }, () => makeBlock(profile, optics, random));
  blocks(warmUpBlocks);
  const measured = Array.from({ length: runs }, () => blocks(blocksPerRun));
  const totals = measured.map((run) => mean(run.map(totalMs)));
  const megabits = measured.map((run, index) => mean(run.map(({ keyBits }) => keyBits)) / (1000 * (totals[index] ?? 0)));
  return Promise.resolve([
    against('qkd.pipeline.10dB', 'Mb/s', megabits, goal),
    ...stages.map((stage) => figure(`qkd.pipeline.10dB.${stage}`, 'ms', measured.map((run) => mean(run.map(({ cpuMs }) => cpuMs[stage]))), 'whole block', totals)),
  ]);
}
