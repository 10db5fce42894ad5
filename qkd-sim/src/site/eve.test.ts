/** Eve on a real link between two sites as processes: each attack stops the keys for its own reason, and ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type SiteConfig, readSiteConfig } from '../config.js';
import type { LinkStatus } from '../kme/link-status.js';
import type { Eve } from '../optics/eve.js';
import { FLOOR_ATTEMPTS } from '../store/block-store.js';
import { type Reply, Sae } from '../testing/sae.js';
import { TestAuthority } from '../testing/test-authority.js';
import { askAdmin } from './admin.js';
import type { SiteStatus } from './site-status.js';
import { type WrittenSite, writeSiteConfigs } from './topology.js';
import { until } from '../testing/until.js';

const bin = fileURLToPath(new URL('../../bin/qkd-sim.mjs', import.meta.url));

/** A running site with its one application. */
interface Side {
  readonly written: WrittenSite;
  readonly config: SiteConfig;
  readonly sae: Sae;
  readonly peerSae: string;
  process: ChildProcess;
}

describe('eve on a link', function () {
  this.timeout(180_000);

  const folder = mkdtempSync(join(tmpdir(), 'epione-'));
  const sides: Side[] = [];
  const run = (site: WrittenSite): ChildProcess => spawn(process.execPath, [bin, 'run', '--config', site.configFile], { stdio: 'ignore' });
  const stop = async ({ process: child }: Side): Promise<void> => {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  };
  const end = (index: 0 | 1): Side => sides[index]!;
  const ask = async ({ written, sae, peerSae }: Side, action: string): Promise<Reply> => sae.call(`${written.url}/api/v1/keys/${peerSae}/${action}`);
  const status = async ({ config }: Side): Promise<LinkStatus> => ((await askAdmin(config, 'status')) as SiteStatus).links[0]!;
  const metric = async ({ config }: Side, name: string): Promise<number> => {
    const { port } = JSON.parse(readFileSync(join(config.state, 'admin.json'), 'utf8')) as { port: number };
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(new RegExp(`^epione_qkd_${name}(?:\\{[^}]*\\})? (.*)$`, 'm').exec(page)?.[1]);
  };
  const attack = async (eve: Eve): Promise<unknown> => askAdmin(end(0).config, 'eve', { link: 'a-b', eve });
  const keysAgain = async (): Promise<unknown> => until('keys at both ends', async () => {
    const replies = await Promise.all(sides.map(async (side) => ask(side, 'enc_keys')));
    return replies.every(({ status: code }) => code === 200) ? true : undefined;
  });
  /** What each end answers to its application when neither gives a key. */
  const refusals = async (): Promise<string[]> => until('a refusal at both ends', async () => {
    const replies = await Promise.all(sides.map(async (side) => ask(side, 'enc_keys')));
    const refused = replies.every(({ status: code, body }) => code === 503 && body.message?.includes('aborted'));
    return refused ? replies.map(({ body }) => body.message!) : undefined;
  });

  before(async () => {
    const authority = await TestAuthority.create(join(folder, 'pki'), Date.now());
    const sites = await Promise.all(['a', 'b'].map(async (site) => ({ site, kmeId: `kme-${site}`, saeIds: [`sae-${site}`], tls: await authority.issue(`kme-${site}`) })));
    const written = await writeSiteConfigs({ sites, profile: 'metro-10dB-short', refillBelowKeys: 40 }, folder);
    for (const [index, site] of written.entries()) {
      const own = site.saeIds[0]!;
      sides.push({ written: site, config: readSiteConfig(site.configFile), sae: new Sae(await authority.issue(own)), peerSae: index === 0 ? 'sae-b' : 'sae-a', process: run(site) });
    }
    await keysAgain();
  });

  after(async () => {
    for (const side of sides) side.sae.close();
    await Promise.all(sides.map(stop));
    rmSync(folder, { recursive: true });
  });

  afterEach(async () => { await attack({ attack: 'off' }); });

  it('keeps a floor of the authentication key until the operator says that a link may try again', async () => {
    // First of all, while the link has made few blocks and so has little key. Each tampered block burns the pads of one attempt at both ends.
    await until('the floor', async () => {
      await attack({ attack: 'tamper', message: 'amplify' });
      const { aborts } = await status(end(0));
      return until('another abort', async () => status(end(0)).then((now) => (now.aborts > aborts ? { floor: now.reason?.includes('floor') } : undefined)))
        .then(({ floor }) => (floor === true ? true : undefined));
    });
    expect((await status(end(0))).attemptsLeft).equal(FLOOR_ATTEMPTS);
    expect(await metric(end(0), 'authentication_attempts')).equal(FLOOR_ATTEMPTS);
    await attack({ attack: 'off' });
    await pause(2000);
    expect((await status(end(0))).reason).match(/at its floor of 4 blocks/);
    for (const side of [end(1), end(0)]) await askAdmin(side.config, 'resume', { link: 'a-b' });
    await keysAgain();
    // One attempt was used, and the head of the block brought two.
    expect((await status(end(0))).attemptsLeft).above(FLOOR_ATTEMPTS);
  });

  // A block has 320,000 sifted bits and some 526,000 clicks; of these about 200 fire both detectors in the key basis.
  const cases: readonly [eve: Eve, reason: RegExp][] = [
    [{ attack: 'intercept-resend', fraction: 0.6 }, /QBER 0\.1\d+ is above 0\.11$/],
    [{ attack: 'photon-number-splitting', fraction: 1, fiberLossDb: 0 }, /no secret key can be distilled at QBER 0\.02\d+ \(-\d+ bits\)$/],
    [{ attack: 'blinding' }, /the receiver's click monitor: \d double clicks in the key basis where \d+ were expected$/],
    [{ attack: 'trojan-horse', bitsPerPulse: 0.5 }, /no secret key can be distilled at QBER 0\.02\d+ \(-\d+ bits, 160000 leaked from Alice's device\)$/],
    [{ attack: 'tamper', message: 'amplify' }, /the tag of the classical channel is wrong: it was tampered with$/],
    [{ attack: 'tamper', message: 'estimate' }, /the classical channel was tampered with: /],
    [{ attack: 'replay', message: 'tag' }, /the tag of the classical channel is wrong: it was tampered with$/],
  ];
  for (const [eve, reason] of cases) {
    it(`stops the keys, says why, and gives them again after ${eve.attack}${'message' in eve ? ` of ${eve.message}` : ''}`, async () => {
      // A block that is under way would be hers in part only.
      const before = await until('an idle link', async () => status(end(0)).then((link) => (link.state === 'idle' ? link : undefined)));
      await attack(eve);
      for (const message of await refusals()) expect(message).match(reason);
      for (const side of sides) {
        const link = await status(side);
        expect(link).deep.include({ state: 'aborted', health: 'failed' });
        expect(link.reason).match(reason);
        expect([await metric(side, 'link_up'), await metric(side, 'link_health')]).deep.equal([0, 0]);
        const { body } = await ask(side, 'status');
        expect(body['status_extension']).deep.include({ epione_health: 'failed' });
      }
      const during = await status(end(0));
      expect(during.eve).deep.equal(eve);
      expect(during.aborts).above(before.aborts);
      await attack({ attack: 'off' });
      await keysAgain();
      expect((await status(end(0))).reason).equal(undefined);
    });
  }

  it('books a little that leaks, and goes on', async () => {
    const before = await status(end(0));
    await attack({ attack: 'trojan-horse', bitsPerPulse: 0.02 });
    const link = await until('a booked block', async () => status(end(0)).then((now) => (now.leakedBits > before.leakedBits ? now : undefined)));
    expect(link.leakedBits - before.leakedBits).equal(6400);
    expect(link.health).equal('ok');
    await attack({ attack: 'off' });
  });

  it('gives out no key at all from when a random source fails until the site is restarted', async () => {
    const made = await ask(end(1), 'enc_keys');
    const id = made.body.keys![0]!.key_ID;
    await askAdmin(end(0).config, 'randomness', { fault: 'stuck' });
    await until('the failure', async () => ((await metric(end(0), 'random_source_up')) === 0 ? true : undefined));
    await askAdmin(end(0).config, 'randomness', { fault: 'none' });
    for (const action of ['enc_keys', `dec_keys?key_ID=${id}`]) {
      const { status: code, body } = await ask(end(0), action);
      expect([code, body.message]).deep.equal([503, 'the random source failed its repetition count test']);
    }
    expect((await ask(end(0), 'status')).body['status_extension']).deep.include({ epione_health: 'failed', epione_reason: 'the random source failed its repetition count test' });
    // The other end has nobody to give a key together with.
    expect((await ask(end(1), 'enc_keys')).status).equal(503);
    expect(await askAdmin(end(0).config, 'status')).property('randomness').deep.equal({ failure: 'the random source failed its repetition count test' });
    await stop(end(0));
    end(0).process = run(end(0).written);
    await keysAgain();
    // What was made before is still there.
    expect((await ask(end(0), `dec_keys?key_ID=${id}`)).body.keys![0]).deep.equal(made.body.keys![0]);
  });
});
