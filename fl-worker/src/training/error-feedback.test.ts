/** What a site carries with error feedback: its residual in front, its strategy's part behind, and nothing where a study has none. */
import { expect } from 'chai';
import type { Study } from '@epione/protocol';
import { fedBack, strategyPart } from './error-feedback.js';

const studyOf = (errorFeedback: boolean): Study => ({
  encoding: { bits: 64, fractionBits: 8, clip: '8', maxWeight: 100, compression: { kind: 'top-k', share: '0.5', errorFeedback } }, model: { tensors: [{ name: 'w', shape: [2] }], dimension: 2 },
}) as unknown as Study;
const trained = { update: Float64Array.of(1, 0.25), carried: Float64Array.of(7, 8, 9) };

describe('error feedback', () => {
  it('adds what the last counted round left, and leaves what this one does not send', () => {
    const first = fedBack(studyOf(true), trained, undefined);
    expect([...first.update]).to.deep.equal([1, 0.25]);
    expect([...first.carried]).to.deep.equal([0, 0.25, 7, 8, 9]);
    const second = fedBack(studyOf(true), { ...trained, update: Float64Array.of(0.25, 0.25) }, first.carried);
    expect([...second.update]).to.deep.equal([0.25, 0.5]);
    expect([...second.carried]).to.deep.equal([0.25, 0, 7, 8, 9]);
  });

  it('keeps the strategy’s part apart', () => {
    expect(strategyPart(studyOf(true), Float64Array.of(0, 0.25, 7, 8, 9))).to.deep.equal(Float64Array.of(7, 8, 9));
    expect(strategyPart(studyOf(true), Float64Array.of(0, 0.25)), 'of a strategy that keeps nothing').to.equal(undefined);
    expect(strategyPart(studyOf(true), undefined)).to.equal(undefined);
    expect(strategyPart(studyOf(false), trained.carried)).to.equal(trained.carried);
    expect(fedBack(studyOf(false), trained, Float64Array.of(1))).to.equal(trained);
  });

  it('refuses what was trained beyond the clip, residual or not', () => {
    expect(() => fedBack(studyOf(true), { update: Float64Array.of(0, 8.5) }, undefined)).to.throw('beyond the clip').with.property('code', 'CLIP_EXCEEDED');
  });
});
