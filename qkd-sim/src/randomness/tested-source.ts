/** A noise source behind its health tests. A failure latches: only a new start of the site ends it. */
import { QkdError } from '../error.js';
import { AdaptiveProportion, RepetitionCount } from './health-tests.js';
import { CLAIMED_ENTROPY, type QuantumSource } from './quantum-source.js';

/** Samples that must pass before the first is used. They are thrown away. */
export const START_UP_SAMPLES = 1024;

export class TestedSource {
  readonly #source: QuantumSource;
  readonly #tests: readonly (readonly [name: string, test: RepetitionCount | AdaptiveProportion])[] = [
    ['repetition count', new RepetitionCount(CLAIMED_ENTROPY)],
    ['adaptive proportion', new AdaptiveProportion(CLAIMED_ENTROPY)],
  ];
  readonly #failed: (reason: string) => void;
  #failure: string | undefined;

  /** Runs the start-up test. @param failed called once, when a test fails */
  constructor(source: QuantumSource, failed: (reason: string) => void) {
    this.#source = source;
    this.#failed = failed;
    this.observe(START_UP_SAMPLES);
  }

  /** The test that failed, for good. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Tests samples that nobody uses. */
  observe(count: number): void {
    this.#take(count);
  }

  /**
   * Samples that have passed.
   * @throws QkdError RANDOMNESS when these or any before have not
   */
  samples(count: number): Uint8Array {
    const samples = this.#take(count);
    if (this.#failure !== undefined) throw new QkdError('RANDOMNESS', this.#failure, { remedy: 'Have the source examined, then restart the site.' });
    return samples;
  }

  #take(count: number): Uint8Array {
    const samples = this.#source.samples(count);
    if (this.#failure !== undefined) return samples;
    for (const sample of samples) {
      const failed = this.#tests.find(([, test]) => !test.passes(sample));
      if (failed === undefined) continue;
      this.#failure = `the random source failed its ${failed[0]} test`;
      this.#failed(this.#failure);
      break;
    }
    return samples;
  }
}
