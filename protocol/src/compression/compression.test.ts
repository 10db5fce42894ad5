/** Compression of updates: golden bytes, decoded values on the grid, bounded errors, residuals that lose nothing, and what is refused. */
import { expect } from 'chai';
import fc from 'fast-check';

import { toHex } from '../encoding/digest.js';
import { encodeUpdate, readVector, sumVectors } from '../fixed-point.js';
import type { Study } from '../statements/study.js';
import { codeOf } from '../testing/refusal.js';
import { compressedBytes, packUpdate, residualOf, unpackUpdate, type Compressed } from './compression.js';
import { compressionFaults, type Compression } from './terms.js';

const kinds: readonly Compression[] = [{ kind: 'int8', errorFeedback: true }, { kind: 'int4', errorFeedback: true }, { kind: 'top-k', share: '0.3', errorFeedback: true }];
const tensors: Study['model']['tensors'] = [{ name: 'weights', shape: [3, 2] }, { name: 'own', shape: [4], local: true }, { name: 'bias', shape: [1] }];
const studyOf = (compression: Compression | undefined, fractionBits = 8): Compressed => ({
  encoding: { bits: 64, fractionBits, clip: '8', maxWeight: 1000, ...(compression === undefined ? {} : { compression }) }, model: { tensors, dimension: 7 } as unknown as Study['model'],
});
const open = (compression: Compression): Compressed => studyOf({ ...compression, errorFeedback: false });
const update = Float64Array.of(1.5, -0.75, 0.25, 7.75, -8, 0, 0.0625);
const decoded = (payload: Uint8Array, study: Compressed): Float64Array => {
  const { steps } = readVector(unpackUpdate(payload, study), study.encoding, 7);
  return steps.map((step) => step * 2 ** -study.encoding.fractionBits);
};
const coordinates = (most: number): fc.Arbitrary<Float64Array> => fc.array(fc.double({ min: -most, max: most, noNaN: true }), { minLength: 7, maxLength: 7 }).map((values) => Float64Array.from(values));
const anyKind = fc.constantFrom(...kinds);

