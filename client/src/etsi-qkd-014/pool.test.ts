// The pool watch: levels, changes, a server that goes and comes back, and ends.
import { expect } from 'chai';
import { EtsiQkd014Error } from './error.js';
import type { KmeStatus } from './messages.js';
import { watchPool, type PoolReading } from './pool.js';

const stored = (count: number): KmeStatus => ({
  source_KME_ID: 'kme-a', target_KME_ID: 'kme-b', master_SAE_ID: 'sae-a', slave_SAE_ID: 'sae-b', key_size: 256, stored_key_count: count,
  max_key_count: 100, max_key_per_request: 8, max_key_size: 1024, min_key_size: 64, max_SAE_ID_count: 0,
});

/** Statuses one after the other, then an endless wait for the signal. */
const client = (...found: (number | EtsiQkd014Error)[]): { status: () => Promise<KmeStatus> } => ({
  status: () => {
    const next = found.shift();
    return typeof next === 'number' ? Promise.resolve(stored(next)) : Promise.reject(next ?? new Error('asked too often'));
  },
});

describe('watching a pool', () => {
  it('tells levels and their changes, and outlives a server that is away', async () => {
    const readings: PoolReading[] = [];
    const away = new EtsiQkd014Error('UNAVAILABLE', 'away');
    for await (const reading of watchPool(client(10, 9, 3, away, away, 4), 'sae-b', { lowWater: 5, everyMs: 1 })) {
      if (readings.push(reading) === 6) break;
    }
    expect(readings.map(({ level, changed }) => [level, changed])).deep.equal([['enough', true], ['enough', false], ['low', true], ['unavailable', true], ['unavailable', false], ['low', true]]);
    expect(readings[2]!.status?.stored_key_count).equal(3);
    expect(readings[3]!.fault).equal(away);
  });

  it('ends by its signal, also while it waits, and by a fault that waiting does not mend', async () => {
    const stop = new AbortController();
    const levels: string[] = [];
    for await (const { level } of watchPool(client(1), 'sae-b', { lowWater: 5, everyMs: 3_600_000, signal: stop.signal })) {
      levels.push(level);
      setImmediate(() => { stop.abort(); });
    }
    expect(levels).deep.equal(['low']);
    const refused = new EtsiQkd014Error('NOT_ENTITLED', 'no');
    const thrown = await watchPool(client(refused), 'sae-b', { lowWater: 5 }).next().catch((error: unknown) => error);
    expect(thrown).equal(refused);
  });
});
