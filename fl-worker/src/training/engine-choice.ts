/** Which engine trains a study's model: the study's if it names one, else the one this site began on, else the faster by a measured probe of those installed. */
import type { Dataset } from '../data/dataset.js';
import { seededRandom } from '../random.js';
import { initialParameters } from './model.js';
import { hasTensorflow, openEngine, useEngine, type Engine, type EngineName } from './tf.js';
import { train, type Recipe } from './train.js';

/** What a probe found. */
export interface Probed {
  readonly engine: Engine;
  /** Time of one training step of the study's model and batch, the best of those tried, ms. */
  readonly stepMs: number;
}

/** Rows of a probe's batch are no more than this, so that it ends soon whatever the study says. */
const mostRows = 256;
/** At least so many steps are timed; quick ones more often, because an engine gets faster as it warms up. */
const leastTries = 5;
const mostTries = 100;
const probeMs = 250;

/** Rows drawn from a seed: what they are makes no difference to how long they take. */
function drawnRows(rows: number, width: number): Dataset {
  const random = seededRandom('probe');
  const flags = (): Float32Array => Float32Array.from({ length: rows }, () => random.below(2));
  return { rows, width, features: Float32Array.from({ length: rows * width }, () => random.normal()), labels: flags(), events: flags(), ids: [] };
}

/** Times training steps on one engine. @param elapsed monotonic clock, ms. */
async function probe(engine: Engine, { model, training }: Recipe, inputs: number, elapsed: () => number): Promise<Probed> {
  const rows = Math.min(training.batchSize, mostRows);
  const step: Recipe = { model, training: { optimizer: training.optimizer, learningRate: '0.001', localEpochs: 1, batchSize: rows } };
  const [data, start] = [drawnRows(rows, inputs), initialParameters(model, inputs, 'probe')];
  const once = async (): Promise<number> => {
    const from = elapsed();
    await train(engine.tf, step, start, data, seededRandom('probe'));
    return elapsed() - from;
  };
  await once(); // the first step prepares buffers and compiles
  const began = elapsed();
  let stepMs = Infinity;
  for (let tried = 0; tried < leastTries || (tried < mostTries && elapsed() - began < probeMs); tried++) stepMs = Math.min(stepMs, await once());
  return { engine, stepMs };
}

/** Probes every engine that is installed. */
export async function probeEngines(recipe: Recipe, inputs: number, elapsed: () => number): Promise<Probed[]> {
  const names: EngineName[] = hasTensorflow() ? ['wasm', 'tensorflow'] : ['wasm'];
  const found: Probed[] = [];
  for (const name of names) found.push(await probe(await openEngine(name), recipe, inputs, elapsed)); // one after the other: they share the cores
  return found;
}

/** The fastest. */
export const fastest = (probed: readonly Probed[]): Probed => probed.reduce((best, next) => (next.stepMs < best.stepMs ? next : best));

/** Figures for people: `wasm 1.25 ms a step, tensorflow 3.10 ms a step`. */
export const tellProbe = (probed: readonly Probed[]): string => probed.map(({ engine, stepMs }) => `${engine.name} ${stepMs.toFixed(2)} ms a step`).join(', ');

/** What was chosen, and why. */
export interface Choice {
  readonly engine: Engine;
  readonly reason: string;
}

/**
 * Chooses, and makes the choice the one this process computes with. Results are the same bytes on one engine only, so a site stays on the engine that it began a study on.
 * @param begun the engine of this site's earlier rounds of the study.
 * @throws WorkerError ENGINE_MISSING where the study's engine, or the one begun on, is not installed.
 */
export async function chooseEngine(recipe: Recipe, inputs: number, begun: EngineName | undefined, elapsed: () => number): Promise<Choice> {
  const { engine: asked } = recipe.training;
  const named = asked ?? begun;
  let choice: Choice;
  if (named !== undefined) choice = { engine: await openEngine(named), reason: asked === undefined ? 'the study began on it here' : 'named by the study' };
  else if (hasTensorflow()) {
    const probed = await probeEngines(recipe, inputs, elapsed);
    choice = { engine: fastest(probed).engine, reason: `probe: ${tellProbe(probed)}` };
  } else choice = { engine: await openEngine('wasm'), reason: 'tensorflow is not installed' };
  useEngine(choice.engine);
  return choice;
}
