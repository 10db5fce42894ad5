/** Optics in step with a clock that a test turns. */
import { expect } from 'chai';
import { passSeconds } from '../optics/satellite.js';
import { Optics } from '../optics/optics.js';
import { micius } from '../profiles/literature.js';
import { metro, metroSlow } from '../profiles/metro.js';
import type { Profile } from '../profiles/profile.js';
import { RandomNumbers, seededRandom } from '../random.js';
import { type Clock, type Pace, PacedOptics } from './paced-optics.js';

class TurnedClock implements Clock {
  seconds = 1000;
  now(): number { return this.seconds; }
  async sleep(seconds: number): Promise<void> {
    this.seconds += seconds;
    return Promise.resolve();
  }
}

const paced = (profile: Profile, pace: Pace): { clock: TurnedClock; optics: Optics; paced: PacedOptics } => {
  const clock = new TurnedClock();
  const optics = new Optics(profile, new RandomNumbers(seededRandom(new Uint8Array(32))));
  return { clock, optics, paced: new PacedOptics(optics, pace, clock) };
};

describe('paced optics', () => {
  it('do not wait at the highest pace', async () => {
    const { clock, paced: link } = paced(metroSlow, 'max');
    expect((await link.next(10_000)).gates.length).equal(10_000);
    expect(clock.seconds).equal(1000);
  });

  it('give a batch when its time has passed, full or not', async () => {
    const slow = paced(metroSlow, 'real');
    for (let batch = 1; batch <= 4; batch++) {
      // Half a second at 10 MHz and 10 dB: some 18,000 clicks.
      expect((await slow.paced.next(65_536)).gates.length).within(10_000, 25_000);
      expect([slow.clock.seconds, slow.optics.gates]).deep.equal([1000 + batch / 2, batch * 5e6]);
    }
    const fast = paced(metro, 'real');
    expect((await fast.paced.next(10_000)).gates.length).equal(10_000);
    expect(fast.clock.seconds).closeTo(1000 + fast.optics.seconds, 1e-9);
    expect(fast.optics.seconds).below(0.1);
  });

  it('lose what was sent while nobody listened, and do not count it', async () => {
    const { clock, optics, paced: link } = paced(metroSlow, 'real');
    await link.next(65_536);
    clock.seconds += 100;
    const { gaps } = await link.next(65_536);
    expect(optics.seconds).closeTo(101, 1e-6);
    expect(gaps.reduce((sum, gap) => sum + gap, 0)).most(5e6);
  });

  it('stay silent between the passes of a satellite', async () => {
    const { clock, paced: link } = paced(micius, 'real');
    clock.seconds += passSeconds(micius.satellite!) - 0.25;
    expect((await link.next(65_536)).gates.length).within(1, 1000);
    for (let batch = 0; batch < 4; batch++) expect((await link.next(65_536)).gates.length).equal(0);
    expect(clock.seconds).closeTo(1000 + passSeconds(micius.satellite!) + 2.25, 1e-6);
    clock.seconds = 1000 + 86_400;
    expect((await link.next(65_536)).gates.length).above(0);
  });
});
