/** Anchors, beacons and committees against a second calculation by hand, and the rules that rest on them. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { aggregatorsIn, chainLink, firstBeacon, leadsToAnchor, nextBeacon, startingBeacon } from './committee.js';
import { assertAnchor } from './course-rules.js';
import type { Course } from './course.js';
import { digestOf } from '../encoding/digest.js';
import { codeOf } from '../testing/refusal.js';
import type { Approval } from '../statements/approval.js';
import type { Proposal } from '../statements/proposal.js';
import type { Study } from '../statements/study.js';
import { attesters } from '../strategy/study-strategy.js';
import { leftBeacon, type Slot } from './round.js';

const study = digestOf(new TextEncoder().encode('a study'));
const long = digestOf(new TextEncoder().encode('a study'), 'sha512');
const secret = new Uint8Array(32).fill(7);
const count = 12;
const five = ['HospitalA', 'HospitalB', 'HospitalC', 'HospitalD', 'Regulator'];
const document = (committee?: number): Study => ({ aggregation: { mode: 'visible', rule: 'mean', ...(committee === undefined ? {} : { committee }) }, participants: five.slice(0, 4), suites: {} }) as unknown as Study;

/** u32(length) ‖ bytes of each item by hand; integers are u64. */
function framed(...items: (string | number | Buffer)[]): Buffer {
  return Buffer.concat(items.flatMap((item) => {
    const bytes = typeof item === 'string' ? Buffer.from(item) : typeof item === 'number' ? Buffer.from(item.toString(16).padStart(16, '0'), 'hex') : item;
    return [Buffer.from(bytes.length.toString(16).padStart(8, '0'), 'hex'), bytes];
  }));
}
const sha = (bytes: Buffer, algorithm = 'sha256'): Buffer => createHash(algorithm).update(bytes).digest();

