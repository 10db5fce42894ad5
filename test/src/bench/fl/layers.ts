/**
 * What each layer adds to a round, milliseconds of CPU time of one site: the worker's own steps, one after another in this process, because no machine
 * of ours runs fifty organizations' nodes. What only a network can tell, the ledger's and the key servers' part, comes with the totals.
 */
import { randomBytes } from 'node:crypto';
import { simulate, simulatedStudy, type Dataset, type StudyTemplate } from '@epione/fl-worker';
import {
  assertSignedBy, encodeUpdate, establish, maskUpdate, newKemKeys, newSigner, openStored, inMemory, readStored, revealFor, sealUpdate, sign, toBase64Url, unmask, unwrapFor,
  type Digest, type KemKeys, type MaskedSubmission, type ParticipantRecord, type Reveal, type Roster, type Signer,
} from '@epione/protocol';
import { against, figure, type Figure } from '../figure.js';
import { templateOf } from './tasks.js';

/** How many sites, and hidden layers that give the model this many parameters. */
const cases = [
  { sites: 4, parameters: '10^6', layers: [1000, 968] },
  { sites: 10, parameters: '10^5', layers: [1000, 68] },
  { sites: 50, parameters: '10^5', layers: [1000, 68] },
] as const;
/** What we want of the security layers together at four sites, ms. */
const goalMs = 1000;
const bits = 64;
const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** Milliseconds of CPU time that work takes in this process. */
async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const namesOf = (sites: number): string[] => Array.from({ length: sites }, (_, at) => `Site${String(at + 1).padStart(2, '0')}`);

/** A site of 32 rows, so that training is not what is measured. */
function rowsOf(width: number): Dataset {
  const rows = 32;
  return { rows, width, features: Float32Array.from({ length: rows * width }, (_, at) => Math.sin(at)), labels: Float32Array.from({ length: rows }, (_, at) => at % 2), ids: namesOf(rows) };
}

/** CPU time of a simulated round, for each of its sites: one's training and its share of one aggregation. @param hidden behind noise for the whole site. */
async function simulatedMs(names: readonly string[], layers: readonly number[], hidden: boolean): Promise<number> {
  const plain = templateOf('mlp', 'bench-layers');
  const noise: StudyTemplate['privacy'] = { unit: 'site', clippingNorm: '0.1', noiseMultiplier: '1', epsilon: '1000', delta: '0.00001', sampling: 'all', accountant: 'rdp' };
  const template: StudyTemplate = {
    ...plain, model: { ...plain.model, layers: [...layers] }, training: { ...plain.training, localEpochs: 1, batchSize: 32 }, rounds: { ...plain.rounds, count: 1 },
    strategy: { ...plain.strategy, weighting: 'uniform' }, ...(hidden ? { privacy: noise } : {}),
  };
  const study = simulatedStudy(template, names);
  const sites = new Map(names.map((name) => [name, rowsOf(template.features.length)]));
  const spent = await cpuMs(async () => {
    for await (const round of simulate({ study, sites, seed: 'bench' })) if (round.model === undefined) throw new Error(`the simulated round has no model: ${String(round.code)}`);
  });
  return spent / names.length;
}

interface Party {
  readonly name: string;
  readonly signer: Signer;
  readonly kem: KemKeys;
}

const partyOf = (name: string): Party => ({ name, signer: newSigner('mldsa65', random(32)), kem: newKemKeys('mlkem768', random(64)) });

/** Signing a submission and an attestation, verifying the other sites' submissions. */
async function signaturesMs(parties: readonly Party[]): Promise<number> {
  const [me, ...others] = parties as [Party, ...Party[]];
  const statement = { study: digest('1'), epoch: 1, round: 1, participant: me.name, set: digest('2'), record: digest('3') };
  const theirs = others.map(({ signer }) => ({ signed: sign('acknowledgement', statement, signer), record: { signatureSuite: 'mldsa65', signingKey: toBase64Url(signer.publicKey) } as ParticipantRecord }));
  return cpuMs(() => {
    sign('acknowledgement', statement, me.signer);
    sign('acknowledgement', statement, me.signer);
    for (const { signed, record } of theirs) assertSignedBy('acknowledgement', signed, record);
  });
}

