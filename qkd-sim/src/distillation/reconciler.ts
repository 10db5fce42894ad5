/** Reconciliation as the two ends of a link run it, whatever the method: Alice's messages and Bob's answers in turn. */

/** One end. Both have made the same progress after each answer. */
export interface Reconciler {
  /** Bits disclosed about the key so far. */
  readonly disclosedBits: number;
  /** Errors corrected so far. */
  readonly corrections: number;
  readonly done: boolean;
  /** Alice's next message. */
  parities(): Uint8Array;
  /** Bob's answer to it, which takes him on. @throws RangeError when the message is not what is due */
  answer(parities: Uint8Array): Uint8Array;
  /** Takes Alice on. @throws RangeError when the answer is not what is due */
  advance(answer: Uint8Array): void;
}
