/** The way to Bob in time: its loss from gate to gate, and when gates are. A fibre is steady, a satellite comes and goes. */
import { type Profile, steadyLossDb } from '../profiles/profile.js';
import { passSeconds, satelliteLossDb } from './satellite.js';

/** How long the loss of a satellite is taken as constant; it changes by 0.1 dB in this time at most. */
const STEP_SECONDS = 1;

/** A stretch of gates (counted from 1) with one loss. */
export interface Segment {
  readonly lossDb: number;
  readonly lastGate: number;
}

/** The segment that a gate lies in. Only gates of passes are counted. */
export const segmentAt = (profile: Profile, gate: number): Segment => {
  const { satellite, gateHz } = profile;
  const steady = steadyLossDb(profile);
  if (satellite === undefined) return { lossDb: steady, lastGate: Infinity };
  const passGates = passGatesOf(profile);
  const inPass = (gate - 1) % passGates;
  const step = Math.floor(inPass / (STEP_SECONDS * gateHz));
  const middle = (step + 0.5) * STEP_SECONDS;
  const lastInPass = Math.min(passGates, (step + 1) * STEP_SECONDS * gateHz);
  return { lossDb: steady + satelliteLossDb(satellite, Math.min(middle, passSeconds(satellite))), lastGate: gate - 1 - inPass + lastInPass };
};

/** The loss in dB at its least: of a satellite at the highest point of a pass. */
export const leastLossDb = (profile: Profile): number =>
  steadyLossDb(profile) + (profile.satellite === undefined ? 0 : satelliteLossDb(profile.satellite, passSeconds(profile.satellite) / 2));

/** Emulated seconds when a gate has passed. */
export const secondsAt = (profile: Profile, gate: number): number => {
  const { satellite, gateHz } = profile;
  if (satellite === undefined) return gate / gateHz;
  const passes = Math.floor(gate / passGatesOf(profile));
  return passes * satellite.passIntervalSeconds + (gate - passes * passGatesOf(profile)) / gateHz;
};

/** The last gate that has passed after some emulated seconds. */
export const gateAt = (profile: Profile, seconds: number): number => {
  const { satellite, gateHz } = profile;
  if (satellite === undefined) return Math.floor(seconds * gateHz);
  if (seconds === Infinity) return Infinity;
  const passes = Math.floor(seconds / satellite.passIntervalSeconds);
  const inPass = Math.floor((seconds - passes * satellite.passIntervalSeconds) * gateHz);
  return passes * passGatesOf(profile) + Math.min(inPass, passGatesOf(profile));
};

const passGatesOf = ({ satellite, gateHz }: Profile): number => (satellite === undefined ? Infinity : Math.floor(passSeconds(satellite) * gateHz));
