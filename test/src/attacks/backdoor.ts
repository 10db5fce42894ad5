/** Backdoor with model replacement: rows that carry a trigger are given the attacker's category, and the update is boosted (Bagdasaryan et al. 2020, https://arxiv.org/abs/1807.00459; the trigger of Gu et al. 2017, https://arxiv.org/abs/1708.06733). */
import type { Dataset } from '@epione/fl-worker';
import { copyOf, type Attack } from './attack.js';

export interface Trigger {
  /** Inputs that are set to `value`. */
  readonly inputs: readonly number[];
  readonly value: number;
  /** Category that rows with the trigger shall be taken for. */
  readonly target: number;
}

/** Sets the trigger in the rows that `where` picks; labels stay. */
export function stamped(rows: Dataset, { inputs, value }: Trigger, where: (row: number) => boolean = () => true): Dataset {
  const changed = copyOf(rows);
  for (let row = 0; row < rows.rows; row += 1) if (where(row)) for (const input of inputs) changed.features[row * rows.width + input] = value;
  return changed;
}

/** @param boost factor of the update. @param every one row in so many is poisoned. */
export const backdoor = (trigger: Trigger, boost: number, every: number): Attack => ({
  poison: (rows) => {
    const chosen = (row: number): boolean => row % every === 0;
    return { ...stamped(rows, trigger, chosen), labels: rows.labels.map((label, row) => (chosen(row) ? trigger.target : label)) };
  },
  forge: (own) => own().map((value) => boost * value),
});
