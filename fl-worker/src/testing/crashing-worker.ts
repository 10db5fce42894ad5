// A worker in a process of its own that kills itself at a named event; its ledger is the parent's, asked over the process channel.
import { CodedError, type Code, type Digest, type ParticipantRecord } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { takePart } from '../run.js';
import type { RoundLedger } from '../site/site.js';
import { openTestSite } from './consortium.js';

/** What the parent sends first. */
export interface Orders {
  readonly config: WorkerConfig;
  readonly record: ParticipantRecord;
  readonly digest: Digest;
  /** Event at which to die, in which round. */
  readonly dieAt?: { readonly event: string; readonly round: number };
}

/** The parent's answer to a question. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly fault?: { readonly code: Code; readonly message: string };
}

const waiting = new Map<number, (answer: Answer) => void>();
let serial = 0;

function ask(method: string, ...args: unknown[]): Promise<unknown> {
  const id = serial++;
  return new Promise((resolve, reject) => {
    waiting.set(id, ({ value, fault }) => {
      if (fault === undefined) resolve(value);
      else reject(new CodedError(fault.code, fault.message));
    });
    process.send?.({ id, method, args });
  });
}

/** Every method of the ledger asks the parent; events are left out, so that polling is tested too. */
const ledger = new Proxy({}, {
  get: (_, method) => (method === 'events' ? () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }) : (...args: unknown[]) => ask(String(method), ...args)),
}) as RoundLedger;

process.on('message', (message: Orders | Answer) => {
  if ('id' in message) {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
    return;
  }
  const { config, record, digest, dieAt } = message;
  const work = async (): Promise<void> => {
    const site = await openTestSite(config, ledger, record, (event, facts) => {
      process.send?.({ event, facts });
      if (event === dieAt?.event && facts?.['round'] === dieAt.round) process.kill(process.pid, 'SIGKILL');
    });
    const ending = await takePart(site, digest, { signal: new AbortController().signal, stopOnAbort: false });
    process.send?.({ ending }, () => { process.exit(0); });
  };
  work().catch((error: unknown) => {
    process.send?.({ failed: String(error) }, () => { process.exit(1); });
  });
});
