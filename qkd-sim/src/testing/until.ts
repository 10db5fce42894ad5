/** Waiting, in the tests of this package, for what another process does. */
import { setTimeout as pause } from 'node:timers/promises';

/** Tries until there is a result, for a minute at least. @throws Error naming what did not come */
export const until = async <T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> => {
  for (let i = 0; i < 600; i++) {
    const result = await attempt().catch(() => undefined);
    if (result !== undefined) return result;
    await pause(100);
  }
  throw new Error(`${what} did not come`);
};
