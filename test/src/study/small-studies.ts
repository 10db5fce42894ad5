/** Two small studies of other kinds than the shipped one, for tests: survival by Cox regression and images by a convolutional network. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCsv, type StudyTemplate } from '@epione/fl-worker';
import { createHash } from 'node:crypto';
import { hospitals } from './consortium.js';
import type { StudyData } from './data.js';
import { shippedStudy } from './study-file.js';

/** A study of two rounds with rows of its own. */
export interface SmallStudy {
  readonly template: StudyTemplate;
  readonly columns: readonly string[];
  /** One row's cells, from uniform numbers in [0, 1). */
  readonly cells: (draw: () => number) => readonly number[];
}

const number = (name: string): StudyTemplate['label'] => ({ name, kind: 'number', missing: 'reject' });
const twoRounds = (): StudyTemplate => {
  const shipped = shippedStudy();
  return { ...shipped, privacy: { unit: 'none' }, rounds: { ...shipped.rounds, count: 2 } };
};

/** Time to an event, shorter for the old; a third of the persons are lost sight of. */
export function survivalStudy(name: string): SmallStudy {
  return {
    template: { ...twoRounds(), name, title: 'Survival by age and dose', features: [number('age'), number('dose')], label: number('months'), event: number('died'), model: { kind: 'cox', layers: [], initial: 'zeros' } },
    columns: ['age', 'dose', 'months', 'died'],
    cells: (draw) => {
      const [age, dose] = [2 * draw() - 1, 2 * draw() - 1];
      return [age, dose, -Math.log(1 - draw()) * Math.exp(-2 * age), draw() < 2 / 3 ? 1 : 0];
    },
  };
}

const side = 4;

/** Images with a bright left or right half. @param initial digest of the parameters to begin with. */
export function imageStudy(name: string, initial: StudyTemplate['model']['initial']): SmallStudy {
  const pixels = Array.from({ length: side * side }, (_, at) => `pixel_${at}`);
  return {
    template: {
      ...twoRounds(), name, title: 'Which half is bright', features: pixels.map(number), label: number('right'),
      model: { kind: 'cnn', input: [side, side, 1], layers: [{ conv: 2, size: [2, 2], stride: [1, 1], padding: 'same' }, { pool: 'max', size: [2, 2] }], initial },
    },
    columns: [...pixels, 'right'],
    cells: (draw) => {
      const right = draw() < 0.5 ? 0 : 1;
      return [...pixels.map((_, at) => draw() + (Number(at % side >= side / 2) === right ? 1 : 0)), right];
    },
  };
}

/** Writes thirty rows for each hospital, the same each time. */
export function writeRows(folder: string, { columns, cells }: SmallStudy): Pick<StudyData, 'sites'> {
  mkdirSync(folder, { recursive: true });
  const rows = 30;
  return {
    sites: Object.fromEntries(hospitals.map((hospital) => {
      let draws = 0;
      const draw = (): number => createHash('sha256').update(`${hospital} ${++draws}`).digest().readUInt32BE() / 2 ** 32;
      const file = join(folder, `${hospital}.csv`);
      const records = Array.from({ length: rows }, (_, at) => ({ line: at + 2, cells: [`${hospital}-${at}`, ...cells(draw).map((value) => value.toFixed(6))] }));
      writeFileSync(file, writeCsv({ columns: ['id', ...columns], records }));
      return [hospital, { file, rows }];
    })),
  };
}
