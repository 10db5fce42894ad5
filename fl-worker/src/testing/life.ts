/** Lives of a worker in a process of its own, each killed where a test wants it. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CodedError } from '@epione/protocol';
import type { Ending } from '../worker.js';
import type { TestConsortium } from './consortium.js';
import type { Orders } from './crashing-worker.js';
import type { TestLedger } from './round-ledger.js';

/** Where a life ends: at an event in a round, or once the ledger has a statement and before its answer arrives. */
export type Death = NonNullable<Orders['dieAt']> | 'submit' | 'attest';

/** One life of a member's worker: until it dies where told, or ends. @param submitted is given every submission that leaves it. */
export async function lifeOf(mspId: string, house: TestConsortium, ledger: TestLedger, death: Death | undefined, submitted: string[]): Promise<Ending | 'killed'> {
  const child = fork(fileURLToPath(new URL('crashing-worker.js', import.meta.url)));
  const orders: Orders = { ...house.of(mspId), digest: house.digest, ...(typeof death === 'object' ? { dieAt: death } : {}) };
  child.send(orders);
  let ending: Ending | undefined;
  let failed: string | undefined;
  child.on('message', (message: { id: number; method: keyof TestLedger; args: unknown[]; ending?: Ending; failed?: string }) => {
    ending ??= message.ending;
    failed ??= message.failed;
    if (typeof message.method !== 'string') return;
    if (message.method === 'submit') submitted.push(JSON.stringify(message.args));
    const call = (ledger[message.method] as (...args: unknown[]) => Promise<unknown>).apply(ledger, message.args);
    call.then(
      (value) => {
        if (message.method === death) child.kill('SIGKILL');
        else if (child.connected) child.send({ id: message.id, value });
      },
      (error: unknown) => {
        const { code, message: text } = error as CodedError;
        if (child.connected) child.send({ id: message.id, fault: { code, message: text } });
      },
    );
  });
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_code, by) => { resolve(by); }));
  if (failed !== undefined) throw new Error(`the worker failed: ${failed}`);
  if (signal === 'SIGKILL') return 'killed';
  if (ending === undefined) throw new Error(`the worker of ${mspId} ended without a word`);
  return ending;
}
