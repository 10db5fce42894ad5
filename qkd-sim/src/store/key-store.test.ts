/** Two key servers' stores with a network between them that loses messages wherever a crash could. */
import type { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import fc from 'fast-check';
import { randomBytesOf, seededRandom, systemRandom } from '../random.js';
import { BlockStore, RESERVED_BYTES, type Split, padsPlace } from './block-store.js';
import { openDatabase } from './database.js';
import { type Allocated, type Allocation, KeyStore } from './key-store.js';
import type { DeliveredKey } from './keys.js';
import { Vault } from './vault.js';

const LINK = 'a-b';
const BLOCK_BYTES = RESERVED_BYTES + 20 * 32;

/** One end of the link. */
interface Site {
  readonly database: DatabaseSync;
  readonly blocks: BlockStore;
  keys: KeyStore;
  readonly sae: string;
}

const site = (role: 'alice' | 'bob', sae: string): Site => {
  const database = openDatabase(':memory:');
  const vault = new Vault(new Uint8Array(32).fill(1));
  database.prepare('INSERT INTO link (name, pads) VALUES (?, ?)').run(LINK, vault.seal(new Uint8Array(64), padsPlace(LINK)));
  return { database, blocks: new BlockStore(database, vault, LINK, role), keys: new KeyStore(database, vault, systemRandom), sae };
};

class Pair {
  readonly alice = site('alice', 'sae-a');
  readonly bob = site('bob', 'sae-b');
  readonly #random = seededRandom(new Uint8Array(32).fill(3));
  #number = 0;

  /** A block that both ends have deposited, or only one. */
  deposit(ends: readonly Site[] = [this.alice, this.bob], split: Split = 'both'): number {
    const number = this.#number++;
    const secret = randomBytesOf(this.#random, BLOCK_BYTES);
    const stats = { siftedBits: 1000, disclosedBits: 100, leakedBits: 0, qber: 0.02, linkSeconds: 1, epsilon: 1e-10 };
    for (const end of ends) end.blocks.deposit(number, split, secret, stats);
    return number;
  }

  /** Alice's offers to Bob; the answer may be lost. */
  match(answered = true): void {
    const offers = this.alice.keys.offers(LINK);
    const same = this.bob.keys.compare(LINK, offers);
    if (answered) this.alice.keys.settle(LINK, offers.map(({ number }) => number), same);
  }

  /** One end tells the other how far it has come. */
  agree(end: Site): void {
    const mark = end.keys.mark(LINK);
    if (mark !== undefined) this.other(end).keys.takeMark(LINK, mark);
  }

  other(end: Site): Site {
    return end === this.alice ? this.bob : this.alice;
  }

  /** Takes keys out of a pool and tells no one; undefined when there are too few. */
  allocate(end: Site, request: Partial<Allocation> = {}): Allocated | undefined {
    const links = [{ link: LINK, slaves: [this.other(end).sae] }];
    const made = end.keys.allocate({ count: 1, bytes: 32, master: end.sae, slaves: [], links, ...request });
    return 'keys' in made ? made : undefined;
  }

  /** Gets keys at one end; undefined when there are none, or when the reservation was refused. */
  get(end: Site, count = 1, bytes = 32): DeliveredKey[] | undefined {
    const other = this.other(end);
    const made = this.allocate(end, { count, bytes });
    if (made === undefined || other.keys.reserve(LINK, made.reservations[0]!.places) !== undefined) return undefined;
    return [...made.keys];
  }
}

describe('key store', function () {
  this.timeout(120_000);

  it('delivers a key once at each end, and only to the SAE it was made for', () => {
    const pair = new Pair();
    pair.deposit();
    expect(pair.get(pair.alice)).equal(undefined);
    pair.match();
    const [key] = pair.get(pair.alice)!;
    expect(pair.bob.keys.deliver('sae-a', 'sae-c', [key!.keyId])).equal('not entitled');
    expect(pair.bob.keys.deliver('sae-x', 'sae-b', [key!.keyId])).equal('unknown');
    expect(pair.bob.keys.deliver('sae-a', 'sae-b', [key!.keyId, '00000000-0000-4000-8000-000000000000'])).equal('unknown');
    const delivered = pair.bob.keys.deliver('sae-a', 'sae-b', [key!.keyId]) as DeliveredKey[];
    expect(Buffer.from(delivered[0]!.key)).deep.equal(Buffer.from(key!.key));
    expect(pair.bob.keys.deliver('sae-a', 'sae-b', [key!.keyId])).equal('unknown');
    expect(pair.alice.keys.deliver('sae-b', 'sae-a', [key!.keyId])).equal('not entitled');
  });

  it('cuts a block by halves, or gives it to the poorer pool', () => {
    for (const [split, out, incoming] of [['both', 320, 320], ['alice', 640, 0], ['bob', 0, 640]] as const) {
      const pair = new Pair();
      pair.deposit(undefined, split);
      pair.match();
      expect(pair.alice.keys.view(LINK).pool).deep.equal({ out, in: incoming });
      expect(pair.bob.keys.view(LINK).pool).deep.equal({ out: incoming, in: out });
    }
  });

  it('takes keys of any size from the oldest blocks, all or none', () => {
    const pair = new Pair();
    pair.deposit();
    pair.deposit();
    pair.match();
    expect(pair.get(pair.alice, 21)).equal(undefined);
    expect(pair.get(pair.alice, 12)!.length).equal(12);
    expect(pair.get(pair.alice, 1, 128)![0]!.key.length).equal(128);
    expect(pair.get(pair.alice, 5)).equal(undefined);
    expect(pair.get(pair.alice, 4)!.length).equal(4);
    expect(pair.alice.keys.view(LINK).pool).deep.equal({ out: 0, in: 640 });
    expect(pair.bob.keys.view(LINK).pool).deep.equal({ out: 640, in: 0 });
    expect(pair.alice.keys.view(LINK).counters.usedBits).equal(20 * 256);
    expect(pair.bob.keys.view(LINK).counters.usedBits).equal(20 * 256);
  });

  it('burns a rest that is too small, at both ends', () => {
    const pair = new Pair();
    pair.deposit();
    pair.deposit();
    pair.match();
    expect(pair.get(pair.alice, 1, 200)!.length).equal(1);
    // 120 bytes are left in the first block.
    expect(pair.get(pair.alice, 1, 128)!.length).equal(1);
    expect(pair.alice.keys.view(LINK).pool.out).equal(192);
    expect(pair.bob.keys.view(LINK).pool.in).equal(192);
  });

  it('agrees on marks after reservations that never arrived', () => {
    const pair = new Pair();
    pair.deposit();
    pair.deposit();
    pair.match();
    expect(pair.alice.keys.mark(LINK)).equal(undefined);
    pair.get(pair.alice, 2);
    pair.allocate(pair.alice, { count: 12 });
    expect(pair.bob.keys.view(LINK).pool.in).equal(640 - 64);
    const mark = pair.alice.keys.mark(LINK)!;
    expect(mark).deep.equal({ block: 1, used: RESERVED_BYTES + 4 * 32 });
    for (let twice = 0; twice < 2; twice++) pair.bob.keys.takeMark(LINK, mark);
    expect(pair.bob.keys.view(LINK).pool.in).equal(pair.alice.keys.view(LINK).pool.out);
    expect(pair.get(pair.alice, 6)!.length).equal(6);
    pair.bob.keys.takeMark(LINK, mark);
    expect(pair.bob.keys.view(LINK).pool.in).equal(0);
  });

  it('forgets the bytes of a used-up block, but not the keys that wait for their slave', () => {
    const pair = new Pair();
    pair.deposit();
    pair.match();
    const keys = pair.get(pair.alice, 10)!;
    pair.get(pair.bob, 10);
    for (const end of [pair.alice, pair.bob]) expect(end.database.prepare('SELECT * FROM secret').all()).deep.equal([]);
    const delivered = pair.bob.keys.deliver('sae-a', 'sae-b', keys.map(({ keyId }) => keyId)) as DeliveredKey[];
    expect(delivered.map(({ key }) => Buffer.from(key))).deep.equal(keys.map(({ key }) => Buffer.from(key)));
    expect(pair.bob.database.prepare('SELECT count(*) AS n FROM key WHERE secret IS NOT NULL AND start >= ?').get(RESERVED_BYTES)!['n']).equal(0);
  });

  it('drops what only one end has', () => {
    const pair = new Pair();
    const lost = pair.deposit([pair.bob]);
    const kept = pair.deposit();
    const alone = pair.deposit([pair.alice]);
    const fresh = pair.deposit([pair.bob]);
    pair.match();
    const states = (end: Site): unknown[] => end.database.prepare('SELECT number, state FROM block ORDER BY number').all().map((row) => [row['number'], row['state']]);
    expect(states(pair.bob)).deep.equal([[lost, 'dropped'], [kept, 'open'], [fresh, 'deposited']]);
    expect(states(pair.alice)).deep.equal([[kept, 'open'], [alone, 'dropped']]);
  });

  it('does not open a block whose bits differ', () => {
    const pair = new Pair();
    pair.deposit([pair.alice]);
    new BlockStore(pair.bob.database, new Vault(new Uint8Array(32).fill(1)), LINK, 'bob')
      .deposit(0, 'both', new Uint8Array(BLOCK_BYTES), { siftedBits: 1, disclosedBits: 1, leakedBits: 0, qber: 0, linkSeconds: 1, epsilon: 1e-10 });
    pair.match();
    expect(pair.alice.keys.view(LINK).pool).deep.equal({ out: 0, in: 0 });
    expect(pair.bob.keys.view(LINK).pool).deep.equal({ out: 0, in: 0 });
  });

  it('opens a block when the other end has, though its answer was lost', () => {
    const pair = new Pair();
    pair.deposit();
    pair.match(false);
    expect(pair.alice.keys.view(LINK).pool).deep.equal({ out: 0, in: 0 });
    expect(pair.get(pair.bob)!.length).equal(1);
    expect(pair.alice.keys.view(LINK).pool).deep.equal({ out: 320, in: 288 });
    pair.match();
    expect(pair.alice.keys.view(LINK).counters.blocks).equal(1);
    expect(pair.alice.blocks.padBytes()).equal(pair.bob.blocks.padBytes());
  });

  it('refuses a place, a block or a key_ID twice', () => {
    const pair = new Pair();
    pair.deposit();
    pair.match();
    const reservation = pair.allocate(pair.alice)!.reservations[0]!.places[0]!;
    expect(pair.bob.keys.reserve(LINK, [reservation])).equal(undefined);
    const fresh = '11111111-1111-4111-8111-111111111111';
    expect(pair.bob.keys.reserve(LINK, [reservation])).match(/is taken/);
    expect(pair.bob.keys.reserve(LINK, [{ ...reservation, keyId: fresh }])).match(/is taken/);
    expect(pair.bob.keys.reserve(LINK, [{ ...reservation, start: reservation.start + 32 }])).match(/is taken/);
    expect(pair.bob.keys.reserve(LINK, [{ ...reservation, keyId: fresh, block: 7 }])).match(/not open/);
    // The other half is Bob's own to give.
    expect(pair.bob.keys.reserve(LINK, [{ ...reservation, keyId: fresh, start: RESERVED_BYTES + 320 }])).match(/is taken/);
  });

  it('stops on an abort until a later block is made', () => {
    const pair = new Pair();
    pair.deposit();
    pair.alice.keys.abort(LINK, 'QBER 0.15 is above 0.11', 0.15);
    pair.match();
    expect(pair.alice.keys.view(LINK).counters).deep.include({ aborted: 'QBER 0.15 is above 0.11', aborts: 1 });
    pair.deposit();
    pair.match();
    expect(pair.alice.keys.view(LINK).counters).deep.include({ aborted: undefined, aborts: 1, qber: 0.02 });
  });

  it('does not open under another store key', () => {
    const pair = new Pair();
    pair.deposit();
    pair.match();
    const own = pair.alice.keys;
    const thief = new KeyStore(pair.alice.database, new Vault(new Uint8Array(32).fill(2)), systemRandom);
    pair.alice.keys = thief;
    expect(() => pair.allocate(pair.alice)).throw(/does not open/);
    pair.alice.keys = own;
    expect(pair.get(pair.alice)!.length).equal(1);
  });

  // What a crash does to a key server: memory is lost, and so is any message on the way.
  type Step = readonly ['deposit' | 'match' | 'matchLost' | 'get' | 'getLost' | 'getUnsent' | 'mark' | 'deliver' | 'crash', 0 | 1];
  const steps = fc.array(fc.tuple(
    fc.constantFrom<Step[0]>('deposit', 'match', 'matchLost', 'get', 'get', 'get', 'getLost', 'getUnsent', 'mark', 'deliver', 'deliver', 'crash'),
    fc.constantFrom<Step[1]>(0, 1),
  ), { maxLength: 60 });

  it('never doubles a key and never loses sync, whatever is lost when', () => {
    fc.assert(fc.property(steps, (course) => {
      const pair = new Pair();
      const sites = [pair.alice, pair.bob] as const;
      const given = new Map<string, { key: string; master: Site }>();
      const waiting: string[] = [];
      const deliver = (): void => {
        const keyId = waiting.shift();
        if (keyId === undefined) return;
        const { key, master } = given.get(keyId)!;
        const slave = pair.other(master);
        const [got] = slave.keys.deliver(master.sae, slave.sae, [keyId]) as DeliveredKey[];
        expect(Buffer.from(got!.key).toString('hex')).equal(key);
        expect(slave.keys.deliver(master.sae, slave.sae, [keyId])).equal('unknown');
      };
      const get = (end: Site, answered: boolean): void => {
        for (const { keyId, key } of pair.get(end, 2) ?? []) {
          expect(given.has(keyId)).equal(false);
          // The answer to the SAE may be lost; the key stays used.
          given.set(keyId, { key: Buffer.from(key).toString('hex'), master: end });
          if (answered) waiting.push(keyId);
        }
      };
      const moves: Record<Step[0], (end: Site) => unknown> = {
        deposit: (end) => pair.deposit(end === pair.alice ? sites : [pair.bob]),
        match: () => { pair.match(); },
        matchLost: () => { pair.match(false); },
        mark: (end) => { pair.agree(end); },
        crash: (end) => { end.keys = new KeyStore(end.database, new Vault(new Uint8Array(32).fill(1)), systemRandom); },
        get: (end) => { get(end, true); },
        getLost: (end) => { get(end, false); },
        getUnsent: (end) => pair.allocate(end, { count: 2 }),
        deliver,
      };
      for (const [step, index] of course) moves[step](sites[index]);
      const keys = [...given.values()].map(({ key }) => key);
      expect(new Set(keys).size).equal(keys.length);
      for (const end of sites) {
        const twice = end.database.prepare('SELECT count(*) AS n FROM key GROUP BY block, start HAVING n > 1').all();
        expect(twice).deep.equal([]);
      }
      // When the two ends have met again, they have the same pools.
      pair.match();
      for (const end of sites) pair.agree(end);
      for (const end of sites) expect(end.keys.view(LINK).pool.out).equal(pair.other(end).keys.view(LINK).pool.in);
    }), { numRuns: 100 });
  });
});