describe('compression', () => {
  it('gives these bytes', () => {
    const [int8, int4, sparse] = kinds.map((kind) => packUpdate(update, studyOf(kind), 12)) as [Uint8Array, Uint8Array, Uint8Array];
    // Steps of 2^-8: 384, -192, 64, 1984, -2048, 0 | 16. The scale of 127 is 2^5 (2048 / 2^4 = 128 is too large), of 7 it is 2^9, and 2^2 for the bias.
    expect(toHex(int8)).to.equal('0000000c' + '05' + '0cfa023ec000' + '00' + '10');
    expect(toHex(int4)).to.equal('0000000c' + '09' + '0140' + '0c' + '02' + '04');
    // The three largest: places 0, 3, 4.
    expect(toHex(sparse)).to.equal('0000000c' + '00' + '00000000' + '80010000' + '03000000' + 'c0070000' + '04000000' + '00f8ffff');
    expect([...decoded(int8, studyOf(kinds[0]))]).to.deep.equal([...update]);
    expect([...decoded(int4, studyOf(kinds[1]))]).to.deep.equal([2, 0, 0, 8, -8, 0, 0.0625]);
    expect([...decoded(sparse, studyOf(kinds[2]))]).to.deep.equal([1.5, 0, 0, 7.75, -8, 0, 0]);
  });

  it('comes out on the study’s grid with its weight, as long as it says, and again as the same bytes', () => {
    fc.assert(fc.property(anyKind, coordinates(8), fc.integer({ min: 1, max: 1000 }), fc.constantFrom(8, 24, 40), (kind, values, weight, fractionBits) => {
      const study = studyOf(kind, fractionBits);
      const payload = packUpdate(values, study, weight);
      expect(payload.length).to.equal(compressedBytes(study));
      const words = unpackUpdate(payload, study);
      expect(readVector(words, study.encoding, 7).weight).to.equal(weight);
      const back = decoded(payload, study);
      expect(toHex(encodeUpdate(back, study.encoding, weight)), 'on the grid').to.equal(toHex(words));
      if (kind.kind !== 'top-k') expect(toHex(unpackUpdate(packUpdate(back, study, weight), study))).to.equal(toHex(words));
    }), { numRuns: 200 });
  });

  it('sums to the same bytes in any order', () => {
    fc.assert(fc.property(anyKind, fc.array(coordinates(8), { minLength: 3, maxLength: 3 }), (kind, all) => {
      const words = all.map((values, at) => unpackUpdate(packUpdate(values, studyOf(kind), at + 1), studyOf(kind)));
      expect(toHex(sumVectors(words, 64))).to.equal(toHex(sumVectors(words.toReversed(), 64)));
    }), { numRuns: 40 });
  });

  it('is never further off than the largest coordinate of the tensor divided by 127 or 7', () => {
    fc.assert(fc.property(fc.constantFrom(...kinds.slice(0, 2)), coordinates(7.9), (kind, values) => {
      const study = studyOf(kind, 24);
      const back = decoded(packUpdate(values, study, 1), study);
      const most = Math.max(...values.subarray(0, 6).map(Math.abs));
      const bound = Math.max(2 ** -25, most / (kind.kind === 'int8' ? 127 : 7)); // half of a scale that is at most twice what is needed
      values.subarray(0, 6).forEach((value, k) => { expect(Math.abs(value - back[k]!)).to.be.at.most(bound); });
    }), { numRuns: 200 });
  });

  it('keeps the largest coordinates, the first of equal ones', () => {
    const equal = new Float64Array(7).fill(-0.5);
    expect([...decoded(packUpdate(equal, studyOf(kinds[2]), 1), studyOf(kinds[2]))]).to.deep.equal([-0.5, -0.5, -0.5, 0, 0, 0, 0]);
    fc.assert(fc.property(coordinates(8), (values) => {
      const back = decoded(packUpdate(values, studyOf(kinds[2], 30), 1), studyOf(kinds[2], 30));
      const [sent, left] = [[...values].filter((_, k) => back[k] !== 0), [...values].filter((_, k) => back[k] === 0)];
      expect(sent.length).to.be.at.most(3);
      if (sent.length === 3) expect(Math.min(...sent.map(Math.abs)) >= Math.max(...left.map(Math.abs)) - 2 ** -20).to.equal(true);
    }), { numRuns: 100 });
  });

  it('with error feedback loses nothing over the rounds: what was sent and what is left are what was trained', () => {
    // Dyadic values, so that float64 adds them exactly.
    const exact = fc.array(fc.array(fc.integer({ min: -512, max: 512 }).map((step) => step / 1024), { minLength: 7, maxLength: 7 }), { minLength: 1, maxLength: 12 });
    fc.assert(fc.property(anyKind, exact, (kind, rounds) => {
      const study = studyOf(kind);
      let residual = new Float64Array(7);
      const sent = new Float64Array(7);
      for (const trained of rounds) {
        const fed = residual.map((left, k) => left + trained[k]!);
        decoded(packUpdate(fed, study, 3), study).forEach((value, k) => { sent[k]! += value; });
        residual = new Float64Array(residualOf(fed, study));
      }
      const total = Array.from({ length: 7 }, (_, k) => rounds.reduce((sum, trained) => sum + trained[k]!, 0));
      expect([...sent].map((value, k) => value + residual[k]!)).to.deep.equal(total);
    }), { numRuns: 100 });
  });

  it('carries on what error feedback takes beyond the clip, and without it refuses', () => {
    const beyond = update.map((value) => value * 2);
    for (const kind of kinds) {
      expect(Math.max(...decoded(packUpdate(beyond, studyOf(kind), 1), studyOf(kind)).map(Math.abs))).to.be.at.most(8);
      expect(Math.min(...residualOf(beyond, studyOf(kind)))).to.be.at.most(-8);
      expect(codeOf(() => packUpdate(beyond, open(kind), 1))).to.equal('CLIP_EXCEEDED');
      expect(codeOf(() => packUpdate(Float64Array.of(Number.NaN, 0, 0, 0, 0, 0, 0), studyOf(kind), 1))).to.equal('NOT_FINITE');
      expect([0, 1001, 1.5].map((weight) => codeOf(() => packUpdate(update, studyOf(kind), weight)))).to.deep.equal(['WEIGHT_OUT_OF_RANGE', 'WEIGHT_OUT_OF_RANGE', 'WEIGHT_OUT_OF_RANGE']);
    }
  });

  it('is refused in another length, weight, scale, order or range', () => {
    const bad = (at: number, kind: number, change: (bytes: Uint8Array, view: DataView) => void): string => {
      const payload = packUpdate(update, studyOf(kinds[kind]), 12);
      change(payload, new DataView(payload.buffer));
      return `${at} ${codeOf(() => unpackUpdate(payload, studyOf(kinds[kind])))}`;
    };
    const changes: readonly (readonly [number, (bytes: Uint8Array, view: DataView) => void])[] = [
      ...[0, 1, 2].flatMap((kind) => [[kind, (_: Uint8Array, view: DataView) => { view.setUint32(0, 0); }], [kind, (_: Uint8Array, view: DataView) => { view.setUint32(0, 1001); }], [kind, (bytes: Uint8Array) => { bytes[4] = 51; }]] as const),
      [0, (bytes) => { bytes[5] = 0x80; }], // -128
      [0, (bytes) => { bytes[4] = 6; }], // beyond the clip
      [0, (bytes) => { bytes[11] = 1; bytes[12] = 0; }], // a scale of nothing
      [1, (bytes) => { bytes[5] = 0x08; }], // -8
      [1, (bytes) => { bytes[9] = 0x14; }], // bits behind the last integer
      [2, (_, view) => { view.setUint32(13, 0, true); }], // a place twice
      [2, (_, view) => { view.setUint32(21, 7, true); }], // beyond the model
      [2, (_, view) => { view.setInt32(9, -(2 ** 31), true); }],
    ];
    changes.forEach(([kind, change], at) => { expect(bad(at, kind, change)).to.equal(`${at} BAD_ENCODING`); });
    for (const kind of kinds) for (const length of [0, 4, 200]) expect(codeOf(() => unpackUpdate(new Uint8Array(length), studyOf(kind)))).to.equal('BAD_ENCODING');
    expect(unpackUpdate(new Uint8Array(3), studyOf(undefined)), 'words are judged elsewhere').to.have.length(3);
  });

  it('is refused by a study that it makes no sense in', () => {
    const study: Parameters<typeof compressionFaults>[0] = { aggregation: { mode: 'visible', rule: 'mean' }, strategy: { name: 'fedavg', weighting: 'examples', serverLearningRate: '1', parameters: [] }, encoding: { compression: kinds[2] } };
    const faults = (changes: object): string => compressionFaults({ ...study, ...changes }).join();
    expect(faults({})).to.equal('');
    expect(faults({ encoding: {}, aggregation: { mode: 'masked' } })).to.equal('');
    expect(faults({ aggregation: { mode: 'masked', expansion: 'mask-aes256ctr', epochRounds: 1 } })).to.include('a masked word has the bits of the encoding');
    expect(faults({ strategy: { ...study.strategy, name: 'scaffold' } })).to.include('scaffold sends more');
    expect(faults({ aggregation: { mode: 'visible', rule: 'coordinate-median' } })).to.include('most of top-k are zero');
    expect(faults({ encoding: { compression: { kind: 'int4', errorFeedback: true } }, aggregation: { mode: 'visible', rule: 'coordinate-median' } })).to.equal('');
    expect(faults({ encoding: { compression: { ...kinds[2], share: '1.5' } } })).to.include('share is at most 1');
    expect(faults({ strategy: { ...study.strategy, parameters: [{ name: 'maxNorm', value: '1' }] } })).to.include('maxNorm');
  });
});
