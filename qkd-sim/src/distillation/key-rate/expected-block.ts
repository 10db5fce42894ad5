/**
 * What a block of decoy-state BB84 is expected to count, by the model of Lim et al. 2014, and the key length that follows.
 * In print the model's error probability has the channel's transmittance where it needs that of the whole system, which
 * is used here: with the printed one the rate at 10⁹ sifted bits would be 2.7 times that at 10⁷, not the published 1.75.
 */
import { type Counts, type DecoyParameters, type PerIntensity, entropy, keyLength } from '../finite-key.js';

/** Channel and detectors of the model. */
export interface DetectionModel {
  /** Of the fibre, Bob's side and his detectors together. */
  readonly transmittance: number;
  /** For one of Bob's two detectors and one gate. */
  readonly darkCount: number;
  /** Probability that a click is followed by another one; the model books it to the same intensity, with a random bit. */
  readonly afterpulse: number;
  readonly misalignment: number;
}

/** What Alice and Bob choose. */
export interface DecoyProtocol extends DecoyParameters {
  readonly keyBasisProbability: number;
}

/** A block as it is expected. */
export interface ExpectedBlock {
  readonly counts: Counts;
  /** Pulses that Alice sends for it. */
  readonly pulses: number;
  readonly qber: number;
}

const mapped = (values: PerIntensity, f: (value: number, index: 0 | 1 | 2) => number): PerIntensity => [f(values[0], 0), f(values[1], 1), f(values[2], 2)];
const sum = ([a, b, c]: PerIntensity): number => a + b + c;

/** The counts of a block of `siftedBits` in the key basis. */
export const expectedBlock = (model: DetectionModel, protocol: DecoyProtocol, siftedBits: number): ExpectedBlock => {
  const { transmittance, darkCount, afterpulse, misalignment } = model;
  const clicks = (mean: number): number => 1 - (1 - 2 * darkCount) * Math.exp(-transmittance * mean);
  const sent = (index: 0 | 1 | 2): number => protocol.intensityProbabilities[index];
  const gains = mapped(protocol.intensities, (mean, index) => sent(index) * clicks(mean) * (1 + afterpulse));
  const errors = mapped(protocol.intensities, (mean, index) =>
    sent(index) * (darkCount - misalignment * Math.expm1(-transmittance * mean) + (afterpulse * clicks(mean)) / 2));
  const [inKey, inCheck] = [protocol.keyBasisProbability ** 2, (1 - protocol.keyBasisProbability) ** 2];
  const pulses = siftedBits / (inKey * sum(gains));
  const counted = (values: PerIntensity, share: number): PerIntensity => mapped(values, (value) => value * pulses * share);
  const counts = { key: counted(gains, inKey), check: counted(gains, inCheck), checkErrors: counted(errors, inCheck) };
  return { counts, pulses, qber: sum(errors) / sum(gains) };
};

/** An expected block and its key. */
export interface ExpectedKey extends ExpectedBlock {
  readonly siftedBits: number;
  /** Bits of key; 0 or less means none. */
  readonly keyBits: number;
  /** Key bits for a pulse; 0 or less means none. */
  readonly rate: number;
}

/** The key of an expected block. @param efficiency bits disclosed in reconciliation over the Shannon limit */
export const expectedKey = (model: DetectionModel, protocol: DecoyProtocol, siftedBits: number, efficiency: number): ExpectedKey => {
  const block = expectedBlock(model, protocol, siftedBits);
  const keyBits = keyLength(block.counts, protocol, siftedBits * efficiency * entropy(block.qber)).bits;
  return { ...block, siftedBits, keyBits, rate: keyBits / block.pulses };
};
