/** A round of masked mode in memory: the sum comes out bit for bit whoever drops out, and whoever lies is named. */
import { createCipheriv, createHash } from 'node:crypto';

import { expect } from 'chai';
import fc from 'fast-check';

import { frame, fromHex, toHex, type Digest } from '../encoding/digest.js';
import { openPad } from '../crypto/one-time-pad.js';
import type { MaskSuite } from '../crypto/suites.js';
import { vectorLength } from '../encoding/vector-length.js';
import { encodeUpdate, sumVectors, type FixedPoint } from '../fixed-point.js';
import { codeOf } from '../testing/refusal.js';
import { maskUpdate, openBundle, type MaskedUpdate } from './dealer.js';
import { assertPermitted, revealFor, type Reveal } from './reveal.js';
import { thresholdOf, type Roster } from './roster.js';
import { unmask, type MaskedSubmission } from './unmask.js';

const study = `sha256:${'1'.repeat(64)}` as Digest;
const encoding: FixedPoint = { bits: 64, fractionBits: 16, clip: '8', maxWeight: 1000 };
/** Bytes that look random and come from a name. */
const bytesOf = (name: string, length = 32): Uint8Array => new Uint8Array(createHash('shake256', { outputLength: length }).update(name).digest());

/** A consortium of n hospitals in one round. */
class Consortium {
  readonly roster: Roster;
  readonly vectors = new Map<string, Uint8Array>();
  readonly updates = new Map<string, MaskedUpdate>();

  constructor(n: number, expansion: MaskSuite = 'mask-aes256ctr') {
    const participants = Array.from({ length: n }, (_, at) => `Hospital${String.fromCharCode(65 + at)}`);
    this.roster = { study, epoch: 1, round: 7, participants, expansion };
    for (const mspId of participants) {
      const words = encodeUpdate(Float64Array.from({ length: 5 }, (_, k) => ((mspId.charCodeAt(8) * (k + 3)) % 17) / 4 - 2), encoding, mspId.charCodeAt(8));
      let drawn = 0;
      this.vectors.set(mspId, words);
      this.updates.set(mspId, maskUpdate(words, 64, this.roster, mspId, this.own(mspId), this.pairKeys(mspId), (length) => bytesOf(`${mspId} ${drawn++}`, length)));
    }
  }

  own = (mspId: string): Uint8Array => bytesOf(`own ${mspId}`);

  pairKeys(mspId: string): Map<string, Uint8Array> {
    return new Map(this.roster.participants.filter((id) => id !== mspId).map((other) => [other, bytesOf([mspId, other].sort().join(), this.roster.expansion === 'mask-otp' ? vectorLength(64, 5) + 192 : 64)]));
  }

  submissions(set: readonly string[]): MaskedSubmission[] {
    return set.map((participant) => ({ participant, ...(this.updates.get(participant) as MaskedUpdate) }));
  }

  reveal(set: readonly string[], participant: string, silent: readonly string[] = []): Reveal {
    const bundles = silent.map((dealer) => ({ dealer, bytes: this.updates.get(dealer)?.bundles.find(({ to }) => to === participant)?.bytes as Uint8Array }));
    return { study, epoch: 1, round: 7, participant, record: study, set: study, ...revealFor(this.roster, set, participant, this.own(participant), this.pairKeys(participant), bundles) };
  }

  /** What comes out when the members of S but the silent ones reveal, changed by somebody. */
  result(set: readonly string[], silent: readonly string[] = [], change: (reveals: Map<string, Reveal>, submissions: MaskedSubmission[]) => void = () => undefined): ReturnType<typeof unmask> {
    const reveals = new Map(set.filter((id) => !silent.includes(id)).map((id) => [id, this.reveal(set, id, silent)]));
    const submissions = this.submissions(set);
    change(reveals, submissions);
    return unmask(this.roster, 64, vectorLength(64, 5), submissions, reveals);
  }
}

const sumOf = (house: Consortium, set: readonly string[]): string => toHex(sumVectors(set.map((id) => house.vectors.get(id) as Uint8Array), 64));
/** G(seed), expanded here anew. */
const maskOf = (seed: Uint8Array, length: number): Uint8Array => new Uint8Array(createCipheriv('aes-256-ctr', seed, new Uint8Array(16)).update(new Uint8Array(length)));
const flipped = (hex: string): string => (hex.startsWith('0') ? '1' : '0') + hex.slice(1);

