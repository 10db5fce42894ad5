// Shares of keys: enough bring back what was divided, fewer nothing, and who brings a changed one is named.
import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { toHex } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { bringBack, divide, encodeShare, readShare, type KeyShare } from './shares.js';

const site = { mspId: 'HospitalA', suites: { signature: 'mldsa65', kem: 'mlkem768' } } as const;
const seeds = { signing: new Uint8Array(randomBytes(32)), kem: new Uint8Array(randomBytes(64)) };
const named = (shares: readonly KeyShare[]): Map<string, KeyShare> => new Map(shares.map((share) => [`share-${share.index}`, share]));
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

function faultOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'done';
  } catch (error) {
    return `${(error as WorkerError).code} ${(error as WorkerError).message}`;
  }
}

const flipped = (share: KeyShare): KeyShare => ({ ...share, share: `${share.share.startsWith('0') ? '1' : '0'}${share.share.slice(1)}` });

describe('key shares', () => {
  it('bring the seeds back, any enough of them, after their way through files', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 7 }), fc.integer({ min: 2, max: 7 }), fc.infiniteStream(fc.nat()), (shares, threshold, chance) => {
      fc.pre(threshold <= shares);
      const parts = (divide(site, seeds, shares, threshold, 5, random)).map((share) => readShare('file', Buffer.from(encodeShare(share))));
      const order = new Map(parts.map((part) => [part, chance.next().value as number]));
      const some = parts.toSorted((a, b) => order.get(a)! - order.get(b)!).slice(0, threshold);
      const { seeds: back, refused } = bringBack(site, named(some));
      expect([toHex(back.signing), toHex(back.kem), refused]).to.deep.equal([toHex(seeds.signing), toHex(seeds.kem), []]);
      expect(faultOf(() => bringBack(site, named(some.slice(1))))).to.equal(`SHARES_INVALID ${threshold - 1} good shares${threshold > 1 ? `, ${threshold} are needed` : ''}`);
    }), { numRuns: 15 });
  });

  it('say nothing of the seeds but together', () => {
    const parts = divide(site, seeds, 3, 2, 5, random);
    for (const part of parts) for (const seed of Object.values(seeds)) expect(encodeShare(part)).not.to.contain(toHex(seed.slice(0, 8)));
    const again = divide(site, seeds, 3, 2, 5, random);
    expect(again[0]!.share).not.to.equal(parts[0]!.share);
    // One share and one of another division of the same seeds do not fit, though each would be good among its own.
    expect(faultOf(() => bringBack(site, named([parts[0]!, again[1]!])))).to.equal('SHARES_INVALID 1 good shares, 2 are needed; changed, or of another division: share-2');
  });

  it('that were changed are named and left out; one too few then is a fault', () => {
    const parts = divide(site, seeds, 4, 3, 5, random);
    const spoilt = [parts[0]!, flipped(parts[1]!), parts[2]!, parts[3]!];
    const { seeds: back, refused } = bringBack(site, named(spoilt));
    expect(refused).to.deep.equal(['share-2']);
    expect(toHex(back.kem)).to.equal(toHex(seeds.kem));
    expect(faultOf(() => bringBack(site, named(spoilt.slice(0, 3))))).to.equal('SHARES_INVALID 2 good shares, 3 are needed; changed, or of another division: share-2');
    const swapped = { ...parts[0]!, share: parts[1]!.share };
    expect((bringBack(site, new Map([['x', swapped], ...named(parts.slice(1))]))).refused).to.deep.equal(['x']);
    const lowered = { ...parts[0]!, threshold: 2 };
    expect((bringBack(site, new Map([['x', lowered], ...named(parts.slice(1))]))).refused).to.deep.equal(['x']);
    expect(faultOf(() => bringBack(site, named([parts[0]!, parts[0]!, parts[0]!])))).to.match(/^SHARES_INVALID 1 good/);
    expect(faultOf(() => bringBack(site, new Map()))).to.match(/^SHARES_INVALID 0 good shares/);
  });

  it('bring back the seed of the chains with the others, and without it those that were made before it was among them', () => {
    const chain = random(32);
    const parts = divide(site, { ...seeds, chain }, 3, 2, 5, random).map((share) => readShare('file', Buffer.from(encodeShare(share))));
    const { seeds: back } = bringBack(site, named(parts.slice(1)));
    expect([back.signing, back.kem, back.chain].map((seed) => toHex(seed!))).to.deep.equal([seeds.signing, seeds.kem, chain].map(toHex));
    expect(faultOf(() => readShare('file', Buffer.from(encodeShare(parts[0]!).replace('share-2', 'share-1'))))).to.match(/^SHARES_INVALID/);
    const from = (first: number) => (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (first + at) & 255);
    const [older] = divide(site, { signing: from(1)(32), kem: from(2)(64) }, 3, 2, 5, from(3));
    expect(createHash('sha256').update(encodeShare(older!)).digest('hex'), 'as written by the first version').to.equal('3b763941f917efa25e7037f41f53fce120ac3103c2b3a80c1084b59ec86435df');
    expect(bringBack(site, named(divide(site, seeds, 2, 2, 5, random))).seeds).to.have.all.keys('signing', 'kem');
  });

  it('that all agree on other seeds are told by the digest', () => {
    const [parts, others] = [divide(site, seeds, 2, 2, 5, random), divide(site, { ...seeds, signing: new Uint8Array(32) }, 2, 2, 5, random)];
    const forged = others.map((share) => ({ ...share, secret: parts[0]!.secret }));
    expect(faultOf(() => bringBack(site, named(forged)))).to.equal('SHARES_INVALID the shares give other seeds than were divided');
  });

  it('belong to one organization and its suites', () => {
    const parts = named(divide(site, seeds, 2, 2, 5, random));
    expect(faultOf(() => bringBack({ ...site, mspId: 'HospitalB' }, parts))).to.equal('SHARES_INVALID the shares are of HospitalA with mldsa65 and mlkem768');
    expect(faultOf(() => bringBack({ ...site, suites: { signature: 'mldsa87', kem: 'mlkem768' } }, parts))).to.match(/^SHARES_INVALID/);
  });

  it('cannot be made in useless numbers, nor read from anything else', () => {
    for (const [shares, threshold] of [[1, 1], [3, 1], [2, 3], [256, 2], [2.5, 2], [3, Number.NaN]] as const) expect(faultOf(() => divide(site, seeds, shares, threshold, 5, random))).to.match(/^CONFIG_INVALID/);
    const [good] = divide(site, seeds, 2, 2, 5, random);
    for (const text of ['', '{', encodeShare(good!).replace('"index"', '"indeX"'), encodeShare({ ...good!, share: 'secret' })]) {
      expect(() => readShare('file', Buffer.from(text))).to.throw(WorkerError).with.property('message', 'file is no key share of this version');
    }
  });
});
