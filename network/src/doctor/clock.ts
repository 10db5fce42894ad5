/** Clocks: nodes refuse what was signed further from their own time than their window. */
import { get } from 'node:http';
import { z } from 'zod';
import { ordererOrganizations, type Network, type Organization } from '../state.js';
import { fault, ok, unlessAny, type Check, type Examined, type Remark } from './finding.js';
import { goDurationMs, readOrdererSettings, readPeerSettings } from './settings.js';

// Fabric's own default, for settings that name none.
const defaultWindow = '15m';
const peerWindow = z.object({ peer: z.object({ authentication: z.object({ timewindow: z.string().default(defaultWindow) }).prefault({}) }) });
const ordererWindow = z.object({ General: z.object({ Authentication: z.object({ TimeWindow: z.string().default(defaultWindow) }).prefault({}) }) });

/** A node whose clock can be asked, and the window in which it takes others' time. */
interface Clock {
  readonly name: string;
  readonly operationsPort: number;
  readonly window: string;
}

function clocksOf(network: Network): Clock[] {
  const peer = (organization: Organization): Clock => ({
    name: `peer.${organization.mspId}`,
    operationsPort: organization.ports.peerOperations,
    window: peerWindow.parse(readPeerSettings(organization)).peer.authentication.timewindow,
  });
  const orderer = (organization: Organization): Clock => ({
    name: `orderer.${organization.mspId}`,
    operationsPort: organization.ports.ordererOperations,
    window: ordererWindow.parse(readOrdererSettings(organization)).General.Authentication.TimeWindow,
  });
  return [...network.organizations.map(peer), ...ordererOrganizations(network).map(orderer)];
}

/** How far the clock of an operations page is ahead of ours, ms, to the second that the page tells; undefined when it does not answer. */
async function offsetAt(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const asked = Date.now();
    const request = get({ host: '127.0.0.1', port, path: '/healthz', timeout: 2000, agent: false }, (response) => {
      response.resume();
      const time = Date.parse(response.headers.date ?? '');
      // The page's second has begun up to a second before; half of that, and half of the way.
      done(Number.isNaN(time) ? undefined : time + 500 - (asked + Date.now()) / 2);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      done(undefined);
    });
  });
}

export const clock: Check<Examined> = {
  name: 'clock',
  examine: async ({ network }) => {
    const all = await Promise.all(clocksOf(network).map(async (entry) => ({ ...entry, offsetMs: await offsetAt(entry.operationsPort) })));
    const known = all.flatMap(({ offsetMs, ...entry }) => (offsetMs === undefined ? [] : [{ ...entry, offsetMs }]));
    if (known.length === 0) return [ok('no node runs to compare with')];
    const troubles = known.flatMap(({ name, window, offsetMs }): Remark[] => {
      if (Math.abs(offsetMs) < goDurationMs(window) / 2) return [];
      return [fault(`the clock of ${name} is ${Math.round(Math.abs(offsetMs) / 1000)} s ${offsetMs > 0 ? 'ahead of' : 'behind'} ours; it refuses what differs by ${window}`, 'Set both clocks by NTP.')];
    });
    const worst = Math.ceil(Math.max(...known.map(({ offsetMs }) => Math.abs(offsetMs))) / 1000);
    return unlessAny(troubles, `the clocks of ${known.length} nodes differ from ours by at most ${worst} s`);
  },
};