describe('masked round', () => {
  it('gives the plain sum, whoever drops out before the seal and whoever falls silent after it', () => {
    const cases = fc.integer({ min: 3, max: 8 }).chain((n) => fc.record({ n: fc.constant(n), order: fc.shuffledSubarray(Array.from({ length: n }, (_, at) => at), { minLength: n, maxLength: n }), left: fc.nat(n - 3), silent: fc.nat(n) }));
    fc.assert(fc.property(cases, ({ n, order, left, silent }) => {
      const house = new Consortium(n);
      const names = order.map((at) => house.roster.participants[at] as string);
      const set = names.slice(left).sort();
      const lost = set.slice(0, Math.min(silent, Math.max(0, set.length - thresholdOf(house.roster))));
      const found = house.result(set, lost);
      expect('sum' in found ? toHex(found.sum) : found).to.equal(sumOf(house, set));
    }), { numRuns: 30 });
  });

  it('shows nothing of an update: with every other secret known, the own masks still cover it', () => {
    const house = new Consortium(4);
    const [a] = house.submissions(['HospitalA']) as [MaskedSubmission];
    expect(toHex(a.words)).not.to.equal(toHex(house.vectors.get('HospitalA') as Uint8Array));
    expect(a.words.subarray(-16).every((byte) => byte === 0)).to.equal(false);
  });

  it('names who falls silent when too few shares are given', () => {
    const house = new Consortium(5);
    const { participants } = house.roster;
    expect(house.result(participants, [], (reveals) => reveals.delete('HospitalB'))).to.deep.equal({ code: 'REVEAL_MISSING', culprits: ['HospitalB'] });
    expect(house.result(participants, ['HospitalB'], (reveals) => { for (const id of ['HospitalA', 'HospitalC']) reveals.set(id, house.reveal(participants, id)); })).to.deep.equal({ code: 'TOO_FEW_SHARES', culprits: ['HospitalB'] });
  });

  it('names a revealer with a wrong seed, unless shares mend it', () => {
    const house = new Consortium(4);
    const set = ['HospitalA', 'HospitalB', 'HospitalC'];
    const lie = (reveals: Map<string, Reveal>): void => {
      const told = reveals.get('HospitalB') as Reveal;
      reveals.set('HospitalB', { ...told, pairs: told.pairs.map(({ to, seed = '' }) => ({ to, seed: flipped(seed) })) });
    };
    expect(house.result(set, [], lie)).to.deep.equal({ code: 'REVEAL_MISMATCH', culprits: ['HospitalB'] });
    expect(house.result(set, [], (reveals) => { const told = reveals.get('HospitalA') as Reveal; reveals.set('HospitalA', { ...told, own: flipped(told.own) }); })).to.deep.equal({ code: 'REVEAL_MISMATCH', culprits: ['HospitalA'] });
    const five = new Consortium(5);
    const all = five.roster.participants;
    const mended = five.result(all, ['HospitalB'], (reveals) => reveals.set('HospitalB', { ...five.reveal(all, 'HospitalB'), own: '00'.repeat(32) }));
    expect('sum' in mended ? toHex(mended.sum) : mended).to.equal(sumOf(five, all));
  });

  it('names whoever gives a wrong share, and a dealer whose shares give another secret', () => {
    const house = new Consortium(3);
    const { participants } = house.roster;
    expect(house.result(participants, ['HospitalC'], (reveals) => {
      const told = reveals.get('HospitalA') as Reveal;
      reveals.set('HospitalA', { ...told, shares: told.shares.map((entry) => ({ ...entry, share: flipped(entry.share) })) });
    })).to.deep.equal({ code: 'SHARE_MISMATCH', culprits: ['HospitalA'] });
    // A dealer that commits to shares of something else than its b_i.
    const other = new Consortium(3);
    const words = other.vectors.get('HospitalC') as Uint8Array;
    const false_ = maskUpdate(words, 64, other.roster, 'HospitalC', bytesOf('not it'), other.pairKeys('HospitalC'), (length) => bytesOf('x', length));
    const honest = other.updates.get('HospitalC') as MaskedUpdate;
    other.updates.set('HospitalC', { ...false_, words: honest.words, commitments: Uint8Array.from([...honest.commitments.subarray(0, 32), ...false_.commitments.subarray(32)]) });
    expect(other.result(participants, ['HospitalC'])).to.deep.equal({ code: 'SHARE_MISMATCH', culprits: ['HospitalC'] });
  });

  it('names a pair that committed to different seeds, and commitments of another length', () => {
    const house = new Consortium(3);
    const { participants } = house.roster;
    const spoil = (at: number, length?: number) => (_: Map<string, Reveal>, submissions: MaskedSubmission[]): void => {
      const [first] = submissions as [MaskedSubmission];
      submissions[0] = { ...first, commitments: first.commitments.map((byte, place) => (place === at ? byte ^ 1 : byte)).slice(0, length) };
    };
    expect(house.result(participants, [], spoil(32))).to.deep.equal({ code: 'PAIR_MISMATCH', culprits: ['HospitalA', 'HospitalB'] });
    expect(house.result(participants, [], spoil(64))).to.deep.equal({ code: 'PAIR_MISMATCH', culprits: ['HospitalA', 'HospitalC'] });
    expect(house.result(participants, [], spoil(0, 256))).to.deep.equal({ code: 'BAD_ENCODING', culprits: ['HospitalA'] });
    expect(house.result(participants, [], (_, all) => { all[1] = { ...all[1]!, words: new Uint8Array(8) }; })).to.deep.equal({ code: 'BAD_ENCODING', culprits: ['HospitalB'] });
  });

  it('takes no secret that S does not permit', () => {
    const house = new Consortium(4);
    const set = ['HospitalA', 'HospitalB', 'HospitalC'];
    const good = house.reveal(set, 'HospitalA', ['HospitalC']);
    const share = good.shares[0]?.share ?? '';
    expect(codeOf(() => { assertPermitted(house.roster, set, good); })).to.equal('none');
    const bad: Partial<Reveal>[] = [
      { participant: 'HospitalD' }, { pairs: [] }, { pairs: [{ to: 'HospitalB', seed: share }, ...good.pairs] },
      { shares: [{ of: 'HospitalD', index: 0, share }] }, { shares: [{ of: 'HospitalA', index: 0, share }] },
      { shares: [{ of: 'HospitalC', index: 1, share }] }, // the seed of C with A, both inside S
    ];
    for (const change of bad) expect(codeOf(() => { assertPermitted(house.roster, set, { ...good, ...change }); }), JSON.stringify(change)).to.equal('REVEAL_MISMATCH');
  });

  it('deals only to participants, of three or more, whose keys are there; bundles open in one place', () => {
    const house = new Consortium(3);
    const keys = house.pairKeys('HospitalA');
    const mask = (roster: Roster, dealer: string, pairKeys: ReadonlyMap<string, Uint8Array>): string => codeOf(() => maskUpdate(new Uint8Array(64), 64, roster, dealer, bytesOf('b'), pairKeys, (length) => bytesOf('r', length)));
    expect(mask({ ...house.roster, participants: ['HospitalA', 'HospitalB'] }, 'HospitalA', keys)).to.equal('TOO_FEW');
    expect(mask(house.roster, 'HospitalZ', keys)).to.equal('NOT_A_PARTICIPANT');
    expect(mask(house.roster, 'HospitalA', new Map([...keys].slice(1)))).to.equal('PAIR_KEY_MISSING');
    const [bundle] = house.updates.get('HospitalA')?.bundles ?? [];
    const key = keys.get('HospitalB') as Uint8Array;
    const open = (at: Partial<Roster>, dealer: string, bytes = bundle?.bytes as Uint8Array): string => codeOf(() => openBundle(key, { ...house.roster, ...at }, { dealer, holder: 'HospitalB' }, bytes));
    expect([open({}, 'HospitalA'), open({ round: 8 }, 'HospitalA'), open({ epoch: 2 }, 'HospitalA'), open({}, 'HospitalC'), open({}, 'HospitalA', fromHex('00'))]).to.deep.equal(['none', ...Array<string>(4).fill('UNOPENABLE')]);
  });
});

