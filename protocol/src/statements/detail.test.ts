/** Details open with their own key, organization and name only, and one text never gives the same digest twice. */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { digestOf } from '../encoding/digest.js';
import { openDetail, sealDetail } from './detail.js';
import { CodedError } from '../error.js';

const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));

describe('details', () => {
  const kept = sealDetail('HospitalA', 'd-1', 'form 7, page 2', random);

  it('open with their key', () => {
    expect(openDetail('HospitalA', 'd-1', kept)).to.equal('form 7, page 2');
  });

  it('do not open elsewhere, changed, or with another key', () => {
    const changed = kept.sealed.slice();
    changed[60] = (changed[60] ?? 0) ^ 1;
    const attempts = [
      () => openDetail('HospitalB', 'd-1', kept), () => openDetail('HospitalA', 'd-2', kept),
      () => openDetail('HospitalA', 'd-1', { ...kept, sealed: changed }), () => openDetail('HospitalA', 'd-1', { ...kept, key: random(32) }),
    ];
    for (const attempt of attempts) expect(attempt).to.throw(CodedError).with.property('code', 'UNOPENABLE');
  });

  it('have a digest that a guess of the text does not find', () => {
    expect(digestOf(sealDetail('HospitalA', 'd-1', 'form 7, page 2', random).sealed)).not.to.equal(digestOf(kept.sealed));
  });
});
