// Repetition by a clock of the test's own: delays, jitter, the server's wish, the deadline.
import { expect } from 'chai';
import { EtsiQkd014Error } from './error.js';
import { delayMs, retryAfter, retrying } from './retry.js';

const busy = (retryAfterMs?: number): EtsiQkd014Error => new EtsiQkd014Error('UNAVAILABLE', 'busy', retryAfterMs === undefined ? {} : { server: { retryAfterMs } });

/** Runs with errors in turn, then success. @returns the pauses made, and the outcome. */
async function run(errors: EtsiQkd014Error[], { attempts = 10, deadlineMs = 60_000, random = 0 } = {}): Promise<{ pauses: number[]; outcome: unknown }> {
  const pauses: number[] = [];
  let time = 0;
  const pause = (ms: number): Promise<void> => {
    pauses.push(ms);
    time += ms;
    return Promise.resolve();
  };
  const call = (): Promise<string> => {
    const error = errors.shift();
    return error === undefined ? Promise.resolve('done') : Promise.reject(error);
  };
  const outcome = await retrying({ attempts, deadlineMs, random: () => random, elapsed: () => time, pause }, call, ({ code }) => code === 'UNAVAILABLE').catch((error: unknown) => error);
  return { pauses, outcome };
}

describe('repetition', () => {
  it('doubles its delays up to five seconds, with jitter from half to all', async () => {
    expect((await run(Array.from({ length: 8 }, () => busy()))).pauses).deep.equal([50, 100, 200, 400, 800, 1600, 2500, 2500]);
    expect([delayMs(1, () => 0), delayMs(1, () => 0.5), delayMs(20, () => 1)]).deep.equal([50, 75, 5000]);
  });

  it('waits as long as the server asks, unless that is past the deadline', async () => {
    expect(await run([busy(3000)])).deep.equal({ pauses: [3000], outcome: 'done' });
    expect(await run([busy(10)])).deep.equal({ pauses: [50], outcome: 'done' });
    const late = busy(60_000);
    expect(await run([late])).deep.equal({ pauses: [], outcome: late });
  });

  it('ends at the deadline, after the attempts, and at once where repetition is not safe', async () => {
    const errors = Array.from({ length: 8 }, () => busy());
    const fourth = errors[3];
    expect(await run(errors, { deadlineMs: 700 })).deep.equal({ pauses: [50, 100, 200], outcome: fourth });
    expect((await run([busy(), busy(), busy()], { attempts: 2 })).pauses).deep.equal([50]);
    const unsafe = new EtsiQkd014Error('KEYS_MAY_BE_LOST', 'cut');
    expect(await run([unsafe])).deep.equal({ pauses: [], outcome: unsafe });
  });

  it('reads Retry-After as seconds and as a date', () => {
    const now = Date.parse('2026-11-21T18:00:00Z');
    expect([retryAfter('3', now), retryAfter('Sat, 21 Nov 2026 18:00:05 GMT', now), retryAfter('Sat, 21 Nov 2026 17:00:00 GMT', now), retryAfter('soon', now), retryAfter(undefined, now)]).deep.equal([3000, 5000, 0, undefined, undefined]);
  });
});
