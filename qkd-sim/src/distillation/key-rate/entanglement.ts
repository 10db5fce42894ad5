/** Key rates of protocols with entangled photons. Ratios are 0 to 1. */
import { entropy } from '../finite-key.js';
import { bb84Rate } from './ideal-bounds.js';

/** The largest value of CHSH in quantum mechanics (Tsirelson). */
export const TSIRELSON = 2 * Math.SQRT2;

/** The CHSH value of a Werner state whose error rate is Q: S = 2√2 (1 − 2Q). Above 2 no local model explains it. */
export const chshOf = (qber: number): number => TSIRELSON * (1 - 2 * qber);

/** BBM92 with trusted devices: secret bits for a sifted pair, 1 − f·h(Q) − h(Q). */
export const bbm92Rate = bb84Rate;

/**
 * The device-independent rate (Acín et al. 2007): Eve's knowledge is bounded by the measured CHSH value alone.
 * @param chsh 2 or less tells nothing about Eve: the rate is then −h(Q)
 */
export const deviceIndependentRate = (qber: number, chsh: number): number =>
  1 - entropy(qber) - entropy((1 + Math.sqrt(Math.max(0, (Math.min(chsh, TSIRELSON) / 2) ** 2 - 1))) / 2);
