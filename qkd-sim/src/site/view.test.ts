/** The page of a site's links, in a real browser, and who may see it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SiteConfig } from '../config.js';
import { statusLines } from '../cli/status.js';
import type { LinkStatus } from '../kme/link-status.js';
import { chromium, renderedPage } from '../testing/chromium.js';
import { startAdmin } from './admin.js';
import type { SiteStatus } from './site-status.js';
import { viewPages } from './view.js';

const link = {
  name: 'north-south', role: 'alice', peerKmeId: 'kme-south', profile: 'metro-10dB', lossDb: 10, maxQber: 0.11, state: 'idle', reason: undefined, qber: 0.0248,
  keyRateBps: 574_000, blocks: 3, siftedBits: 2_880_000, disclosedBits: 500_000, secretBits: 772_800, authenticationBits: 1536, usedBits: 0, aborts: 1, drops: 0,
  lastReason: undefined, storedKeys: 1234, peerStoredKeys: 987,
} as Partial<LinkStatus> as LinkStatus;
const aborted = { ...link, name: 'north-east', state: 'aborted', reason: 'QBER 26.1 % <b>is above</b> the limit' } as LinkStatus;
const status: SiteStatus = { site: 'north', kmeId: 'kme-north', pid: 1, randomness: { failure: undefined }, links: [link, aborted] };

describe('the view of a site', function () {
  this.timeout(300_000);
  let folder: string;
  let server: Server;
  let url: string;
  let looks = 0;

  before(async () => {
    chromium();
    folder = mkdtempSync(join(tmpdir(), 'epione-'));
    server = await startAdmin({ state: folder, adminPort: 0 } as SiteConfig, {}, viewPages(() => { looks++; return status; }));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });

  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  it('shows each link in a browser, looks again each second, and takes names as text', async () => {
    const page = await renderedPage(url, 3500);
    expect(page).contain('north (kme-north)').contain('2.48 % (limit 11 %)').contain('574.0 kb/s').contain('1234 out, 987 in').contain('10.0 dB');
    expect(page).match(/<section class="link" data-state="aborted" data-link="north-east">/);
    expect(page).contain('QBER 26.1 % &lt;b&gt;is above&lt;/b&gt; the limit');
    expect(page.match(/<polyline class="curve" points="[^"]+"/g)).length(2);
    expect(looks).greaterThan(2);
  });

  it('refuses a stranger\'s name for this address', async () => {
    const answer = await new Promise<number>((resolve, reject) => {
      request(url, { headers: { host: 'attacker.example' } }, (response) => { resolve(response.statusCode!); response.resume(); }).on('error', reject).end();
    });
    expect(answer).equal(401);
  });

  it('shows the same on a terminal', () => {
    const lines = statusLines(status, new Map([['north-south', [0.01, 0.05, 0.11]]])).join('\n');
    expect(lines).contain('north-south (alice) idle, QBER 2.48 %, 574 kb/s, 1234 keys out, 987 in, 3 blocks').contain('QBER ▁▄█ limit 11.0 %').contain('aborted: QBER 26.1 %');
  });
});
