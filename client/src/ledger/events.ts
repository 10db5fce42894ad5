/** What the chaincode announces, as an endless iterable that goes on by itself when a gateway is lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaincodeEvent, CloseableAsyncIterable } from '@hyperledger/fabric-gateway';
import { CodedError, readAnnouncements, type Announcement } from '@epione/protocol';
import { isTrouble, toCodedError } from './faults.js';
import { height } from './blocks.js';
import { pauseMs, type Submitter } from './submit.js';

/** A place in the channel's history: everything up to this transaction of this block has been seen. */
export interface EventPosition {
  readonly block: number;
  /** Absent: nothing of the block has been seen. */
  readonly txId?: string;
}

/** What a valid transaction announces. A hint to look at the state, which alone counts. */
export interface LedgerEvent {
  /** One or more; what another version of the chaincode announces in other words is left out. */
  readonly announcements: readonly Announcement[];
  readonly block: number;
  readonly txId: string;
  /** To be kept by a reader and given as `from` when it starts again. */
  readonly position: EventPosition;
}

export interface EventOptions {
  /** Where to go on; from the next block when absent. */
  readonly from?: EventPosition;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
}

// An event that cannot be read must not end the stream: it is a hint, and the next one may be read.
function announced(payload: Uint8Array): readonly Announcement[] {
  try {
    return readAnnouncements(payload);
  } catch (error) {
    if (error instanceof CodedError) return [];
    throw error;
  }
}

function toEvent(event: ChaincodeEvent): LedgerEvent {
  const block = Number(event.blockNumber);
  return { announcements: announced(event.payload), block, txId: event.transactionId, position: { block, txId: event.transactionId } };
}

/**
 * Announcements in the order of the ledger, each once. A lost gateway is replaced by the next one at the place reached.
 * @throws CodedError NOT_AUTHORISED and other answers of the ledger; trouble on the way never ends the iteration.
 */
export async function* events(submitter: Submitter, options: EventOptions): AsyncGenerator<LedgerEvent, void, undefined> {
  const { signal } = options;
  const ended = (): boolean => signal?.aborted ?? false;
  let position = options.from;
  for (let failures = 0; !ended(); failures++) {
    const connection = submitter.gateways.order()[0];
    if (connection === undefined) return;
    let stream: CloseableAsyncIterable<ChaincodeEvent> | undefined;
    const close = (): void => stream?.close();
    signal?.addEventListener('abort', close);
    try {
      // From now on: fixed once, so that nothing is missed when the first gateway is lost before anything came.
      position ??= { block: await height(submitter) };
      const { block, txId } = position;
      const checkpoint = { getBlockNumber: () => BigInt(block), getTransactionId: () => txId };
      stream = await connection.gateway.getNetwork(submitter.channel).getChaincodeEvents(submitter.chaincode, { checkpoint });
      for await (const event of stream) {
        failures = 0;
        const found = toEvent(event);
        yield found;
        position = found.position;
      }
    } catch (error) {
      const coded = toCodedError(error);
      if (!isTrouble(coded)) throw coded;
      submitter.gateways.failed(connection);
    } finally {
      signal?.removeEventListener('abort', close);
      stream?.close();
    }
    if (!ended()) await sleep(pauseMs(failures, submitter.random), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}
