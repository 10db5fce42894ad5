/** Cascade between two mirrored ends: it corrects, asks what the plain reference asks, and ends whatever it is told. */
import { expect } from 'chai';
import fc from 'fast-check';
import { RandomNumbers, randomBytesOf, seededRandom } from '../random.js';
import { xor } from './authentication.js';
import { type CascadeVariant, cascadeVariantNames, cascadeVariants } from './cascade-variant.js';
import { reconcileFrame } from './cascade-reference.js';
import { Cascade } from './cascade.js';

/** Both ends of groups of 32 frames with independent errors. */
const frames = (frameBits: number, groups: number, qber: number, seed: number): [alice: Int32Array, bob: Int32Array] => {
  const fill = seededRandom(new Uint8Array(32).fill(seed));
  const random = new RandomNumbers(fill);
  const alice = new Int32Array(randomBytesOf(fill, 4 * frameBits * groups).buffer);
  const error = (): number => Array.from({ length: 32 }, (_, frame) => (random.uniform() < qber ? 1 << frame : 0)).reduce((word, bit) => word | bit, 0);
  return [alice, alice.map((word) => word ^ error())];
};

const ends = (alice: Int32Array, bob: Int32Array, frameBits: number, qber: number, variant: CascadeVariant): [Cascade, Cascade] =>
  [new Cascade(alice, frameBits, qber, variant, false), new Cascade(bob, frameBits, qber, variant, true)];

const run = ([alice, bob]: readonly [Cascade, Cascade], tamper: (bytes: Uint8Array) => void = () => undefined, rounds = Infinity): void => {
  for (let round = 0; round < rounds && !alice.done && !bob.done; round++) {
    const differences = xor(bob.parities(), alice.parities());
    tamper(differences);
    for (const end of [alice, bob]) end.advance(differences);
  }
};

const frameOf = (words: Int32Array, frame: number): Uint8Array => Uint8Array.from(words, (word) => (word >>> frame) & 1);

describe('Cascade', function () {
  this.timeout(120_000);

  for (const name of cascadeVariantNames) {
    it(`${name} corrects the bits and asks the parities that the plain reference does`, () => {
      for (const [frameBits, qber] of [[2000, 0.03], [1000, 0.1], [257, 0.01], [64, 0.05]] as const) {
        const [alice, bob] = frames(frameBits, 1, qber, frameBits & 0xff);
        const plain = Array.from({ length: 32 }, (_, frame) => [frameOf(alice, frame), frameOf(bob, frame)] as const);
        const pair = ends(alice, bob, frameBits, qber, cascadeVariants[name]);
        run(pair);
        const asked = plain.reduce((sum, [from, to]) => sum + reconcileFrame(from, to, qber, cascadeVariants[name]), 0);
        expect(pair.map(({ disclosedBits }) => disclosedBits)).deep.equal([asked, asked]);
        expect(pair[0].corrections).equal(pair[1].corrections);
        plain.forEach(([, to], frame) => { expect(frameOf(bob, frame)).deep.equal(to); });
      }
    });

    it(`${name} keeps groups apart, leaves equal keys alone and finds a single error`, () => {
      const variant = cascadeVariants[name];
      const [alice, bob] = frames(1000, 3, 0.04, 1);
      const apart = [0, 1, 2].map((group) => ends(alice.subarray(1000 * group, 1000 * group + 1000), bob.slice(1000 * group, 1000 * group + 1000), 1000, 0.04, variant));
      for (const pair of apart) run(pair);
      const together = ends(alice, bob, 1000, 0.04, variant);
      run(together);
      expect(together[1].disclosedBits).equal(apart.reduce((sum, [end]) => sum + end.disclosedBits, 0));
      expect(together[1].corrections).equal(apart.reduce((sum, [end]) => sum + end.corrections, 0));
      for (const errors of [0, 1]) {
        const other = alice.slice(0, 1000);
        other[123]! ^= errors << 31;
        const pair = ends(alice.slice(0, 1000), other, 1000, 0.02, variant);
        run(pair);
        expect(other).deep.equal(alice.slice(0, 1000));
        expect(pair.map(({ corrections }) => corrections)).deep.equal([errors, errors]);
      }
    });

    it(`${name} ends, or says what is wrong, when parities are altered on the way`, () => {
      fc.assert(fc.property(fc.nat(255), fc.double({ min: 0.001, max: 0.5, noNaN: true }), (seed, rate) => {
        const [alice, bob] = frames(128, 1, 0.05, seed);
        const random = new RandomNumbers(seededRandom(new Uint8Array(32).fill(seed)));
        const pair = ends(alice, bob, 128, 0.05, cascadeVariants[name]);
        const tamper = (bytes: Uint8Array): void => {
          if (random.uniform() < rate) bytes[Math.floor(random.uniform() * bytes.length)]! ^= 1 + Math.floor(random.uniform() * 255);
        };
        try {
          run(pair, tamper, 3000);
        } catch (thrown) {
          expect(thrown).instanceOf(RangeError).with.property('message', 'parities that contradict each other');
          return;
        }
        expect(pair[0].disclosedBits).equal(pair[1].disclosedBits);
        expect(pair[0].corrections).equal(pair[1].corrections);
      }), { numRuns: 20, seed: 7 });
    });
  }

  it('takes block sizes as published', () => {
    const sizes = (name: (typeof cascadeVariantNames)[number], qber: number): number[] => cascadeVariants[name].blockSizes(qber, 10_000);
    expect(sizes('original', 0.05)).deep.equal([15, 30, 60, 120]);
    expect(sizes('biconf', 0.05)).deep.equal([19, 57]);
    expect(sizes('option2', 0.05)).deep.equal([16, 80, ...Array.from({ length: 8 }, () => 5000)]);
    expect(sizes('option3', 0.05)).deep.equal(sizes('option4', 0.05)).deep.equal([20, 40, ...Array.from({ length: 14 }, () => 5000)]);
    expect(sizes('option7', 0.05)).deep.equal([32, 128, ...Array.from({ length: 12 }, () => 5000)]);
    expect(sizes('option8', 0.05)).deep.equal([16, 256, 4096, ...Array.from({ length: 11 }, () => 5000)]);
    for (const name of cascadeVariantNames) for (const qber of [0, 0.4, 1]) expect(Math.min(...sizes(name, qber))).within(2, 5000);
  });

  it('refuses parities that are fewer or more than its own', () => {
    const [alice, bob] = frames(64, 1, 0.05, 1);
    const [, end] = ends(alice, bob, 64, 0.05, cascadeVariants.original);
    const due = end.parities().length;
    for (const length of [0, due - 1, due + 1]) expect(() => end.answer(new Uint8Array(length)), String(length)).throw(RangeError);
  });

  it('refuses differences of the wrong length', () => {
    const end = new Cascade(new Int32Array(1000), 1000, 0.02, cascadeVariants.option3, false);
    expect(() => { end.advance(new Uint8Array(3)); }).throw(RangeError, '3 bytes of parities');
  });
});
