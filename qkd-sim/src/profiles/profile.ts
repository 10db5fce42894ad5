/** What a profile holds: the source, channel and detectors of one link, and the parameters of the protocol that go with them. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { reconciliationNames } from '../distillation/reconciliation.js';

const ratio = z.number().min(0).max(1);
const positive = z.number().positive();
const mean = z.number().min(0);
const share = z.number().gt(0).lt(1);

/** The way of a satellite over a ground station, and the beam it sends down. */
const satellite = z.strictObject({
  /** Height of a circular orbit. */
  orbitHeightKm: positive,
  /** Elevation at the highest point of a pass, and where a pass begins and ends. Degrees above the horizon. */
  maxElevationDeg: z.number().positive().max(90),
  minElevationDeg: z.number().positive().max(90),
  /** Time from the beginning of a pass to that of the next one. */
  passIntervalSeconds: positive,
  /** Full divergence of the beam. */
  divergenceMicroradians: positive,
  /** Diameter of the receiving telescope. */
  receiverDiameterMeters: positive,
  /** Loss of the atmosphere straight up; at other elevations it grows with the way through the air. */
  zenithLossDb: z.number().min(0),
});

const link = {
  name: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
  /** Clock of the source in gates (pulses) per second. */
  gateHz: positive,
  /** Loss of the way to Bob in dB that does not depend on a length: couplers, pointing, receiver optics, or the whole channel. */
  lossDb: z.number().min(0),
  /** A fibre, whose loss comes on top. */
  fiber: z.strictObject({ fiberKm: z.number().min(0), lossDbPerKm: z.number().min(0) }).optional(),
  /** A satellite, whose loss comes on top and changes during a pass. */
  satellite: satellite.optional(),
  /** Efficiency of a receiver with its detectors. */
  detectorEfficiency: ratio.refine((value) => value > 0, 'must be above 0'),
  /** Probability of a dark count or of background light, for one detector and gate. */
  darkCount: z.number().min(0).max(0.5),
  /** Mean number of afterpulses that follow one avalanche; their rate decays exponentially over `afterpulseGates`. */
  afterpulse: z.number().min(0).max(0.9),
  afterpulseGates: positive,
  /** Gates for which a detector is blind after an avalanche. */
  deadGates: z.int().min(0),
  /** Probability that a photon in Alice's basis reaches the wrong detector. */
  misalignment: z.number().min(0).max(0.5),
  /** Probability of the key basis X against the check basis Z, for Alice and for Bob. */
  keyBasisProbability: share,
  /** How errors are corrected: a variant of Cascade. A link's own setting stands before its profile's. */
  reconciliation: z.enum(reconciliationNames).default('option3'),
  /** Bits of one frame of reconciliation, at most 65,536; 32 frames make a group. */
  frameBits: z.int().min(1000).max(65_536),
  /** Groups in a block: a block has 32 · `frameBits` · `groups` sifted bits in the key basis. */
  groups: z.int().min(1).max(1000),
  secrecyEpsilon: share,
  correctnessEpsilon: share,
  /** QBER above which a block is refused and the link stops. */
  maxQber: z.number().gt(0).max(0.25),
};

const weakPulses = z.strictObject({
  /** Phase-randomised weak coherent pulses of three intensities (decoy states). */
  source: z.literal('weak-pulses'),
  ...link,
  /** Mean photon numbers of signal, decoy and (almost) vacuum. */
  intensities: z.tuple([mean, mean, mean]),
  /** How often each intensity is sent; sums to 1. */
  intensityProbabilities: z.tuple([share, share, share]),
});

const photonPairs = z.strictObject({
  /** Polarisation-entangled photon pairs from parametric down-conversion; one photon goes to Alice, one to Bob. */
  source: z.literal('photon-pairs'),
  ...link,
  /** Mean number of pairs in a gate. */
  meanPairs: positive,
  /** Loss of the way to Alice, whose receiver and detectors are like Bob's. */
  aliceLossDb: z.number().min(0),
  /** How often Bob measures for the test of Bell's inequality instead of for the key. */
  bellProbability: share,
});

/** Reads a profile from unknown data. Ratios are 0 to 1; all faults are reported together. */
export const profileSchema = z.discriminatedUnion('source', [weakPulses, photonPairs]).superRefine((profile, context) => {
  const fault = (path: string, message: string): void => { context.addIssue({ code: 'custom', path: [path], message }); };
  if (profile.source === 'weak-pulses') {
    const [signal, decoy, vacuum] = profile.intensities;
    if (!(signal > decoy + vacuum && decoy > vacuum)) fault('intensities', 'must fall, and the first must be above the sum of the others');
    if (Math.abs(profile.intensityProbabilities.reduce((sum, p) => sum + p, 0) - 1) > 1e-9) fault('intensityProbabilities', 'must sum to 1');
  }
  if (profile.satellite && profile.satellite.minElevationDeg >= profile.satellite.maxElevationDeg) fault('satellite', 'must rise above minElevationDeg');
  if (profile.frameBits % 4 !== 0) fault('frameBits', 'must be a multiple of 4');
});

/** The optical parameters and protocol parameters of one link. */
export type Profile = z.output<typeof profileSchema>;
/** A link with weak pulses: decoy-state BB84. */
export type WeakPulseProfile = z.output<typeof weakPulses>;
/** A link with entangled photons: BBM92, with a test of Bell's inequality as in E91. */
export type PairProfile = z.output<typeof photonPairs>;
export type Satellite = z.output<typeof satellite>;

/** The sifted bits of one block in the key basis. */
export const blockBits = (profile: Profile): number => 32 * profile.frameBits * profile.groups;

/** Name and digest of a profile, by which two ends see that they have the same; a link may set `reconciliation` for itself. */
export const profileId = (profile: Profile): string =>
  `${profile.name}:${createHash('sha256').update(JSON.stringify({ ...profile, reconciliation: undefined })).digest('hex').slice(0, 16)}`;

/** The loss in dB of the way to Bob, without the part of it that changes during a satellite's pass. */
export const steadyLossDb = ({ lossDb, fiber }: Profile): number => lossDb + (fiber === undefined ? 0 : fiber.fiberKm * fiber.lossDbPerKm);
