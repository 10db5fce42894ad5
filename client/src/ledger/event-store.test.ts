/** An effect happens once for each announcement: after throws, with two consumers, and however often the consumer is killed. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { announcementOf, eventsAfter, startGateway, type Behaviour } from '../testing/gateway-server.js';
import type { LedgerEvent } from './events.js';
import { consume, EventStore, type EventFeed } from './event-store.js';

/** Blocks of three transactions. */
const history = Array.from({ length: 200 }, (_, at) => ({ block: 1 + Math.floor(at / 3), txId: `tx-${at}` }));

/** A peer that breaks off after so many announcements. */
const breaking = (after: number): Behaviour => ({ events: (request) => eventsAfter(history, request).slice(0, after) });

const eventOf = (at: number): LedgerEvent => {
  const { block = 0, txId = '' } = history[at] ?? {};
  return { announcements: [announcementOf(block)], block, txId, position: { block, txId } };
};

/** A channel with these announcements behind any place, for whoever asks. */
const source = (count: number, channel = 'epione'): EventFeed => ({
  channel,
  async *events({ from }) {
    const seen = history.findIndex(({ txId }) => txId === from?.txId);
    for (let at = seen + 1; at < count; at++) yield await Promise.resolve(eventOf(at));
  },
});

const message = async (action: Promise<unknown>): Promise<string> => action.then(() => 'done', (error: unknown) => (error as Error).message);

/** Kills the consumer with SIGKILL once it has written so many marks, or lets it reach the end of the history. */
async function runUntil(marks: number, file: string, endpoints: readonly string[]): Promise<number> {
  const script = fileURLToPath(new URL('../testing/event-consumer.js', import.meta.url));
  const child = spawn(process.execPath, ['--no-warnings', script, file, history.at(-1)?.txId ?? '', ...endpoints], { stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.length;
    if (seen >= marks) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  return seen;
}

describe('EventStore', () => {
  let folder = '';
  let file = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'event-store-'));
    file = join(folder, 'events.db');
  });
  afterEach(async () => { await rm(folder, { recursive: true }); });

  it('goes on behind the last effect that was kept', async () => {
    const seen: string[] = [];
    {
      using store = new EventStore(file);
      await consume(source(4), store, (_, { txId }) => seen.push(txId));
      expect(store.position).to.deep.equal({ block: 2, txId: 'tx-3' });
    }
    using store = new EventStore(file);
    await consume(source(6), store, (_, { txId }) => seen.push(txId));
    expect(seen).to.deep.equal(history.slice(0, 6).map(({ txId }) => txId));
  });

  it('keeps nothing of an effect that throws, and gives the event again', async () => {
    using store = new EventStore(file);
    store.database.exec('CREATE TABLE kept (tx_id TEXT) STRICT');
    let broken = true;
    const effect = (database: DatabaseSync, { txId }: LedgerEvent): void => {
      database.prepare('INSERT INTO kept VALUES (?)').run(txId);
      if (txId === 'tx-2' && broken) throw new Error('no space');
    };
    expect(await message(consume(source(5), store, effect))).to.equal('no space');
    expect(store.position?.txId).to.equal('tx-1');
    broken = false;
    await consume(source(5), store, effect);
    expect(store.database.prepare('SELECT tx_id FROM kept').all().map((row) => row['tx_id'])).to.deep.equal(['tx-0', 'tx-1', 'tx-2', 'tx-3', 'tx-4']);
  });

  it('fixes where it begins before the first event', async () => {
    using store = new EventStore(file);
    await consume(source(0), store, () => undefined, { from: { block: 9 } });
    await consume(source(0), store, () => undefined, { from: { block: 50 } });
    expect(store.position).to.deep.equal({ block: 9 });
  });

  it('refuses asynchronous effects, other channels and a second mover', async () => {
    using store = new EventStore(file);
    expect(await message(consume(source(1), store, () => Promise.resolve()))).to.include('synchronous');
    expect(await message(consume(source(1, 'other'), store, () => undefined))).to.equal('the event store belongs to channel epione, not other');
    using second = new EventStore(file);
    second.take(eventOf(0), { block: 0 }, () => undefined);
    expect(() => { store.take(eventOf(0), { block: 0 }, () => undefined); }).to.throw('moved by somebody else');
  });

  it('shares a database of the caller, one place a consumer', async () => {
    using database = new DatabaseSync(':memory:');
    const [one, other] = [new EventStore(database, 'one'), new EventStore(database, 'other')];
    await consume(source(2), one, () => undefined);
    await consume(source(5), other, () => undefined);
    expect([one.position?.txId, other.position?.txId]).to.deep.equal(['tx-1', 'tx-4']);
    one[Symbol.dispose]();
    expect(database.isOpen).to.equal(true);
  });

  it('has each effect once and in order, over gateways that break off and a consumer that is killed again and again', async function () {
    // Some eight processes, one after the other.
    this.timeout(180_000);
    await using first = await startGateway(breaking(40));
    await using second = await startGateway(breaking(25));
    let kills = 0;
    const rows = (sql: string): Record<string, unknown>[] => {
      using database = new DatabaseSync(file);
      return database.prepare(sql).all();
    };
    for (let done = 0; done < history.length; kills++) {
      // 1 to 61 effects further, so that the kill meets every part of a block, a stream and a transaction.
      await runUntil(1 + (kills * 29) % 61, file, [first.endpoint, second.endpoint]);
      done = rows('SELECT tx_id FROM log').length;
      expect(rows('SELECT events FROM tally')).to.deep.equal([{ events: done }]);
    }
    expect(rows('SELECT tx_id FROM log ORDER BY place').map((row) => row['tx_id'])).to.deep.equal(history.map(({ txId }) => txId));
    expect(kills).to.be.greaterThan(4);
  });
});
