/** The study: what all members agree on before a round is run, named by one digest (PROTOCOL section 3). */
import { z } from 'zod';
import { CodedError } from '../error.js';
import { decimal, digest, label, members, parse, positiveDecimal, sortedBy, text } from '../encoding/fields.js';
import { privacyFaults, privacyTerms } from '../privacy/terms.js';
import { aggregation, attesters, boundFault, strategy, strategyFaults } from '../strategy/study-strategy.js';
import { compression, compressionFaults } from '../compression/terms.js';
import { padFaults } from '../masked/pad-need.js';
import { profile, profiles, sealingSuite, sealingSuites, signatureSuite } from '../crypto/suites.js';

const feature = z.strictObject({
  name: label,
  /** LOINC, SNOMED CT or local code. */
  code: text.optional(),
  /** UCUM unit. */
  unit: text.optional(),
  kind: z.enum(['number', 'category']),
  /** Scaling: (value - shift) * factor; the study's, never a site's own. */
  shift: decimal.optional(),
  factor: decimal.optional(),
  categories: z.array(text).max(256).optional(),
  missing: z.enum(['reject', 'mean', 'zero']),
});
export type Feature = z.infer<typeof feature>;

/** Height and width, or the length of a signal. */
const window = z.array(z.int().min(1).max(1024)).min(1).max(2);
const width = z.int().min(1).max(4096);
/** A hidden layer: the width of a dense one, a convolution (each with ReLU after it), or max pooling by windows that do not overlap. */
const layer = z.union([
  width,
  z.strictObject({ conv: width, size: window, stride: window, padding: z.enum(['same', 'valid']) }),
  z.strictObject({ pool: z.literal('max'), size: window }),
]);
export type ModelLayer = z.infer<typeof layer>;

const thirtyDays = 30 * 24 * 3600 * 1000;
const wait = z.int().min(1000).max(thirtyDays);

/** Schema of the study document. Ranges only; what fields demand of each other is `assertStudy`. */
export const study = z.strictObject({
  version: z.literal(1),
  name: z.string().regex(/^[a-z0-9-]{1,64}$/, 'a label [a-z0-9-]{1,64}'),
  title: text,
  channel: z.string().regex(/^[a-z][a-z0-9.-]{0,248}$/),
  genesis: digest,
  chaincode: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
  purpose: z.strictObject({
    /** Data Use Ontology codes, such as DUO:0000007. */
    duo: z.array(z.string().regex(/^DUO:[0-9]{7}$/)).min(1).max(16),
    /** HL7 v3 ActReason code, such as HRESCH. */
    reason: z.string().regex(/^[A-Z]{2,16}$/),
    diseases: z.array(text).max(64).optional(),
  }),
  features: z.array(feature).min(1).max(4096),
  label: feature,
  /** For `cox`, whose label is a time: whether the event was seen then (1, or the second category) or the row was lost sight of (0, or the first). */
  event: feature.optional(),
  model: z.strictObject({
    kind: z.enum(['logistic', 'mlp', 'cox', 'cnn']),
    /** The hidden layers; none for `logistic`. Convolutions and pooling are for `cnn`, before any dense one. */
    layers: z.array(layer).max(16),
    /** What `cnn` takes the features as, in their order: height, width and channels of an image, or length and channels of a signal. */
    input: z.array(z.int().min(1).max(4096)).min(2).max(3).optional(),
    /** One score a category of the label where it has more than two, turned to probabilities by softmax; one score and a sigmoid when absent. */
    outputs: z.int().min(3).max(256).optional(),
    tensors: z.array(z.strictObject({
      name: label,
      shape: z.array(z.int().min(1)).min(1).max(8),
      /** Stays at each hospital and is in no update and no global model, as batch normalisation in FedBN, Li et al. 2021 (https://arxiv.org/abs/2102.07623). */
      local: z.literal(true).optional(),
    })).min(1).max(64),
    /** Parameters that are shared. */
    dimension: z.int().min(1).max(2 ** 28),
    initial: z.union([z.literal('zeros'), digest]),
  }),
  training: z.strictObject({
    optimizer: z.enum(['sgd']),
    learningRate: positiveDecimal,
    localEpochs: z.int().min(1).max(1000),
    batchSize: z.int().min(1).max(65_536),
    /** μ of FedProx, Li et al. 2020 (https://arxiv.org/abs/1812.06127): local steps also minimise μ/2 · ‖x − base‖². */
    proximal: positiveDecimal.optional(),
    /** Rows are replaced by ones that were made to mislead the model within epsilon of each scaled input, Madry et al. 2018 (https://arxiv.org/abs/1706.06083). */
    adversarial: z.strictObject({
      epsilon: positiveDecimal,
      steps: z.int().min(1).max(100),
      stepSize: positiveDecimal,
      /** What no scaled input can be below or above, such as black and white. */
      lowest: decimal.optional(),
      highest: decimal.optional(),
    }).optional(),
    /** What every site must compute with, where rounds are to be compared byte for byte; each site's own choice when absent. */
    engine: z.enum(['wasm', 'tensorflow']).optional(),
  }),
  strategy,
  encoding: z.strictObject({
    bits: z.union([z.literal(32), z.literal(64)]),
    fractionBits: z.int().min(0).max(40),
    clip: positiveDecimal,
    maxWeight: z.int().min(1).max(1_000_000),
    /** Visible mode: updates shorter than their words; none when absent. */
    compression: compression.optional(),
  }),
  privacy: privacyTerms,
  aggregation,
  suites: z.strictObject({
    profile,
    signature: signatureSuite,
    /** Best first; a later one is taken only by `qkdMissing: fallback`, with its reason on the ledger. */
    sealing: z.array(sealingSuite).min(1).max(8),
    qkdMissing: z.enum(['fail', 'fallback']),
    qkdWaitMs: z.int().min(0).max(thirtyDays),
  }),
  participants: members.min(1),
  aggregators: members.min(1),
  observers: members,
  quorums: z.strictObject({ approve: z.int().min(1).max(64), submit: z.int().min(1).max(64), attest: z.int().min(1).max(64) }),
  rounds: z.strictObject({ count: z.int().min(1).max(10_000), submitMs: wait, graceMs: wait, attestMs: wait }),
  consent: z.strictObject({
    required: z.boolean(),
    /** Data classes that a consent must cover, sorted. */
    classes: sortedBy(label, (name) => name, 64),
    onWithdrawal: z.enum(['next-round', 'retract']),
  }),
});
export type Study = z.infer<typeof study>;

