/** A satellite's passes: geometry and loss against what Micius has published, and the sampler against the loss. */
import { expect } from 'chai';
import { micius } from '../profiles/literature.js';
import { steadyLossDb } from '../profiles/profile.js';
import { RandomNumbers, seededRandom } from '../random.js';
import { gateAt, leastLossDb, secondsAt, segmentAt } from './channel.js';
import { clickTable } from './click-table.js';
import { noEve } from './eve.js';
import { aliceBasis, aliceBit, bobBasis, patternOf } from './gate.js';
import { Optics } from './optics.js';
import { passSeconds, placeInPass, satelliteLossDb } from './satellite.js';

const { satellite, gateHz } = micius;
if (satellite === undefined) throw new Error('no satellite');
const numbers = (seed: number): RandomNumbers => new RandomNumbers(seededRandom(new Uint8Array(32).fill(seed)));
const duration = passSeconds(satellite);

describe('satellite', function () {
  this.timeout(120_000);

  it('passes as Micius did: 273 s, from 1,200 km to 645 km and back', () => {
    expect(duration).closeTo(273, 2);
    expect(placeInPass(satellite, 0).rangeKm).closeTo(1200, 10);
    expect(placeInPass(satellite, duration / 2).rangeKm).closeTo(645, 5);
    expect(placeInPass(satellite, duration).rangeKm).closeTo(1200, 10);
    expect(placeInPass(satellite, 0).elevation).closeTo((20 * Math.PI) / 180, 1e-9);
    expect(placeInPass(satellite, duration / 2).elevation).closeTo((48.6 * Math.PI) / 180, 1e-9);
  });

  it('spreads its beam to a loss of 22 dB at 1,200 km, and loses 3 to 9 dB in the air', () => {
    const air = (seconds: number): number => satellite.zenithLossDb / Math.sin(placeInPass(satellite, seconds).elevation);
    expect(satelliteLossDb(satellite, 0) - air(0)).closeTo(22, 0.6);
    expect(air(0)).within(3, 9);
    expect(air(duration / 2)).within(3, 9);
  });

  it('comes once an interval; gates are those of passes only', () => {
    const passGates = gateAt(micius, duration + 1);
    expect(passGates).equal(Math.floor(duration * gateHz));
    expect(gateAt(micius, 80_000)).equal(passGates);
    expect(gateAt(micius, 86_401)).equal(passGates + gateHz);
    expect(secondsAt(micius, passGates + gateHz)).closeTo(86_401, 1e-6);
    const [first, next] = [segmentAt(micius, 1), segmentAt(micius, passGates + 1)];
    expect(next).deep.equal({ lossDb: first.lossDb, lastGate: passGates + first.lastGate });
    let gate = 1;
    const losses: number[] = [];
    for (; gate <= passGates; gate = segmentAt(micius, gate).lastGate + 1) losses.push(segmentAt(micius, gate).lossDb);
    expect([gate, losses.length]).deep.equal([passGates + 1, Math.ceil(duration)]);
    expect(leastLossDb(micius)).closeTo(Math.min(...losses), 0.01).and.closeTo(29.5, 0.2);
    for (let i = 1; i < losses.length; i++) expect(Math.abs(losses[i]! - losses[i - 1]!)).below(0.2);
  });

  it('gives as many sifted bits and as many errors in a pass as Micius did', () => {
    const optics = new Optics(micius, numbers(1));
    const { gates } = optics.next(20_000_000, duration + 60);
    const sifted = gates.filter((gate) => aliceBasis(gate) === bobBasis(gate));
    expect(sifted.length).closeTo(1_671_072, 40_000);
    const single = sifted.filter((gate) => patternOf(gate) < 3);
    expect(single.filter((gate) => aliceBit(gate) !== patternOf(gate) - 1).length / single.length).closeTo(0.011, 0.001);
    expect(optics.seconds).closeTo(86_400, 1e-3);
  });

  it('clicks at every moment as often as the loss of that moment says', () => {
    // Without dead time and afterpulses clicks are independent: 27 times of 10 s, five deviations, a false alarm in 10^5.
    const profile = { ...micius, deadGates: 0, afterpulse: 0 };
    const optics = new Optics(profile, numbers(2));
    for (let from = 0; from + 10 < duration; from += 10) {
      const { gates } = optics.next(10_000_000, from + 10);
      let expected = 0;
      for (let second = from; second < from + 10; second++) {
        expected += gateHz * clickTable({ ...profile, lossDb: steadyLossDb(profile) + satelliteLossDb(satellite, second + 0.5) }, noEve).clickProbability;
      }
      expect(Math.abs(gates.length - expected), `${from} s`).below(5 * Math.sqrt(expected));
    }
  });

  it('waits without clicks between passes, and starts anew where time has gone on', () => {
    const optics = new Optics(micius, numbers(3));
    optics.skipTo(duration - 1);
    expect(optics.next(1_000_000, duration + 1).gates.length).within(1, 10_000);
    const passed = optics.gates;
    for (const until of [80_000, 1]) expect(optics.next(1_000_000, until)).deep.equal({ gaps: new Uint32Array(), gates: new Uint8Array() });
    expect(optics.gates).equal(passed);
    optics.skipTo(86_400 + duration / 2);
    expect(optics.next(1000).gates.length).equal(1000);
    expect(optics.seconds).within(86_400 + duration / 2, 86_401 + duration / 2);
  });
});
