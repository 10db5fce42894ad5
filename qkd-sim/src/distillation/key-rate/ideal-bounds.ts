/** Key rates and thresholds that need an error rate or a loss only: what no link does better than. Ratios are 0 to 1. */
import { entropy } from '../finite-key.js';
import { lastPositive } from './root.js';

/** BB84 with single photons (Shor and Preskill 2000): secret bits for a sifted bit, 1 − f·h(Q) − h(Q); below 0 none. */
export const bb84Rate = (qber: number, efficiency = 1): number => 1 - (1 + efficiency) * entropy(qber);

/** The six-state protocol (Bruss 1998, Lo 2001): secret bits for a sifted bit; below 0 none. */
export const sixStateRate = (qber: number): number => {
  const right = 1 - 1.5 * qber;
  return qber === 0 ? 1 : 1 + 1.5 * qber * Math.log2(qber / 2) + right * Math.log2(right);
};

/** The error rate at which a falling rate has come to nothing. */
export const threshold = (rate: (qber: number) => number): number => lastPositive(rate, 0, 0.5);

/**
 * The repeaterless bound (Pirandola, Laurenza, Ottaviani and Banchi 2017): secret bits for each use of a lossy channel.
 * @param transmittance 0 to 1, below 1
 */
export const plobBound = (transmittance: number): number => -Math.log1p(-transmittance) / Math.LN2;

/** The transmittance of a loss in dB. */
export const transmittanceOf = (lossDb: number): number => 10 ** (-lossDb / 10);

/** The error rate that intercept-resend on a fraction of the pulses causes among the sifted bits. */
export const interceptResendQber = (fraction: number): number => fraction / 4;

/** The fraction of the pulses from which on intercept-resend leaves BB84 no key, if there are no other errors. */
export const interceptResendThreshold = (efficiency = 1): number => 4 * threshold((qber) => bb84Rate(qber, efficiency));

/** The share of pulses with two photons or more, of a phase-randomised source: what photon-number splitting lives on. */
export const multiPhotonShare = (mean: number): number => -Math.expm1(-mean) - mean * Math.exp(-mean);

/**
 * What a detector with a non-paralysable dead time registers.
 * @param ratePerSecond events per second
 */
export const deadTimeRate = (ratePerSecond: number, deadSeconds: number): number => ratePerSecond / (1 + ratePerSecond * deadSeconds);