describe('masked round under one-time pads', () => {
  const pad = (n: number): Consortium => new Consortium(n, 'mask-otp');
  const bundleOf = (house: Consortium, dealer: string, holder: string): Uint8Array => house.updates.get(dealer)?.bundles.find(({ to }) => to === holder)?.bytes as Uint8Array;

  it('gives the same sum as with seeds, whoever drops out before the seal', () => {
    fc.assert(fc.property(fc.integer({ min: 3, max: 7 }).chain((n) => fc.record({ n: fc.constant(n), left: fc.nat(n - 3) })), ({ n, left }) => {
      const [padded, seeded] = [pad(n), new Consortium(n)];
      const set = padded.roster.participants.slice(left);
      const [found, wanted] = [padded.result(set), seeded.result(set)];
      expect(found).to.deep.equal(wanted);
      expect('sum' in found ? toHex(found.sum) : found).to.equal(sumOf(padded, set));
    }), { numRuns: 20 });
  });

  it('stands in for a survivor that falls silent while nobody has dropped out; with a drop-out the pad is lost', () => {
    const house = pad(5);
    const all = house.roster.participants;
    const found = house.result(all, ['HospitalB']);
    expect('sum' in found ? toHex(found.sum) : found).to.equal(sumOf(house, all));
    const set = all.slice(0, 4);
    expect(house.result(set, ['HospitalB'])).to.deep.equal({ code: 'PAD_LOST', culprits: ['HospitalB'] });
    expect(house.reveal(set, 'HospitalA', ['HospitalB']).shares.map(({ index }) => index)).to.deep.equal([0]);
  });

  it('masks with the pad word for word, commits to the words behind ρ, and seals a share of the own mask alone', () => {
    const house = pad(3);
    const [a, b] = ['HospitalA', 'HospitalB'];
    const { words, commitments } = house.updates.get(a) as MaskedUpdate;
    const [withB, withC] = [...house.pairKeys(a).values()] as [Uint8Array, Uint8Array];
    const own = maskOf(house.own(a), words.length);
    const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset);
    for (let at = 0; at < words.length; at += 8) {
      const plain = [words, own, withB, withC].map((bytes) => view(bytes).getBigUint64(at, true)).reduce((sum, word) => sum - word);
      expect(BigInt.asUintN(64, plain), `word ${at / 8}`).to.equal(view(house.vectors.get(a) as Uint8Array).getBigUint64(at, true));
    }
    expect(commitments).to.have.length(32 * 5); // b, two pads, a share of b for each of the two others
    const said = createHash('sha256').update(frame('epione/v1/commit-pair', study, 1, 7, a, b, withB.subarray(0, words.length + 64))).digest('hex');
    expect(toHex(commitments.subarray(32, 64))).to.equal(said);
    const context = (dealer: string, holder: string): Uint8Array => frame('epione/v1/share', study, 1, 7, dealer, holder);
    const share = openPad(withB.subarray(words.length + 64, words.length + 128), context(a, b), bundleOf(house, a, b));
    expect(share).to.have.length(32);
    expect(openBundle(withB, house.roster, { dealer: a, holder: b }, bundleOf(house, a, b))).to.deep.equal([share]);
    expect(openPad(withB.subarray(words.length + 128), context(b, a), bundleOf(house, b, a)), 'the other direction').to.have.length(32);
    expect(toHex(createHash('sha256').update(words).update(commitments).update(bundleOf(house, a, b)).digest())).to.equal('6bfaaf8764f322e0cd67cdc07c84fc80019bd6b6a0446a53f5a13892037e356c');
  });

  it('names a revealer with a wrong pad or a seed in its place, a wrong share, and a pair with different pads', () => {
    const house = pad(4);
    const set = ['HospitalA', 'HospitalB', 'HospitalC'];
    const wrong = house.reveal(set, 'HospitalB').pairs[0]?.pad?.map((text) => `${text.slice(0, -4)}AAAA`) as string[];
    for (const lie of [{ pad: wrong }, { pad: [...wrong, 'AAAA'] }, { pad: ['AAAA'] }, { seed: '00'.repeat(32) }]) {
      expect(house.result(set, [], (reveals) => reveals.set('HospitalB', { ...house.reveal(set, 'HospitalB'), pairs: [{ to: 'HospitalD', ...lie }] }))).to.deep.equal({ code: 'REVEAL_MISMATCH', culprits: ['HospitalB'] });
    }
    const all = house.roster.participants;
    expect(house.result(all, ['HospitalC'], (reveals) => {
      const told = reveals.get('HospitalA') as Reveal;
      reveals.set('HospitalA', { ...told, shares: told.shares.map((entry) => ({ ...entry, share: flipped(entry.share) })) });
    })).to.deep.equal({ code: 'SHARE_MISMATCH', culprits: ['HospitalA'] });
    house.updates.set('HospitalA', maskUpdate(house.vectors.get('HospitalA') as Uint8Array, 64, house.roster, 'HospitalA', house.own('HospitalA'), new Map([...house.pairKeys('HospitalA')].map(([id, piece]) => [id, id === 'HospitalB' ? piece.map((byte) => byte ^ 1) : piece])), (length) => bytesOf('r', length)));
    expect(house.result(set)).to.deep.equal({ code: 'PAIR_MISMATCH', culprits: ['HospitalA', 'HospitalB'] });
  });

  it('takes no share of a pad, and no pad of another length', () => {
    const house = pad(4);
    const set = ['HospitalA', 'HospitalB', 'HospitalC'];
    const good = house.reveal(set, 'HospitalA', ['HospitalC']);
    expect(codeOf(() => { assertPermitted(house.roster, set, good); })).to.equal('none');
    expect(codeOf(() => { assertPermitted(house.roster, set, { ...good, shares: [{ of: 'HospitalC', index: 3, share: good.own }] }); })).to.equal('REVEAL_MISMATCH');
    const mask = (change: (piece: Uint8Array) => Uint8Array): string => codeOf(() => maskUpdate(house.vectors.get('HospitalA') as Uint8Array, 64, house.roster, 'HospitalA', bytesOf('b'), new Map([...house.pairKeys('HospitalA')].map(([id, piece]) => [id, change(piece)])), (length) => bytesOf('r', length)));
    expect([mask((piece) => piece), mask((piece) => piece.subarray(8)), mask(() => new Uint8Array(64))]).to.deep.equal(['none', 'BAD_KEY', 'BAD_KEY']);
  });
});
