/** The continuous health tests of NIST SP 800-90B, section 4.4, for a noise source of binary samples. */

/**
 * −log₂ of the probability α with which a good source fails at one sample or window. SP 800-90B asks for 20 to 40; a
 * failure latches, and a busy link draws millions of samples an hour, so that here it is the most.
 */
const FALSE_ALARM_BITS = 40;
/** Samples of one adaptive proportion test of a binary source. */
export const WINDOW = 1024;

/**
 * The cutoff C of the repetition count test: C equal samples in a row fail.
 * @param entropy assessed min-entropy of a sample in bits, above 0
 * @param falseAlarmBits −log₂ α
 */
export const repetitionCutoff = (entropy: number, falseAlarmBits = FALSE_ALARM_BITS): number => 1 + Math.ceil(falseAlarmBits / entropy);

/**
 * The cutoff C of the adaptive proportion test: a window in which its first sample comes C times fails.
 * It is 1 + critbinom(W, 2^−H, 1 − α): one more than the smallest k that at most α of all windows exceed.
 * @param entropy assessed min-entropy of a sample in bits, above 0
 * @param falseAlarmBits −log₂ α
 */
export const proportionCutoff = (entropy: number, falseAlarmBits = FALSE_ALARM_BITS): number => {
  const p = 2 ** -entropy;
  let logWeight = WINDOW * Math.log(p);
  let above = 0;
  // From the upper end down, so that small probabilities are not lost in large ones.
  for (let k = WINDOW; k > 0; k--) {
    above += Math.exp(logWeight);
    if (above > 2 ** -falseAlarmBits) return 1 + k;
    logWeight += Math.log((k / (WINDOW - k + 1)) * ((1 - p) / p));
  }
  return 1;
};

/** Section 4.4.1: finds a source that is stuck. */
export class RepetitionCount {
  readonly cutoff: number;
  #last: number | undefined;
  #count = 0;

  constructor(entropy: number) {
    this.cutoff = repetitionCutoff(entropy);
  }

  /** Takes a sample; false when the test fails. */
  passes(sample: number): boolean {
    this.#count = sample === this.#last ? this.#count + 1 : 1;
    this.#last = sample;
    return this.#count < this.cutoff;
  }
}

/** Section 4.4.2: finds a source that has lost much of its entropy. */
export class AdaptiveProportion {
  readonly cutoff: number;
  #first = 0;
  #count = 0;
  #seen = 0;

  constructor(entropy: number) {
    this.cutoff = proportionCutoff(entropy);
  }

  /** Takes a sample; false when the test fails. */
  passes(sample: number): boolean {
    if (this.#seen === 0) {
      this.#first = sample;
      this.#count = 0;
    }
    this.#seen = (this.#seen + 1) % WINDOW;
    if (sample === this.#first) this.#count++;
    return this.#count < this.cutoff;
  }
}
