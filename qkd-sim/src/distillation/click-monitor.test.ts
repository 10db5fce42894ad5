/** The receiver's watch on its clicks: silent on honest links, loud on blinded ones. */
import { expect } from 'chai';
import { Optics } from '../optics/optics.js';
import { type Eve, noEve } from '../optics/eve.js';
import { metro } from '../profiles/metro.js';
import type { Profile } from '../profiles/profile.js';
import { entangledMetro } from '../profiles/entangled-metro.js';
import { RandomNumbers, seededRandom } from '../random.js';
import { ClickMonitor } from './click-monitor.js';

/** The first alarm on a link within a number of batches of 65,536 clicks. */
const alarmOn = (profile: Profile, eve: Eve, batches: number, calibrated = profile): string | undefined => {
  const optics = new Optics(profile, new RandomNumbers(seededRandom(new Uint8Array(32).fill(7))), eve);
  const monitor = new ClickMonitor(calibrated);
  for (let batch = 0; batch < batches; batch++) {
    const alarm = monitor.alarm(optics.next(65_536));
    if (alarm !== undefined) return alarm;
  }
  return undefined;
};

describe('click monitor', () => {
  const honest: [string, Profile, batches?: number][] = [
    ['the default link', metro],
    ['a link with long dead time and strong afterpulses', { ...metro, lossDb: 0, deadGates: 40, afterpulse: 0.1 }],
    ['a long link', { ...metro, lossDb: 30 }],
    ['a link of dark counts', { ...metro, lossDb: 60 }],
    ['pairs', entangledMetro, 1],
  ];
  for (const [name, profile, batches = 10] of honest) {
    // n = 655,360 clicks, ten looks, each with a false alarm in 10^8.
    it(`is silent on ${name}`, () => { expect(alarmOn(profile, noEve, batches)).equal(undefined); });
  }

  it('is silent when Eve splits photon numbers behind 10 dB, which the decoys see', () => {
    expect(alarmOn(metro, { attack: 'photon-number-splitting', fraction: 1, fiberLossDb: 0 }, 10)).equal(undefined);
  });

  it('sees her split where there is little loss: she takes one photon of two', () => {
    expect(alarmOn({ ...metro, lossDb: 3 }, { attack: 'photon-number-splitting', fraction: 1, fiberLossDb: 0 }, 3)).match(/double clicks/);
  });

  it('sees within 200,000 clicks that blinded detectors never click together', () => {
    // But for afterpulses, with which two or three are usual.
    expect(alarmOn(metro, { attack: 'blinding' }, 3)).match(/^\d double clicks in the key basis where \d+ were expected$/);
  });

  it('sees that an Eve with nothing to hide behind clicks less often', () => {
    expect(alarmOn({ ...metro, lossDb: 0, detectorEfficiency: 1, deadGates: 0 }, { attack: 'blinding' }, 1)).match(/clicks/);
  });

  it('sees a link that clicks twice as often, and one basis more often than the other', () => {
    expect(alarmOn({ ...metro, lossDb: 6 }, noEve, 1, metro)).match(/^65536 clicks where 2\d+ were expected$/);
    expect(alarmOn({ ...metro, keyBasisProbability: 0.7 }, noEve, 1, metro)).match(/^4\d+ clicks in the key basis where 5\d+ were expected$/);
  });
});
