/** Sifting and parameter estimation from hand-made and emulated clicks. */
import { expect } from 'chai';
import { encodeDetections, settingsOf } from '../link/quantum-channel.js';
import { Optics } from '../optics/optics.js';
import { profileOf } from '../profiles/named.js';
import { RandomNumbers, seededRandom } from '../random.js';
import { clearlyAbove, measuredQber } from './parameter-estimation.js';
import { AliceSifting, BobSifting } from './sifting.js';

const numbers = (seed: number): RandomNumbers => new RandomNumbers(seededRandom(new Uint8Array(32).fill(seed)));
/** Alice's basis and bit, intensity, Bob's basis, pattern. */
const gate = (alice: number, bit: number, intensity: number, bob: number, pattern: number): number =>
  alice | (bit << 1) | (intensity << 2) | (bob << 4) | (pattern << 5);

describe('sifting', () => {
  it('keeps equal bases, counts by intensity, and compares only the check basis', () => {
    const gates = Uint8Array.of(
      gate(0, 1, 0, 0, 2), // key, bit 1, seen as 1
      gate(0, 0, 1, 1, 1), // bases differ
      gate(1, 1, 2, 1, 1), // check, bit 1, seen as 0
      gate(1, 0, 1, 1, 1), // check, bit 0, seen as 0
      gate(0, 0, 2, 0, 2), // key, bit 0, seen as 1
    );
    const batch = { gaps: Uint32Array.of(1, 20_000, 16_383, 16_382, 50_000), gates };
    const [alice, bob] = [new AliceSifting(32), new BobSifting(32, numbers(0))];
    const kept = alice.compare(settingsOf(batch), bob.announce(batch));
    bob.keep(kept);
    expect([...kept]).deep.equal([0b10001]);
    expect(alice.counts).deep.equal({ key: [1, 0, 1], check: [0, 1, 1], checkErrors: [0, 0, 1] });
    expect([alice.words[0], bob.words[0]]).deep.equal([0b01, 0b11]);
    expect(alice.full).equal(false);
  });

  it('compares what was measured for Bell\'s inequality, and keeps none of it', () => {
    const turned = (alice: number, bit: number, bob: number, pattern: number): number => gate(alice, bit, 0, bob, pattern) | 128;
    const gates = Uint8Array.of(turned(0, 1, 0, 2), turned(1, 1, 0, 1), turned(0, 0, 1, 1), turned(1, 0, 1, 1), turned(1, 0, 1, 2), gate(0, 1, 0, 0, 2));
    const batch = { gaps: new Uint32Array(6).fill(9000), gates };
    const [alice, bob] = [new AliceSifting(32), new BobSifting(32, numbers(0))];
    const kept = alice.compare(settingsOf(batch), bob.announce(batch));
    bob.keep(kept);
    expect([...kept]).deep.equal([0b100000]);
    // Pairs of bases in the order 00, 01, 10, 11, Alice's first: equal bits, different bits.
    expect(alice.bell).deep.equal([1, 0, 1, 0, 0, 1, 1, 1]);
    expect(alice.counts).deep.equal({ key: [1, 0, 0], check: [0, 0, 0], checkErrors: [0, 0, 0] });
  });

  it('gives double clicks a fair random bit', () => {
    const n = 4096;
    const batch = { gaps: new Uint32Array(n).fill(5), gates: new Uint8Array(n).fill(gate(0, 0, 0, 0, 3)) };
    const [alice, bob] = [new AliceSifting(n), new BobSifting(n, numbers(1))];
    bob.keep(alice.compare(batch, bob.announce(batch)));
    const ones = bob.words.reduce((sum, word) => sum + (word >>> 0).toString(2).replaceAll('0', '').length, 0);
    // n = 4096, five standard deviations: a false alarm in 10^6.
    expect(Math.abs(ones - n / 2)).below(5 * Math.sqrt(n / 4));
    expect([alice.full, bob.full]).deep.equal([true, true]);
  });

  it('tells Bob nothing of Alice\'s settings and Alice nothing of his clicks', () => {
    const batch = { gaps: Uint32Array.of(3), gates: Uint8Array.of(gate(1, 1, 2, 1, 3)) };
    expect([...settingsOf(batch).gates]).deep.equal([gate(1, 1, 2, 0, 0)]);
    expect(encodeDetections(7, batch).at(-1)).equal(gate(0, 0, 0, 1, 3));
  });

  it('refuses clicks that the link did not make', () => {
    const batch = new Optics(profileOf('metro-10dB'), numbers(2)).next(100);
    const announcement = new BobSifting(3200, numbers(3)).announce(batch);
    announcement[100]! ^= 8;
    expect(() => new AliceSifting(3200).compare(batch, announcement)).throw(RangeError);
    expect(() => new AliceSifting(3200).compare(batch, new Uint8Array())).throw(RangeError);
    expect(() => { new BobSifting(32, numbers(4)).keep(new Uint8Array(1)); }).throw(RangeError);
  });
});

describe('parameter estimation', () => {
  const counts = (compared: number, errors: number): Parameters<typeof measuredQber>[0] =>
    ({ key: [0, 0, 0], check: [compared, 0, 0], checkErrors: [errors, 0, 0] });

  it('knows no error rate before anything was compared', () => {
    expect(measuredQber(counts(0, 0))).equal(undefined);
    expect(measuredQber(counts(200, 5))).equal(0.025);
  });

  it('gives up early only beyond chance', () => {
    expect(clearlyAbove(counts(999, 999), 0.11)).equal(false);
    expect(clearlyAbove(counts(3000, 345), 0.11)).equal(false);
    expect(clearlyAbove(counts(3000, 450), 0.11)).equal(true);
  });
});
