/** Telling what happens: one line an event for people on a terminal, JSON lines for everybody else; never keys, rows or tensors. */
import type { Json } from '@epione/protocol';

/** What may be said about an event: IDs, digests, counts, codes. */
export type Facts = Readonly<Record<string, Json | undefined>>;

/** Receives one event. */
export type Report = (event: string, facts?: Facts) => void;

const shown = (value: Json): string => (typeof value === 'string' ? value.replace(/^(sha(?:256|512):[0-9a-f]{12})[0-9a-f]+$/, '$1…') : JSON.stringify(value));

/**
 * Writes events to a stream such as stderr.
 * @param forPeople words instead of JSON.
 * @param fixed facts that stand in every JSON line, such as the MSP ID.
 * @param now ms since 1970 UTC.
 */
export function reportTo(stream: { write: (text: string) => unknown }, forPeople: boolean, fixed: Facts, now: () => number): Report {
  return (event, facts = {}) => {
    const time = new Date(now()).toISOString();
    if (!forPeople) {
      stream.write(`${JSON.stringify({ time, event, ...fixed, ...facts })}\n`);
      return;
    }
    const details = Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${shown(value)}`]));
    stream.write(`${time.slice(11, 19)}  ${event}${details.length > 0 ? `: ${details.join(', ')}` : ''}\n`);
  };
}

/** Passes an event on unless the last one of its name said the same: waiting is told once, not at every look. */
export function withoutRepeats(report: Report): Report {
  const last = new Map<string, string>();
  return (event, facts = {}) => {
    const said = JSON.stringify(facts);
    if (last.get(event) === said) return;
    last.set(event, said);
    report(event, facts);
  };
}
