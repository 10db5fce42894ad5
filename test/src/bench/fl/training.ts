/** Local training of a hospital's rows, CPU time of an epoch, beside PyTorch on one thread: the same models, numbers of rows and batches. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeModel, initialParameters, trainAlone, type Dataset } from '@epione/fl-worker';
import type { Study } from '@epione/protocol';
import { figure, type Figure } from '../figure.js';
import { rivalFolder, rivalPython } from './rival-python.js';

/** Inputs of a row, rows, epochs that are timed, and the model; as in training.py. */
const cases = {
  mlp: { width: 30, rows: 569, epochs: 10, form: { kind: 'mlp', layers: [64, 32] } },
  cnn: { width: 28 * 28, rows: 512, epochs: 2, form: { kind: 'cnn', input: [28, 28, 1], layers: [{ conv: 8, size: [3, 3], stride: [1, 1], padding: 'same' }, { pool: 'max', size: [2, 2] }, { conv: 16, size: [3, 3], stride: [1, 1], padding: 'same' }, { pool: 'max', size: [2, 2] }] } },
} as const satisfies Record<string, { form: { kind: Study['model']['kind']; layers: readonly unknown[]; input?: readonly number[] } } & Record<string, unknown>>;
type Case = keyof typeof cases;

/** Rows of noise with labels that a line divides: what they say has no bearing on the time. */
function rowsOf({ rows, width }: { readonly rows: number; readonly width: number }): Dataset {
  const features = Float32Array.from({ length: rows * width }, (_, at) => Math.sin(at * 12.9898));
  return { rows, width, features, labels: Float32Array.from({ length: rows }, (_, row) => ((features[row * width] ?? 0) > 0 ? 1 : 0)), ids: Array.from({ length: rows }, (_, row) => String(row)) };
}

/** Milliseconds of CPU time of an epoch, the least of three as in training.py. */
async function epochMs(name: Case): Promise<number> {
  const { width, epochs, form } = cases[name];
  const model = describeModel(form as unknown as Parameters<typeof describeModel>[0], width, 'zeros');
  const data = rowsOf(cases[name]);
  const study = { model, training: { optimizer: 'sgd', learningRate: '0.01', localEpochs: epochs, batchSize: 32 }, rounds: { count: 1 } } as unknown as Study;
  let parameters = initialParameters(model, width, 'bench');
  const once = async (): Promise<number> => {
    const before = process.cpuUsage();
    parameters = await trainAlone(study, parameters, data, 'bench');
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / epochs;
  };
  await once();
  return Math.min(await once(), await once(), await once());
}

/** Milliseconds an epoch of `fl.train.*`. @throws RivalMissing without PyTorch. */
export async function trainingFigures(runs: number, named: string | undefined): Promise<Figure[]> {
  const python = await rivalPython('pytorch', named);
  const names = Object.keys(cases) as Case[];
  const [ours, theirs]: [Record<Case, number[]>, Record<Case, number[]>] = [{ mlp: [], cnn: [] }, { mlp: [], cnn: [] }];
  for (let run = 0; run < runs; run++) {
    for (const name of names) ours[name].push(await epochMs(name));
    const { stdout } = await promisify(execFile)(python, [join(rivalFolder, 'training.py')]);
    const rival = JSON.parse(stdout) as Record<Case, number>;
    for (const name of names) theirs[name].push(rival[name]);
  }
  return names.map((name) => figure(`fl.train.${name}`, 'ms', ours[name], 'pytorch-1-thread', theirs[name]));
}
