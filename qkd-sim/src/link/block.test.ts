/** Both halves of a block against each other, over a channel that can be tampered with. */
import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { duplexPair, type Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { reconciliationNames } from '../distillation/reconciliation.js';
import type { Detections } from '../distillation/sifting.js';
import { QkdError } from '../error.js';
import { type Eve, noEve } from '../optics/eve.js';
import { Optics } from '../optics/optics.js';
import { entangledMetro } from '../profiles/entangled-metro.js';
import { metro } from '../profiles/metro.js';
import type { Profile } from '../profiles/profile.js';
import { RandomNumbers, seededRandom } from '../random.js';
import { BlockStore, FLOOR_ATTEMPTS, INITIAL_KEY_BYTES, blockPlace } from '../store/block-store.js';
import { openDatabase } from '../store/database.js';
import { Vault } from '../store/vault.js';
import { ATTEMPT_BYTES } from '../distillation/authentication.js';
import { makeBlock } from './alice.js';
import { type BlockFailed, type BlockMade, blockFailure } from './block.js';
import { followBlock } from './bob.js';
import { ClassicalChannel } from './classical-channel.js';
import { BATCH_CLICKS, settingsOf } from './quantum-channel.js';

/** A short link whose bound is still positive for 64,000 sifted bits: half of the clicks check, and there is little noise. */
const profile: Profile = {
  ...metro, name: 'test', lossDb: 0, deadGates: 0, afterpulse: 0, misalignment: 0.01, keyBasisProbability: 0.5,
  intensities: [0.5, 0.1, 1e-4], intensityProbabilities: [0.4, 0.4, 0.2], frameBits: 2000, groups: 1,
};
const vault = new Vault(new Uint8Array(32));
const HEADER = 5;

/** Changes messages on their way; gets type and payload. */
type Tamper = (type: number, payload: Buffer) => void;

/** Passes frames on, one by one. */
const relay = (from: Duplex, to: Duplex, tamper: Tamper): void => {
  let pending = Buffer.alloc(0);
  from.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= HEADER && pending.length >= HEADER + pending.readUInt32BE()) {
      const frame = Buffer.from(pending.subarray(0, HEADER + pending.readUInt32BE()));
      pending = pending.subarray(frame.length);
      tamper(frame[4]!, frame.subarray(HEADER));
      to.write(frame);
    }
  });
  from.on('end', () => { to.end(); });
};

/** Two ends with stores of their own. */
class Ends {
  readonly databases: readonly [DatabaseSync, DatabaseSync] = [openDatabase(':memory:'), openDatabase(':memory:')];
  readonly stores: readonly [BlockStore, BlockStore];
  readonly #optics: Optics;
  readonly #profiles: readonly [Profile, Profile];
  /** What Alice's monitor of incoming light reads. */
  leakedBitsPerPulse = 0;
  readonly #random = seededRandom(new Uint8Array(32).fill(9));

  constructor(eve: Eve = noEve, keys: readonly [number, number] = [1, 1], profiles: readonly [Profile, Profile] = [profile, profile]) {
    this.#profiles = profiles;
    const folder = mkdtempSync(join(tmpdir(), 'epione-'));
    const store = (end: 0 | 1): BlockStore => {
      const file = join(folder, `${end}.key`);
      writeFileSync(file, new Uint8Array(INITIAL_KEY_BYTES).fill(keys[end]));
      const made = new BlockStore(this.databases[end], vault, 'a-b', end === 0 ? 'alice' : 'bob');
      made.importInitialKey(file);
      expect(existsSync(file)).equal(false);
      return made;
    };
    this.stores = [store(0), store(1)];
    rmSync(folder, { recursive: true });
    this.#optics = new Optics(profiles[0], new RandomNumbers(seededRandom(new Uint8Array(32).fill(8))), eve);
  }