/** All organizations of a study, sorted: participants, aggregators and observers. */
export const membersOf = (document: Study): string[] => [...new Set([...document.participants, ...document.aggregators, ...document.observers])].sort();

/** Q = C · 2^fractionBits, the largest magnitude of a fixed-point value (PROTOCOL section 7). */
export const fixedPointBound = (encoding: Study['encoding']): number => Number(encoding.clip) * 2 ** encoding.fractionBits;

/** What keeps sums of fixed-point updates exact, for a number of participants (PROTOCOL section 7). */
export function encodingFaults({ encoding }: Pick<Study, 'encoding'>, participants: number): string[] {
  const n = BigInt(participants);
  const bound = fixedPointBound(encoding);
  if (!Number.isInteger(bound) || bound > 2 ** 50) return ['encoding: clip * 2^fractionBits must be an integer of at most 2^50'];
  const w = BigInt(encoding.maxWeight);
  const top = 2n ** BigInt(encoding.bits - 1) - 1n;
  const faults: string[] = [];
  if (w * BigInt(bound) > 2n ** 53n - 1n) faults.push('encoding: maxWeight * clip * 2^fractionBits must stay below 2^53');
  if (n * w * BigInt(bound) > top || n * w > top) faults.push(`encoding: the sum over ${participants} participants can overflow ${encoding.bits} bits`);
  return faults;
}

/** Scores a row that a model of this label ends in: one a category of more than two, else undefined for the one score of a sigmoid or a hazard. */
export const outputsFor = ({ kind, categories }: Feature): number | undefined =>
  kind === 'category' && categories !== undefined && categories.length > 2 ? categories.length : undefined;

/** How many parameters a tensor holds. */
export const tensorSize = ({ shape }: Study['model']['tensors'][number]): number => shape.reduce((product, width) => product * width, 1);

function outputFaults({ model: { kind, outputs }, label: predicted }: Study): string[] {
  const needed = kind === 'cox' ? undefined : outputsFor(predicted);
  if (outputs === needed) return [];
  return [`model.outputs: ${needed === undefined ? 'belongs to a label of more than two categories' : `must be ${needed}, one a category of the label`}`];
}

function adversarialFaults({ features, model: { kind }, training: { adversarial } }: Study): string[] {
  if (adversarial === undefined) return [];
  const { epsilon, steps, stepSize, lowest, highest } = adversarial;
  const faults: string[] = [];
  if (kind === 'cox') faults.push('training.adversarial: a row of a cox model has no loss of its own to be misled by');
  if (features.some((entry) => entry.kind === 'category')) faults.push('training.adversarial: a category cannot be moved a little, so all features must be numbers');
  if (steps * Number(stepSize) < Number(epsilon)) faults.push('training.adversarial: steps * stepSize must reach epsilon');
  if (Number(lowest ?? -Infinity) >= Number(highest ?? Infinity)) faults.push('training.adversarial.highest: must be above lowest');
  return faults;
}

