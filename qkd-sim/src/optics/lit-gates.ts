/** The gates that light or a dark count reaches, drawn ahead in a loop of its own: that halves what one of them costs. */
import { exponential } from '../exponential.js';
import type { RandomNumbers } from '../random.js';
import { AliasTable } from './alias-table.js';
import type { ClickTable } from './click-table.js';

const AHEAD = 1024;

export class LitGates {
  readonly #random: RandomNumbers;
  readonly #law: AliasTable;
  readonly #meanGap: number;
  readonly #gaps = new Float64Array(AHEAD);
  readonly #codes = new Uint8Array(AHEAD);
  #next = AHEAD;

  constructor({ clicks, clickProbability }: ClickTable, random: RandomNumbers) {
    this.#random = random;
    this.#law = new AliasTable(clicks);
    this.#meanGap = -1 / Math.log1p(-clickProbability);
  }

  /** Gates to the next one, at least 1. */
  gap(): number {
    if (this.#next === AHEAD) this.#draw();
    return this.#gaps[this.#next] ?? 0;
  }

  /** Takes that gate. @returns the code of its outcome */
  take(): number {
    return this.#codes[this.#next++] ?? 0;
  }

  #draw(): void {
    for (let i = 0; i < AHEAD; i++) {
      this.#gaps[i] = 1 + Math.floor(exponential(this.#random) * this.#meanGap);
      this.#codes[i] = this.#law.draw(this.#random);
    }
    this.#next = 0;
  }
}