  async block(tamperUp: Tamper = () => undefined, tamperDown: Tamper = () => undefined): Promise<(BlockMade | BlockFailed)[]> {
    const [aliceSide, up] = duplexPair();
    const [down, bobSide] = duplexPair();
    relay(up, down, tamperUp);
    relay(down, up, tamperDown);
    const channels = [new ClassicalChannel(aliceSide), new ClassicalChannel(bobSide)] as const;
    const seen: Detections[] = [];
    const alice = makeBlock({
      profile: this.#profiles[0], channel: channels[0], store: this.stores[0], random: this.#random,
      nextBatch: async () => {
        const batch = this.#optics.next(BATCH_CLICKS);
        seen.push({ gaps: batch.gaps, gates: batch.gates });
        return Promise.resolve({ settings: settingsOf(batch), leakedBitsPerPulse: this.leakedBitsPerPulse });
      },
    }, 'both');
    const bob = followBlock({
      profile: this.#profiles[1], channel: channels[1], store: this.stores[1], random: this.#random,
      nextDetections: async () => Promise.resolve(seen.shift()!),
    }, () => undefined);
    const ended = await Promise.all([alice, bob].map(async (end, index) => end.catch((thrown: unknown) => blockFailure(channels[index]!, thrown))));
    for (const channel of channels) channel.close();
    return ended;
  }

  /** The blocks that an end has kept. */
  kept(end: 0 | 1): { number: number; secret: Uint8Array; confirmation: Uint8Array }[] {
    return this.databases[end].prepare('SELECT number, secret.bytes AS secret, confirmation FROM block JOIN secret ON block = number ORDER BY number').all().map((row) => {
      const number = row['number'] as number;
      return { number, secret: vault.open(row['secret'] as Uint8Array, blockPlace('a-b', number)), confirmation: row['confirmation'] as Uint8Array };
    });
  }
}

