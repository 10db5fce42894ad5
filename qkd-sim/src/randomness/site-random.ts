/** The random source of one thread of a site: the system's generator mixed with an emulated quantum source behind its tests. */
import { type FillRandom, systemRandom } from '../random.js';
import { mixedRandom } from './mixed-random.js';
import { QuantumSource, type SourceFault } from './quantum-source.js';
import { START_UP_SAMPLES, TestedSource } from './tested-source.js';

export class SiteRandom {
  /** Fills bytes. @throws QkdError RANDOMNESS when the source has failed */
  readonly fill: FillRandom;
  readonly #source: QuantumSource;
  readonly #tested: TestedSource;

  /** @param failed called once, when the source fails */
  constructor(failed: (reason: string) => void, system: FillRandom = systemRandom) {
    this.#source = new QuantumSource(system);
    this.#tested = new TestedSource(this.#source, failed);
    this.fill = mixedRandom(system, this.#tested);
  }

  /** Breaks the emulated source, or mends it; a real one never rests, so that its tests see the change at once. */
  setFault(fault: SourceFault): void {
    this.#source.fault = fault;
    this.#tested.observe(20 * START_UP_SAMPLES);
  }
}
