/** One question to a server about one sentence of the standard, and what its answer can mean. */
import type { Bench, Reply } from './bench.js';
import { errorSchema } from '../messages.js';

export type Verdict = 'conforms' | 'deviates' | 'could not tell';

/** What a probe found, for people. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly found: string;
}

/** How far a probe goes: it asks for the status; it also sends faulty requests and tries to connect without right; it also takes keys. */
export const depths = ['status', 'requests', 'keys'] as const;
export type Depth = (typeof depths)[number];

export interface Probe {
  readonly name: string;
  /** Of ETSI GS QKD 014 V1.1.1. */
  readonly clause: string;
  readonly expectation: string;
  readonly depth: Depth;
  /** @throws Unanswered, which is no verdict on the server. */
  readonly run: (bench: Bench) => Promise<Outcome> | Outcome;
}

export const conforms = (found: string): Outcome => ({ verdict: 'conforms', found });
export const deviates = (found: string): Outcome => ({ verdict: 'deviates', found });
export const unclear = (found: string): Outcome => ({ verdict: 'could not tell', found });

/** Status and message, as short as they can be told. */
export function told({ status, json }: Reply): string {
  const message = errorSchema.safeParse(json).data?.message;
  return message === undefined ? String(status) : `${status} "${message.slice(0, 100)}"`;
}

/** The answer a faulty request must have: 400, with the message where one is prescribed. */
export function judge400(reply: Reply, message?: string): Outcome {
  if (reply.status === 503) return unclear(told(reply));
  if (reply.status !== 400) return deviates(reply.status === 200 ? '200: accepted' : told(reply));
  const said = errorSchema.safeParse(reply.json).data?.message;
  return message === undefined || said === message ? conforms(told(reply)) : deviates(told(reply));
}

/** One outcome of several: the worst, with what led to it. */
export function worst(outcomes: readonly (readonly [what: string, outcome: Outcome])[]): Outcome {
  const at = (verdict: Verdict): string => outcomes.filter(([, outcome]) => outcome.verdict === verdict).map(([what, { found }]) => `${what}: ${found}`).join('; ');
  if (at('deviates') !== '') return deviates(at('deviates'));
  return at('could not tell') === '' ? conforms(outcomes.map(([what, { found }]) => `${what}: ${found}`).join('; ')) : unclear(at('could not tell'));
}
