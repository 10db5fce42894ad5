/** Every variant of Cascade against published efficiencies, over 1,024 seeded frames a point. */
import { expect } from 'chai';
import { cascadeVariantNames } from '../distillation/cascade-variant.js';
import { entropy } from '../distillation/finite-key.js';
import { seededRandom } from '../random.js';
import { cascadePoint, effectiveEfficiency } from './cascade-study.js';
import { publishedQbers } from './published-cascade.js';

describe('study of Cascade', function () {
  this.timeout(300_000);

  for (const variant of cascadeVariantNames) {
    it(`${variant} discloses at most the published share + 0.01, and never less than the Shannon limit`, () => {
      for (const [index, qber] of publishedQbers.entries()) {
        const point = cascadePoint(variant, qber, 32, seededRandom(new Uint8Array(32).fill(index)));
        // A frame's f has a standard deviation below 0.04, so the mean of 1,024 has one below 0.0013.
        expect(point.efficiency, `at ${qber}`).within(1, (point.published ?? 1.11) + 0.01);
        // Published: at most 5·10⁻⁴; 5 in 1,024 come by chance with 2·10⁻⁴. Without many passes we and the package `qkd` see 5·10⁻³: 16 come with 10⁻⁴.
        expect(point.failedFrames, `at ${qber}`).most(['biconf', 'option2'].includes(variant) ? 15 : 4);
        expect(point.effectiveEfficiency).least(point.efficiency - 1e-12);
      }
    });
  }

  it('is the same again from the same seed', () => {
    const points = [1, 1, 2].map((seed) => cascadePoint('option3', 0.03, 1, seededRandom(new Uint8Array(32).fill(seed)), 1000));
    expect(points[0]).deep.equal(points[1]).and.not.deep.equal(points[2]);
    expect(points[0]).not.have.property('published');
  });

  it('counts a failed frame as disclosed whole', () => {
    expect(effectiveEfficiency(1.16, 0.032, entropy(0.01))).closeTo(1.519, 5e-4);
  });
});
