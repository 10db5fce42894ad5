/** Named link profiles: source, fibre, detectors and the parameters of the protocol that go with them. */

/** The optical parameters and protocol parameters of one link. Ratios are 0 to 1. */
export interface Profile {
  readonly name: string;
  /** Clock of the source in pulses (gates) per second. */
  readonly gateHz: number;
  /** Loss of the fibre in dB. */
  readonly lossDb: number;
  /** Efficiency of Bob's receiver and detectors. */
  readonly detectorEfficiency: number;
  /** Probability of a dark count, for one detector and gate. */
  readonly darkCount: number;
  /** Mean number of afterpulses that follow one avalanche; their rate decays exponentially over `afterpulseGates`. */
  readonly afterpulse: number;
  readonly afterpulseGates: number;
  /** Gates for which a detector is blind after an avalanche. */
  readonly deadGates: number;
  /** Probability that a photon in Alice's basis reaches the wrong detector. */
  readonly misalignment: number;
  /** Mean photon numbers of signal, decoy and (almost) vacuum, falling. */
  readonly intensities: readonly [number, number, number];
  /** How often each intensity is sent; sums to 1. */
  readonly intensityProbabilities: readonly [number, number, number];
  /** Probability of the key basis X, for Alice and for Bob. */
  readonly keyBasisProbability: number;
  /** Bits of one Cascade frame, at most 65,536; 32 frames make a group. */
  readonly frameBits: number;
  /** Groups in a block: a block has 32 · `frameBits` · `groups` sifted bits in the key basis. */
  readonly groups: number;
  readonly secrecyEpsilon: number;
  readonly correctnessEpsilon: number;
  /** QBER above which a block is refused and the link stops. */
  readonly maxQber: number;
}

/** A metropolitan link in the range of products of 2026 at 10 dB; intensities optimised for this block size. */
const metro: Profile = {
  name: 'metro-10dB',
  gateHz: 1e9,
  lossDb: 10,
  detectorEfficiency: 0.2,
  darkCount: 1e-6,
  afterpulse: 0.01,
  afterpulseGates: 1000,
  deadGates: 20,
  misalignment: 0.02,
  intensities: [0.42, 0.2, 2e-4],
  intensityProbabilities: [0.18, 0.56, 0.26],
  keyBasisProbability: 0.78,
  frameBits: 10_000,
  groups: 3,
  secrecyEpsilon: 1e-10,
  correctnessEpsilon: 1e-15,
  maxQber: 0.11,
};

/** The same link with a third of the block: for tests, at a lower key rate that the finite-key bound makes honest. */
const short: Profile = { ...metro, name: 'metro-10dB-short', groups: 1 };

const profiles: ReadonlyMap<string, Profile> = new Map([metro, short].map((profile) => [profile.name, profile]));

/** The names of all profiles. */
export const profileNames: readonly string[] = [...profiles.keys()];

/** The profile of a name. @throws RangeError when there is none */
export const profileOf = (name: string): Profile => {
  const profile = profiles.get(name);
  if (profile === undefined) throw new RangeError(`no profile ${name}`);
  return profile;
};

/** The sifted bits of one block in the key basis. */
export const blockBits = (profile: Profile): number => 32 * profile.frameBits * profile.groups;
