/** What all answers of an examination together show. */
import { errorSchema } from '../messages.js';
import type { Bench } from './bench.js';
import { conforms, deviates, unclear, type Outcome, type Probe } from './probe.js';

const isJson = (contentType = ''): boolean => /^application\/json\b/i.test(contentType);
/** The client reads any `details`; here they are what the standard says. */
const isError = (json: unknown): boolean => {
  const { data } = errorSchema.safeParse(json);
  return data !== undefined && (data.details ?? []).every((entry) => typeof entry === 'object' && entry !== null && !Array.isArray(entry));
};
const listed = (parts: readonly string[]): string => [...new Set(parts)].join(', ');

/** They come last. */
export const answerProbes: readonly Probe[] = [
  {
    name: 'status codes', clause: 'tables 4, 6, 8', expectation: 'no other than 200, 400, 401, 503', depth: 'status',
    run: ({ replies }: Bench): Outcome => {
      if (replies.length === 0) return unclear('no answers');
      const others = replies.filter(({ reply }) => ![200, 400, 401, 503].includes(reply.status));
      return others.length === 0 ? conforms(listed(replies.map(({ reply }) => String(reply.status)).toSorted())) : deviates(listed(others.map(({ asked, reply }) => `${reply.status} to ${asked}`)));
    },
  },
  {
    name: 'error format', clause: '6.5', expectation: '400 and 503 carry message, and details only as an array of objects', depth: 'status',
    run: ({ replies }: Bench): Outcome => {
      const errors = replies.filter(({ reply }) => [400, 503].includes(reply.status));
      const faulty = errors.filter(({ reply }) => !isError(reply.json));
      if (errors.length === 0) return unclear('no errors');
      return faulty.length === 0 ? conforms(`${errors.length} of ${errors.length}`) : deviates(`not so: ${listed(faulty.map(({ asked, reply }) => `${reply.status} to ${asked}`))}`);
    },
  },
  {
    name: 'content type', clause: '5.1', expectation: 'application/json wherever there is a body', depth: 'status',
    run: ({ replies }: Bench): Outcome => {
      const bodies = replies.filter(({ reply }) => reply.size > 0);
      const others = bodies.filter(({ reply }) => !isJson(reply.contentType));
      if (bodies.length === 0) return unclear('no bodies');
      return others.length === 0 ? conforms(`${bodies.length} of ${bodies.length}`) : deviates(`${others.length} of ${bodies.length} have another`);
    },
  },
];
