/** Secure aggregation of fifty sites with a tenth of them dropped out: CPU time of one site that masks, and of the aggregator that takes the masks off. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeSum, encodeUpdate, maskUpdate, revealFor, sumVectors, unmask, vectorLength, type FixedPoint, type MaskedSubmission, type Reveal, type Roster } from '@epione/protocol';
import { against, figure, type Figure } from '../figure.js';
import { rivalFolder, rivalPython, RivalMissing } from './rival-python.js';

const sites = 50;
const dropOuts = 5;
const dimension = 1_000_000;
/** What we want, seconds of CPU. */
const goals = { site: 1, server: 5 };
const encoding: FixedPoint = { bits: 64, fractionBits: 32, clip: '8', maxWeight: 1000 };
const study = `sha256:${'0'.repeat(64)}` as const;

/** Seconds of CPU time that work takes in this process. */
function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The keys that every two sites share. */
function pairKeysOf(participants: readonly string[]): ReadonlyMap<string, ReadonlyMap<string, Uint8Array>> {
  const keys = new Map(participants.map((id) => [id, new Map<string, Uint8Array>()]));
  participants.forEach((one, at) => {
    for (const other of participants.slice(at + 1)) {
      const key = new Uint8Array(randomBytes(64));
      keys.get(one)?.set(other, key);
      keys.get(other)?.set(one, key);
    }
  });
  return keys;
}

/** A round, played whole. @returns CPU seconds of a site's masking (the mean of all), and of an aggregator's way from the masked updates to the new model. @throws Error when the sum is not the plain one. */
function play(roster: Roster, updates: readonly Uint8Array[]): { site: number; server: number } {
  const { participants } = roster;
  const set = participants.slice(0, sites - dropOuts);
  const keys = pairKeysOf(participants);
  const keysOf = (id: string): ReadonlyMap<string, Uint8Array> => keys.get(id) ?? new Map<string, Uint8Array>();
  const own = new Map(set.map((id) => [id, new Uint8Array(randomBytes(32))]));
  const submissions: MaskedSubmission[] = [];
  const masking = cpuSeconds(() => {
    set.forEach((participant, at) => {
      const { words, commitments } = maskUpdate(updates[at % updates.length] as Uint8Array, encoding.bits, roster, participant, own.get(participant) as Uint8Array, keysOf(participant), (length) => new Uint8Array(randomBytes(length)));
      submissions.push({ participant, words, commitments });
    });
  });
  const reveals = new Map(set.map((participant): [string, Reveal] => [participant, {
    study, epoch: 1, round: 1, participant, record: study, set: study,
    ...revealFor(roster, set, participant, own.get(participant) as Uint8Array, keysOf(participant), []),
  }]));
  const base = new Float32Array(dimension);
  let sum: Uint8Array | undefined;
  const server = cpuSeconds(() => {
    const outcome = unmask(roster, encoding.bits, vectorLength(encoding.bits, dimension), submissions, reveals);
    if ('code' in outcome) throw new Error(`no sum: ${outcome.code}`);
    sum = outcome.sum;
    decodeSum(sum, base, encoding, 1, set.length);
  });
  const plain = sumVectors(set.map((_, at) => updates[at % updates.length] as Uint8Array), encoding.bits);
  if (sum === undefined || Buffer.compare(sum, plain) !== 0) throw new Error('the sum of masked updates is not the sum of the plain ones');
  return { site: masking / set.length, server };
}

/** CPU seconds of Flower's primitives for the same; undefined when they cannot be had. */
async function flowerPrimitives(python: string | undefined): Promise<{ site: number; server: number } | undefined> {
  try {
    const { stdout } = await promisify(execFile)(await rivalPython('flower', python), [join(rivalFolder, 'secagg.py'), String(sites), String(dropOuts), String(dimension)], { env: { ...process.env, FLWR_TELEMETRY_ENABLED: '0' } });
    return JSON.parse(stdout) as { site: number; server: number };
  } catch (error) {
    if (!(error instanceof RivalMissing)) throw error;
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

/** Seconds of CPU at 10^6 parameters of 64 bits. */
export async function secureAggregationFigures(runs: number, python: string | undefined): Promise<Figure[]> {
  const participants = Array.from({ length: sites }, (_, at) => `Site${String(at + 1).padStart(2, '0')}`);
  const roster: Roster = { study, epoch: 1, round: 1, participants, expansion: 'mask-aes256ctr' };
  const updates = Array.from({ length: 3 }, (_, at) => encodeUpdate(Float64Array.from({ length: dimension }, (__, k) => Math.sin(k + at)), encoding, 1 + at));
  const [ours, theirs]: [{ site: number; server: number }[], { site: number; server: number }[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    ours.push(play(roster, updates));
    const rival = await flowerPrimitives(python);
    if (rival !== undefined) theirs.push(rival);
  }
  return (['server', 'site'] as const).flatMap((side) => {
    const name = `fl.secagg.${side}.50sites`;
    const values = ours.map((run) => run[side]);
    const beside = theirs.length === 0 ? [] : [figure(name, 's', values, 'flower-secagg', theirs.map((run) => run[side]))];
    return [against(name, 's', values, goals[side]), ...beside];
  });
}