/** What the kind of a model demands of its layers and of the rest. */
function kindFaults({ model: { kind, layers, input }, event, privacy, strategy: { name } }: Study): string[] {
  const faults: string[] = [];
  const dense = layers.findIndex((entry) => typeof entry === 'number');
  const windows = layers.flatMap((entry) => (typeof entry === 'number' ? [] : 'conv' in entry ? [entry.size, entry.stride] : [entry.size]));
  if (kind === 'logistic' && layers.length > 0) faults.push('model.layers: a logistic model has none');
  if (kind !== 'cnn' && windows.length > 0) faults.push(`model.layers: a model of kind ${kind} has dense layers only`);
  if ((kind === 'cnn') !== (input !== undefined)) faults.push('model.input: belongs to kind cnn, and is needed there');
  if (dense >= 0 && layers.slice(dense).some((entry) => typeof entry !== 'number')) faults.push('model.layers: convolutions and pooling come before dense layers');
  if (input !== undefined && windows.some((window) => window.length !== input.length - 1)) faults.push(`model.layers: sizes and strides have ${input.length - 1} numbers here`);
  if ((kind === 'cox') !== (event !== undefined)) faults.push('event: belongs to a model of kind cox, and is needed there');
  if (kind === 'cox' && name === 'qfedavg') faults.push('strategy.name: qfedavg compares losses, and that of cox depends on the number of rows');
  if (privacy.unit === 'patient' && kind === 'cox') faults.push('privacy.unit: patient needs a loss a row, and that of cox depends on other rows');
  return faults;
}

/** In masked mode a majority of a roster must be in every sealed set, because so many give a lost secret back and acknowledge the set. */
export function maskedFaults(study: Pick<Study, 'aggregation' | 'quorums' | 'strategy' | 'model' | 'encoding'>, participants: number): string[] {
  const { aggregation: { mode }, quorums } = study;
  if (mode === 'visible') return [];
  if (participants < 3) return ['participants: masked mode needs three, since of two each can tell the other’s update'];
  const few = quorums.submit * 2 <= participants ? [`quorums.submit: must be more than half of the ${participants} participants in masked mode`] : [];
  return [...few, ...padFaults(study, participants)];
}

function modelFaults({ model, strategy: { name } }: Study): string[] {
  const faults: string[] = [];
  const shared = model.tensors.filter((tensor) => tensor.local !== true);
  const size = shared.reduce((sum, tensor) => sum + tensorSize(tensor), 0);
  if (size !== model.dimension) faults.push(`model.dimension: is ${model.dimension}, the shared tensors hold ${size} parameters`);
  if (name === 'scaffold' && shared.length < model.tensors.length) faults.push('model.tensors: scaffold corrects the drift of shared tensors only, so none may be local');
  return faults;
}

function quorumFaults(document: Study): string[] {
  const { quorums, participants, aggregators } = document;
  const all = membersOf(document).length;
  const faults: string[] = [];
  if (quorums.approve * 2 <= all || quorums.approve > all) faults.push(`quorums.approve: must be more than half of the ${all} members, and no more than all`);
  if (quorums.submit > participants.length) faults.push(`quorums.submit: at most ${participants.length}`);
  const attest = attesters(document, aggregators.length);
  if (attest > aggregators.length) faults.push(`aggregation.committee: at most ${aggregators.length}, the number of aggregators`);
  if (quorums.attest * 2 <= attest || quorums.attest > attest) faults.push(`quorums.attest: must be more than half of the ${attest} aggregators of a round, and no more than all`);
  return faults;
}

function suiteFaults({ suites }: Study): string[] {
  const faults: string[] = [];
  const { signature, kem } = profiles[suites.profile];
  if (suites.signature !== signature) faults.push(`suites.signature: profile ${suites.profile} signs with ${signature}`);
  if (suites.sealing.some((name) => sealingSuites[name].kem !== kem)) faults.push(`suites.sealing: profile ${suites.profile} uses ${kem} only`);
  if (new Set(suites.sealing).size !== suites.sealing.length) faults.push('suites.sealing: a suite is named twice');
  if (suites.qkdMissing === 'fallback' && suites.sealing.length < 2) faults.push('suites.sealing: fallback needs a second suite');
  return faults;
}

/**
 * Reads a study document and checks what its fields demand of each other.
 * @throws CodedError STUDY_INVALID with all faults; RULE_BOUND when nothing else is wrong than that too few updates may come together for its rule.
 */
export function readStudy(value: unknown): Study {
  const document = parse(study, value, 'study', 'STUDY_INVALID');
  const names = [...document.features, document.label, ...(document.event === undefined ? [] : [document.event])].map((entry) => entry.name);
  const faults = [...encodingFaults(document, document.participants.length), ...kindFaults(document), ...outputFaults(document), ...adversarialFaults(document), ...modelFaults(document), ...quorumFaults(document), ...suiteFaults(document), ...strategyFaults(document), ...compressionFaults(document), ...privacyFaults(document), ...maskedFaults(document, document.participants.length)];
  if (new Set(names).size !== names.length) faults.push('features: a name stands twice');
  if (document.consent.required && document.consent.classes.length === 0) faults.push('consent.classes: name at least one class when consent is required');
  if (faults.length > 0) throw new CodedError('STUDY_INVALID', faults.map((fault) => `study.${fault}`).join('; '));
  const bound = boundFault(document);
  if (bound !== undefined) throw new CodedError('RULE_BOUND', `study.${bound}`);
  return document;
}
