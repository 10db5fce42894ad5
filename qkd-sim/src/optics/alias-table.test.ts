/** The alias method where 24 bits do not decide, and over many draws. */
import { expect } from 'chai';
import { RandomNumbers, seededRandom } from '../random.js';
import { chiSquareLimit, histogram } from '../testing/chi-square.js';
import { AliasTable } from './alias-table.js';

describe('alias table', () => {
  it('takes more bits where the first do not decide', () => {
    // The first place keeps a half and 2⁻³⁰ for itself, and leaves the rest to the last one.
    const table = new AliasTable(Array.from({ length: 256 }, (_, code) => ({ code, weight: code === 0 ? 0.5 + 2 ** -30 : code === 1 ? 1.5 - 2 ** -30 : 1 })));
    const drawn = (...words: number[]): number => table.draw(new RandomNumbers((bytes) => { bytes.set(new Uint8Array(Uint32Array.from(words).buffer)); }));
    expect([drawn(0x007f_ffff), drawn(0x0080_0000, 0x03ff_ffff), drawn(0x0080_0000, 0x0400_0000), drawn(0x0080_0001)]).deep.equal([0, 0, 255, 255]);
  });

  it('draws as often as the weights say', () => {
    const weights = [3, 0, 0.5, 10, 1e-3, 0, 7, 2];
    const table = new AliasTable(weights.map((weight, code) => ({ code, weight })));
    const random = new RandomNumbers(seededRandom(new Uint8Array(32)));
    const draws = 1_000_000;
    const counts = histogram(Array.from({ length: draws }, () => table.draw(random)), weights.length);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const possible = weights.flatMap((weight, code) => (weight > 0 ? [{ count: counts[code]!, mean: (draws * weight) / total }] : []));
    expect(possible.reduce((sum, { count, mean }) => sum + (count - mean) ** 2 / mean, 0)).below(chiSquareLimit(possible.length - 1));
    expect([counts[1], counts[5]]).deep.equal([0, 0]);
  });
});