describe('block', function () {
  this.timeout(120_000);

  it('gives both ends the same secret key, block after block', async () => {
    const ends = new Ends();
    for (const number of [0, 1]) {
      const [alice, bob] = await ends.block();
      expect(alice).deep.include({ number }).and.deep.equal(bob);
      expect((alice as BlockMade).keyBytes * 8).within(8000, 15_000);
      // n = 64,000, five standard deviations about 1 %: a false alarm in 10^6.
      expect((alice as BlockMade).stats.qber).within(0.008, 0.012);
    }
    expect(ends.kept(0)).deep.equal(ends.kept(1));
    const [first, second] = ends.kept(0);
    expect(first!.secret.subarray(0, 1000)).not.deep.equal(second!.secret.subarray(0, 1000));
    for (const store of ends.stores) expect(store.padBytes()).equal(INITIAL_KEY_BYTES - 2 * ATTEMPT_BYTES);
  });

  for (const variant of reconciliationNames.filter((name) => name !== 'option3')) {
    it(`gives both ends the same secret key when they reconcile by ${variant}`, async () => {
      const ends = new Ends(noEve, [1, 1], [{ ...profile, reconciliation: variant }, { ...profile, reconciliation: variant }]);
      // BICONF and option 2 leave errors in one block of ten or so, the original in one of four; verification finds them.
      const blocks = [await ends.block(), await ends.block(), await ends.block()];
      for (const [alice, bob] of blocks) {
        if ('stats' in alice!) expect(alice).deep.equal(bob);
        else expect(alice).property('message', 'errors are left after reconciliation');
      }
      expect(ends.kept(0).length).least(['original', 'biconf', 'option2'].includes(variant) ? 1 : 3);
      expect(ends.kept(0)).deep.equal(ends.kept(1));
    });
  }

  it('makes no key when the ends reconcile in different ways', async () => {
    for (const end of await new Ends(noEve, [1, 1], [profile, { ...profile, reconciliation: 'option7' }]).block()) {
      expect(end).have.property('message', 'the ends reconcile in different ways: option7 and option3');
    }
  });

  const pairs: Profile = { ...entangledMetro, name: 'test-pairs', lossDb: 0, aliceLossDb: 0, detectorEfficiency: 0.8, meanPairs: 0.02, keyBasisProbability: 0.6, frameBits: 2000 };

  it('gives both ends the same key from entangled pairs, and how entangled they are', async () => {
    const ends = new Ends(noEve, [1, 1], [pairs, pairs]);
    const [alice, bob] = await ends.block();
    expect(alice).deep.equal(bob);
    const { keyBytes, stats } = alice as BlockMade;
    // Misalignment 1 %, and about as much from gates with two pairs; S has a deviation of 0.02.
    expect(stats.qber).within(0.01, 0.025);
    expect(stats.chsh).within(2.6, 2.83);
    expect(keyBytes * 8).within(20_000, 50_000);
    expect(ends.kept(0)).deep.equal(ends.kept(1));
  });

  it('refuses pairs that Eve has measured, because of their errors or of Bell\'s inequality', async () => {
    const eve: Eve = { attack: 'intercept-resend', fraction: 1 };
    const [byErrors] = await new Ends(eve, [1, 1], [pairs, pairs]).block();
    expect(byErrors).deep.include({ kind: 'abort' }).and.property('message').match(/^QBER/);
    const careless = { ...pairs, maxQber: 0.25, misalignment: 0, meanPairs: 1e-3 };
    for (const end of await new Ends({ ...eve, fraction: 0.9 }, [1, 1], [careless, careless]).block()) {
      expect(end).deep.include({ kind: 'abort', message: "Bell's inequality holds: the photons are not entangled" });
    }
  });

  it('makes nothing when the ends differ in a number of their profile', async () => {
    const [, bob] = await new Ends(noEve, [1, 1], [profile, { ...profile, correctnessEpsilon: 1e-12 }]).block();
    expect(bob).deep.include({ kind: 'drop' }).and.property('message').match(/different profiles: test:\w{16} and test:\w{16}$/);
  });

  // Which byte of which message is changed; a message without payload can only be left out, which is silence.
  const types = ['start', 'ready', 'pulses', 'detections', 'kept', 'estimate', 'parities', 'differences', 'verify', 'verified', 'amplify', 'tag'];
  // What is found before the tag looks like an error of the line and drops the block; the tag itself stops the link, and so
  // does a shifted key, which Cascade mends and then has counted too many errors.
  for (const [name, place, kind] of [
    ['detections', 0, 'abort'], ['kept', 9, 'abort'], ['parities', 3, 'drop'], ['differences', 5, 'drop'], ['verify', 20, 'drop'], ['amplify', 0, 'abort'], ['amplify', 5000, 'abort'],
  ] as const) {
    it(`makes no key when ${name} was changed at ${place}`, async () => {
      const ends = new Ends();
      let changed = 0;
      const tamper: Tamper = (type, payload) => { if (types[type] === name && changed++ === 0) payload[place]! ^= 1; };
      const ended = await ends.block(tamper, tamper);
      expect(changed).above(0);
      expect(ended[0]).have.property('kind', kind);
      expect(ends.kept(0)).deep.equal([]);
      // What Bob said is under the last tag of all: he may keep a block that the key servers will drop.
      const number = ends.kept(1).length;
      expect(number).most(name === 'detections' || name === 'differences' ? 1 : 0);
      const [alice, bob] = await ends.block();
      expect(alice).deep.equal(bob).and.have.property('number', number);
      expect(ends.kept(0)).deep.equal(ends.kept(1).slice(number));
    });
  }

  it('keeps nothing at Alice when Bob\'s tag was changed, and goes on with another number', async () => {
    const ends = new Ends();
    const ended = await ends.block(undefined, (type, payload) => { if (types[type] === 'tag') payload[0]! ^= 1; });
    expect((ended[0] as BlockFailed).message).match(/tampered/);
    expect([ends.kept(0).length, ends.kept(1).length]).deep.equal([0, 1]);
    const [alice] = await ends.block();
    expect(alice).have.property('number', 1);
    expect(ends.kept(0)).deep.equal(ends.kept(1).slice(1));
  });

  it('keeps nothing when the ends do not share the initial key', async () => {
    const ends = new Ends(noEve, [1, 2]);
    const ended = await ends.block();
    expect((ended[1] as BlockFailed).message).match(/tampered/);
    expect([ends.kept(0), ends.kept(1)]).deep.equal([[], []]);
  });

  it('aborts at both ends when Eve intercepts half of the pulses', async () => {
    const ends = new Ends({ attack: 'intercept-resend', fraction: 0.5 });
    for (const end of await ends.block()) {
      expect(end).have.property('kind', 'abort');
      expect((end as BlockFailed).message).match(/^QBER 0\.1\d+ is above 0\.11$/);
      expect((end as BlockFailed).qber).within(0.11, 0.16);
    }
    // No tag was sent, so no pad was used.
    expect(ends.stores[0].padBytes()).equal(INITIAL_KEY_BYTES);
  });

  it('aborts for want of a secret key before the QBER limit is reached', async () => {
    const ends = new Ends({ attack: 'intercept-resend', fraction: 0.15 });
    for (const end of await ends.block()) {
      expect(end).have.property('kind', 'abort');
      expect((end as BlockFailed).message).match(/^no secret key can be distilled at QBER 0\.0[45]/);
    }
  });

  it('aborts when the detectors are blind, though errors and counts are as ever', async () => {
    for (const end of await new Ends({ attack: 'blinding' }).block()) {
      expect(end).have.property('kind', 'abort');
      expect((end as BlockFailed).message).match(/^the receiver's click monitor: 0 double clicks in the key basis where \d+ were expected$/);
    }
  });

  it('takes what leaked from Alice\'s device off the key, and aborts when nothing is left', async () => {
    const keyBits = async (leakedBitsPerPulse: number): Promise<BlockMade | BlockFailed> => {
      const ends = new Ends();
      ends.leakedBitsPerPulse = leakedBitsPerPulse;
      const [alice, bob] = await ends.block();
      expect(alice).deep.equal(bob);
      return alice!;
    };
    const [clean, probed] = [await keyBits(0), await keyBits(0.05)] as BlockMade[];
    // The same seed: 5 % of 64,000 bits are 400 bytes.
    expect(clean!.keyBytes - probed!.keyBytes).equal(400);
    expect(probed!.stats.leakedBits).equal(3200);
    const open = await keyBits(0.5);
    expect(open).have.property('kind', 'abort');
    expect((open as BlockFailed).message).match(/32000 leaked from Alice's device/);
  });

  it('skips pads that one end has used, and refuses a gap that no crash can make', async () => {
    const ends = new Ends();
    ends.stores[1].takePads(0);
    expect((await ends.block())[0]).have.property('number', 0);
    expect(ends.stores.map((store) => store.next().attempt)).deep.equal([2, 2]);
    for (const attempt of [2, 3]) ends.stores[0].takePads(attempt);
    for (const end of await ends.block()) expect((end as BlockFailed).message).match(/disagree on the authentication key/);
  });

  it('never gives the same pads twice and says when they are used up', () => {
    const [store] = new Ends().stores;
    const once = store.takePads(0);
    expect(once.length).equal(ATTEMPT_BYTES);
    store.takePads(11);
    expect(store.padBytes()).equal(FLOOR_ATTEMPTS * ATTEMPT_BYTES);
    expect(() => store.takePads(12)).throw(QkdError, 'floor of 4 blocks').property('code', 'PADS');
    for (let attempt = 12; attempt < 16; attempt++) {
      store.allowAttempt();
      store.takePads(attempt);
      expect(() => { store.checkPads(attempt + 1); }).throw(QkdError).property('code', 'PADS');
    }
    store.allowAttempt();
    expect(() => store.takePads(16)).throw(QkdError, 'used up');
  });
});