/** Sealing an update to all others under ML-KEM and QKD keys, opening one of each of them; the keys themselves were fetched before. */
async function sealingMs(parties: readonly Party[], words: Uint8Array): Promise<number> {
  const [me, other, ...rest] = parties as [Party, Party, ...Party[]];
  const qkdKey = random(32);
  const sealBy = (from: Party, to: readonly Party[]): Uint8Array => sealUpdate({
    study: digest('1'), epoch: 1, round: 1, purpose: 'update', from: from.name, fromRecord: digest('2'), payload: words, contentKey: random(32), salt: random(24),
    recipients: to.map(({ name, kem }) => {
      const { context, sharedSecret } = establish('seal-mlkem768-qkd', { kemSuite: 'mlkem768', encapsulationKey: toBase64Url(kem.encapsulationKey) });
      return { context: { ...context, to: name, toRecord: digest('4'), masterSae: 'sae-a', slaveSae: 'sae-b', keyIds: ['00000000-0000-4000-8000-000000000001'] }, sharedSecret, qkdKey };
    }),
  });
  const received = sealBy(other, [me, ...rest]);
  return cpuMs(async () => {
    sealBy(me, [other, ...rest]);
    for (let from = 1; from < parties.length; from++) {
      const stored = await readStored(inMemory(received));
      await (await openStored(stored, unwrapFor(stored, me.name, me.kem, qkdKey))).all();
    }
  });
}

/** Masking an update, and taking the masks off the sum of all: no site has dropped out. */
async function masksMs(names: readonly string[], words: Uint8Array): Promise<number> {
  const roster: Roster = { study: digest('1'), epoch: 1, round: 1, participants: names, expansion: 'mask-aes256ctr' };
  const keys = new Map<string, Uint8Array>();
  const keysOf = (name: string): Map<string, Uint8Array> => new Map(names.filter((other) => other !== name).map((other) => {
    const pair = [name, other].sort().join(' ');
    const key = keys.get(pair) ?? random(64);
    keys.set(pair, key);
    return [other, key];
  }));
  const submissions: MaskedSubmission[] = [];
  const reveals = new Map<string, Reveal>();
  let masking = 0;
  for (const participant of names) {
    const own = random(32);
    const pairs = keysOf(participant);
    masking += await cpuMs(() => {
      const { words: masked, commitments } = maskUpdate(words, bits, roster, participant, own, pairs, random);
      submissions.push({ participant, words: masked, commitments });
    });
    reveals.set(participant, { study: roster.study, epoch: 1, round: 1, participant, record: digest('2'), set: digest('3'), ...revealFor(roster, names, participant, own, pairs, []) });
  }
  const unmasking = await cpuMs(() => {
    const outcome = unmask(roster, bits, words.length, submissions, reveals);
    if ('code' in outcome) throw new Error(`no sum: ${outcome.code}`);
  });
  return masking / names.length + unmasking;
}

type Layer = 'bare' | 'mldsa' | 'qkd' | 'secagg' | 'dp';

async function layersOf({ sites, layers }: (typeof cases)[number]): Promise<Record<Layer, number>> {
  const names = namesOf(sites);
  const parties = names.map(partyOf);
  const dimension = 30 * layers[0] + layers[0] + layers[0] * layers[1] + layers[1] + layers[1] + 1;
  const words = encodeUpdate(new Float64Array(dimension).fill(0.01), { bits, fractionBits: 32, clip: '8', maxWeight: 1000 }, 1);
  const bare = await simulatedMs(names, layers, false);
  return { bare, mldsa: await signaturesMs(parties), qkd: await sealingMs(parties, words), secagg: await masksMs(names, words), dp: Math.max(0, (await simulatedMs(names, layers, true)) - bare) };
}

/** `fl.overhead.LAYER.Nsites` against the bare round, and the security layers together at four sites against the goal. */
export async function layerFigures(runs: number): Promise<Figure[]> {
  const lines: Figure[] = [];
  await layersOf(cases[1]); // compiles what is measured
  for (const one of cases) {
    const found: Record<Layer, number>[] = [];
    for (let run = 0; run < runs; run++) found.push(await layersOf(one));
    const of = (layer: Layer): number[] => found.map((round) => round[layer]);
    lines.push(...(['mldsa', 'qkd', 'secagg', 'dp'] as const).map((layer) => figure(`fl.overhead.${layer}.${one.sites}sites`, 'ms', of(layer), `bare round, ${one.parameters}`, of('bare'))));
    lines.push(figure(`fl.overhead.bare.${one.sites}sites`, 'ms', of('bare'), `with all layers, ${one.parameters}`, found.map(({ bare, mldsa, qkd, secagg, dp }) => bare + mldsa + qkd + secagg + dp)));
    if (one.sites === 4) lines.push(against('fl.overhead.security.4sites', 'ms', found.map(({ mldsa, qkd, secagg, dp }) => mldsa + qkd + secagg + dp), goalMs));
  }
  return lines;
}
