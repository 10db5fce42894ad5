// Unusual updates: those that point away and those that are far longer are named, alike ones are not, and a few say nothing.
import { expect } from 'chai';
import { encodeUpdate, type Study, type UpdateVerdict } from '@epione/protocol';
import { unusualOf, unusualUpdates } from './unusual.js';

const row = (...values: number[]): Float64Array => Float64Array.from(values);
const alike: [string, Float64Array][] = [['A', row(1, 0.1)], ['B', row(1.1, 0)], ['C', row(0.9, -0.1)], ['D', row(1.05, 0.2)], ['E', row(0.95, 0)]];

describe('unusual updates', () => {
  it('are none among alike ones, and none among few', () => {
    expect(unusualOf(new Map(alike), row(1, 0))).to.deep.equal([]);
    expect(unusualOf(new Map([...alike.slice(0, 3), ['X', row(-40, 0)]]), row(1, 0))).to.deep.equal([]);
  });

  it('are those that point away, and those that are far longer', () => {
    const [turned, long] = unusualOf(new Map([...alike, ['X', row(-1, 0)], ['Y', row(10, 0)]]), row(1, 0));
    expect(turned).to.deep.include({ participant: 'X', cosine: -1 });
    expect([long!.participant, long!.cosine, long!.normScore > 5]).to.deep.equal(['Y', 1, true]);
  });

  it('are those that lie apart, though as long as the others and pointing forward', () => {
    const found = unusualOf(new Map([...alike, ['X', row(0.5, 0.86)], ['Y', row(0.5, 0.88)]]), row(1, 0.2));
    expect(found.map(({ participant }) => participant)).to.deep.equal(['X', 'Y']);
    for (const { cosine, normScore, krumScore } of found) expect([cosine > 0, Math.abs(normScore) < 5, krumScore > 9]).to.deep.equal([true, true, true]);
    // By hand, of 5 with f = 1: the two nearest squared gaps of 0, 1, 2, 4 and 20 are 1 + 4, 1 + 1, 1 + 4, 4 + 9 and 256 + 324.
    const line = unusualOf(new Map([0, 1, 2, 4, 20].map((at) => [`${at}`, row(at)])), row(1));
    expect(line.map(({ participant, krumScore }) => [participant, krumScore])).to.deep.equal([['20', 580 / 5]]);
    // Alike to the last bit, nobody is unusual; one that is not then is.
    const same = (['A', 'B', 'C', 'D'] as const).map((name): [string, Float64Array] => [name, row(1, 1)]);
    expect(unusualOf(new Map([...same, ['E', row(1, 1)]]), row(1, 1))).to.deep.equal([]);
    expect(unusualOf(new Map([...same, ['E', row(1, 0.9)]]), row(1, 1)).map(({ participant }) => participant)).to.deep.equal(['E']);
  });

  it('are told from opened words, whatever their weights', () => {
    const encoding: Study['encoding'] = { bits: 64, fractionBits: 24, clip: '16', maxWeight: 100 };
    const study = { encoding, model: { dimension: 2 }, strategy: { name: 'fedavg' } } as Study;
    const verdicts = new Map<string, UpdateVerdict>([...alike, ['X', row(-1, 0)] as const].map(([name, values], at) => [name, { words: encodeUpdate(values, encoding, at + 1) }]));
    verdicts.set('Z', { code: 'BAD_ENCODING' });
    expect(unusualUpdates(study, verdicts, Float32Array.of(3, 3), Float32Array.of(4, 3)).map(({ participant }) => participant)).to.deep.equal(['X']);
  });
});
