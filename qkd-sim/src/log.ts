/** What a running site tells: one event a line on stderr, as JSON for machines, as text on a terminal. */

/** Tells an event with numbers, IDs and reasons; never keys. */
export type Log = (event: string, fields?: Readonly<Record<string, string | number | boolean>>) => void;

/**
 * A log on a stream.
 * @param now the time in ms since 1970
 */
export const logTo = (stream: NodeJS.WriteStream, site: string, now: () => number): Log => (event, fields = {}) => {
  const time = new Date(now()).toISOString();
  if (stream.isTTY) {
    const details = Object.entries(fields).map(([name, value]) => `${name} ${value}`).join(', ');
    stream.write(`${time.slice(11, 19)} ${site} ${event}${details === '' ? '' : `: ${details}`}\n`);
  } else {
    stream.write(`${JSON.stringify({ time, site, event, ...fields })}\n`);
  }
};