describe('committee', () => {
  it('has the chain of PROTOCOL section 9: H^N(ρ) is the anchor, round r reveals H^(N−r)(ρ)', () => {
    let value: Buffer = Buffer.from(secret);
    const chain = [value, ...Array.from({ length: count }, () => (value = sha(value)))].map((link) => link.toString('hex'));
    for (let round = 0; round <= count; round++) expect(chainLink(study, secret, count, round)).to.equal(chain[count - round]);
    // The SHA-256 of 32 bytes 07, from coreutils.
    expect(chainLink(study, secret, 1, 0)).to.equal('4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0');
  });

  it('takes the link of the round and no other', () => {
    const anchor = chainLink(study, secret, count, 0);
    for (let round = 1; round <= count; round++) for (let other = 0; other <= count; other++) expect(leadsToAnchor(chainLink(study, secret, count, other), round, anchor)).to.equal(other === round);
    expect(leadsToAnchor(chainLink(study, new Uint8Array(32), count, 3), 3, anchor)).to.equal(false);
    expect(leadsToAnchor(chainLink(long, secret, count, 3), 3, anchor), 'another hash').to.equal(false);
    expect(leadsToAnchor(chainLink(long, secret, count, 3), 3, chainLink(long, secret, count, 0))).to.equal(true);
  });

  it('has beacons and lots as a second calculation gives them, in SHA-256 and SHA-512', () => {
    for (const [name, hash] of [[study, 'sha256'], [long, 'sha512']] as const) {
      const first = sha(framed('epione/v1/beacon', name), hash);
      expect(firstBeacon(name)).to.equal(first.toString('hex'));
      const links = [1, 2].map((fill) => chainLink(name, new Uint8Array(32).fill(fill), count, 1));
      const next = sha(framed('epione/v1/beacon', first, 1, ...links.map((link) => Buffer.from(link, 'hex'))), hash);
      expect(nextBeacon(first.toString('hex'), 1, links)).to.equal(next.toString('hex'));
      expect(nextBeacon(first.toString('hex'), 1, []), 'an aborted round').to.equal(sha(framed('epione/v1/beacon', first, 1), hash).toString('hex'));
      const lots = five.map((mspId) => [sha(framed('epione/v1/committee', next, mspId), hash).toString('hex'), mspId] as const).sort(([a], [b]) => (a < b ? -1 : 1));
      expect(aggregatorsIn(document(3), { aggregators: five }, { beacon: next.toString('hex') })).to.deep.equal(lots.slice(0, 3).map(([, mspId]) => mspId).sort());
    }
  });

  it('draws every aggregator equally often: 4,000 committees of 2 of 5, each within 6 standard deviations of 1,600', () => {
    const drawn = new Map<string, number>();
    let beacon = firstBeacon(study);
    for (let round = 1; round <= 4000; round++) {
      beacon = nextBeacon(beacon, round, []);
      for (const mspId of aggregatorsIn(document(2), { aggregators: five }, { beacon })) drawn.set(mspId, (drawn.get(mspId) ?? 0) + 1);
    }
    // Binomial: n 4,000, p 2/5, standard deviation 31; a fair draw leaves the band once in 10^8 runs, and this one is always the same.
    for (const mspId of five) expect(drawn.get(mspId)).to.be.within(1414, 1786);
  });

  it('changes with every contribution, and with who contributed (property)', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((value) => Buffer.from(value).toString('hex'));
    fc.assert(fc.property(bytes, fc.integer({ min: 1, max: 10_000 }), fc.uniqueArray(bytes, { minLength: 2, maxLength: 5 }), (before, round, links) => {
      const beacon = nextBeacon(before, round, links);
      expect(nextBeacon(before, round, links.slice(1))).to.not.equal(beacon);
      expect(nextBeacon(before, round, links.toReversed())).to.not.equal(beacon);
      expect(nextBeacon(before, round + 1, links)).to.not.equal(beacon);
    }));
  });

  it('leaves a study without one as it is', () => {
    expect(aggregatorsIn(document(), { aggregators: five }, {})).to.equal(five);
    expect(attesters(document(), 5)).to.equal(5);
    expect(startingBeacon(document())).to.deep.equal({});
    expect(leftBeacon({}, 1, [], [])).to.deep.equal({});
  });

  it('takes contributions from the set alone', () => {
    const slot = (participant: string, beacon: string): Slot => ({ kind: 'submission', statement: { participant, beacon } }) as unknown as Slot;
    const [one, two] = ['11'.repeat(32), '22'.repeat(32)] as const;
    const before = firstBeacon(study);
    const left = leftBeacon({ beacon: before }, 1, [slot('HospitalA', one), slot('HospitalB', two)], [{ participant: 'HospitalB', digest: study }]);
    expect(left).to.deep.equal({ beacon: nextBeacon(before, 1, [two]) });
  });

  it('wants an anchor from each participant, and from nobody else', () => {
    const anchor = chainLink(study, secret, count, 0);
    const judged = (member: string, given: boolean, proposal?: Partial<Proposal>, size: number | undefined = 2, decision = 'approve'): string => {
      const course = { epochs: [{ participants: [{ mspId: 'HospitalA', anchor }] }] } as unknown as Course;
      const approval = { member, decision, ...(given ? { anchor } : {}) } as Approval;
      return codeOf(() => { assertAnchor(document(size), proposal && course, proposal as Proposal | undefined, approval); });
    };
    const roster: Partial<Proposal> = { kind: 'roster', participants: ['HospitalA', 'HospitalE'] };
    expect(judged('HospitalA', true)).to.equal('none');
    expect(judged('HospitalA', false)).to.equal('BAD_BEACON');
    expect(judged('HospitalA', false, undefined, 2, 'reject')).to.equal('none');
    expect(judged('Regulator', true)).to.equal('BAD_FIELD');
    expect(judged('HospitalA', false, roster), 'it has given one before').to.equal('none');
    expect(judged('HospitalE', false, roster)).to.equal('BAD_BEACON');
    expect(judged('HospitalE', true, roster)).to.equal('none');
    expect(judged('HospitalA', true, { kind: 'end' })).to.equal('BAD_FIELD');
    const without = { aggregation: { mode: 'visible', rule: 'mean' }, participants: ['HospitalA'] } as unknown as Study;
    expect(codeOf(() => { assertAnchor(without, undefined, undefined, { member: 'HospitalA', decision: 'approve', anchor } as Approval); })).to.equal('BAD_FIELD');
  });
});
