/** The methods of reconciliation by name. */
import { Cascade } from './cascade.js';
import { cascadeVariantNames, cascadeVariants } from './cascade-variant.js';
import { Ldpc } from './ldpc/ldpc.js';
import type { Reconciler } from './reconciler.js';

/** The variants of Cascade, and LDPC codes. */
export const reconciliationNames = [...cascadeVariantNames, 'ldpc'] as const;
export type Reconciliation = (typeof reconciliationNames)[number];

/**
 * One end's machine.
 * @param words the sifted key; Bob's is corrected in place
 * @param frameBits bits of a frame of Cascade
 * @param qber an estimate of the error rate
 * @param corrects true for Bob
 */
export const reconcilerOf = (method: Reconciliation, words: Int32Array, frameBits: number, qber: number, corrects: boolean): Reconciler =>
  method === 'ldpc' ? new Ldpc(words, qber) : new Cascade(words, frameBits, qber, cascadeVariants[method], corrects);
