/** An update as it travels in visible mode: the words of PROTOCOL section 7, or what a study's compression makes of them (decision 0030). */
import { concat, u32 } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { encodeUpdate } from '../fixed-point.js';
import { fixedPointBound, tensorSize, type Study } from '../statements/study.js';
import { dequantise, quantise, quantisedBytes } from './quantised.js';
import { roundHalfEven } from './scale.js';
import { densify, kept, sparseBytes, sparsify } from './top-k.js';

/** What of a study decides the form of an update. */
export type Compressed = Pick<Study, 'encoding' | 'model'>;

const weightBytes = 4;
const widths = { int8: 8, int4: 4 } as const;
const sizesOf = ({ tensors }: Study['model']): number[] => tensors.filter(({ local }) => local !== true).map(tensorSize);
const countOf = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);

/** Bytes of a compressed update of a study; undefined where the study has no compression. */
export function compressedBytes({ encoding: { compression }, model }: Compressed): number | undefined {
  if (compression === undefined) return undefined;
  const sizes = sizesOf(model);
  return weightBytes + (compression.kind === 'top-k' ? sparseBytes(kept(countOf(sizes), Number(compression.share))) : quantisedBytes(sizes, widths[compression.kind]));
}

/** The update in steps of the grid, within the clip. @throws CodedError NOT_FINITE, CLIP_EXCEEDED. */
function stepsOf(update: Float64Array, { encoding }: Compressed): Float64Array {
  const bound = fixedPointBound(encoding);
  return update.map((value, k) => {
    const step = value * 2 ** encoding.fractionBits;
    if (!Number.isFinite(step)) throw new CodedError('NOT_FINITE', `coordinate ${k} of the update is not finite`);
    if (Math.abs(roundHalfEven(step)) <= bound) return step;
    // What error feedback adds may lie beyond the clip; it is carried on, not lost.
    if (encoding.compression?.errorFeedback === true) return Math.sign(step) * bound;
    throw new CodedError('CLIP_EXCEEDED', `coordinate ${k} of the update is beyond the clip of ${encoding.clip}`);
  });
}

/**
 * Encodes one local update as it is sealed: the words of `encodeUpdate`, or by the study's compression weight (4 bytes, big-endian) and
 * what `quantise` or `sparsify` gives.
 * @param update `model.dimension` coordinates; with error feedback it includes what the last one left.
 * @throws CodedError NOT_FINITE, CLIP_EXCEEDED, WEIGHT_OUT_OF_RANGE.
 */
export function packUpdate(update: Float64Array, study: Compressed, weight: number): Uint8Array {
  const { encoding, model } = study;
  const { compression, maxWeight } = encoding;
  if (compression === undefined) return encodeUpdate(update, encoding, weight);
  if (!Number.isInteger(weight) || weight < 1 || weight > maxWeight) throw new CodedError('WEIGHT_OUT_OF_RANGE', `weight ${weight} is not an integer from 1 to ${maxWeight}`);
  const [steps, bound] = [stepsOf(update, study), fixedPointBound(encoding)];
  const body = compression.kind === 'top-k' ? sparsify(steps, kept(steps.length, Number(compression.share)), bound) : quantise(steps, sizesOf(model), widths[compression.kind], bound);
  return concat(u32(weight), body);
}

/** A compressed update as the coordinates that count, and its weight. */
interface Unpacked {
  readonly weight: number;
  readonly update: Float64Array;
}

function unpack(payload: Uint8Array, study: Compressed): Unpacked {
  const { encoding, model } = study;
  const { compression, maxWeight, fractionBits } = encoding;
  const wanted = compressedBytes(study);
  if (compression === undefined || payload.length !== wanted) throw new CodedError('BAD_ENCODING', `the update has ${payload.length} bytes, compressed it has ${String(wanted)}`);
  const weight = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
  if (weight < 1 || weight > maxWeight) throw new CodedError('BAD_ENCODING', `the update has a weight outside 1..${maxWeight}`);
  const [body, sizes, bound] = [payload.subarray(weightBytes), sizesOf(model), fixedPointBound(encoding)];
  const count = countOf(sizes);
  const steps = compression.kind === 'top-k' ? densify(body, count, kept(count, Number(compression.share)), bound) : dequantise(body, sizes, widths[compression.kind], bound);
  return { weight, update: steps.map((step) => step * 2 ** -fractionBits) };
}

/**
 * The words of an opened update, on the study's grid whatever it was compressed with.
 * @throws CodedError BAD_ENCODING for a compressed one of another length, weight, scale, order or range; words are not judged here.
 */
export function unpackUpdate(payload: Uint8Array, study: Compressed): Uint8Array {
  if (study.encoding.compression === undefined) return payload;
  const { weight, update } = unpack(payload, study);
  return encodeUpdate(update, study.encoding, weight);
}

/**
 * What compression leaves of an update, for error feedback (Seide et al. 2014, https://doi.org/10.21437/Interspeech.2014-274;
 * Karimireddy et al. 2019, https://arxiv.org/abs/1901.09847): added to the next update, so that over the rounds nothing is lost.
 * @throws CodedError as `packUpdate`.
 */
export function residualOf(update: Float64Array, study: Compressed): Float64Array {
  const sent = unpack(packUpdate(update, study, 1), study).update;
  return update.map((value, k) => value - (sent[k] as number));
}
