/** The iterators of queries: rows come from the peer in batches, and what a batch took counts as read. */

/** Rows in one message between a peer and a chaincode (core/chaincode/handler.go, MaxResultLimit). */
const batchRows = 100;

/** What the shim's iterators answer. */
export interface RowIterator<Row> {
  next(): Promise<{ done: boolean; value?: Row }>;
  close(): Promise<unknown>;
}

/**
 * Batches the rows of a peer's iterator.
 * @param pull the next row of the peer's iterator, undefined at its end; each call counts as a read.
 * @param limit rows after which the peer stops without asking its iterator again.
 * @param size rows of a batch; a page is one batch.
 */
export function batched<Row>(pull: () => Row | undefined, limit: number, size = batchRows): RowIterator<Row> {
  let batch: Row[] = [];
  let ahead: Row | undefined;
  let taken = 0;
  const fetch = (): void => {
    batch = ahead === undefined ? [] : [ahead];
    ahead = undefined;
    while (taken < limit) {
      const row = pull();
      if (row === undefined) return;
      taken += 1;
      // The peer learns that there is another batch by taking the first row of it.
      if (batch.length === size) {
        ahead = row;
        return;
      }
      batch.push(row);
    }
  };
  fetch();
  return {
    next: () => {
      if (batch.length === 0 && ahead !== undefined) fetch();
      const value = batch.shift();
      return Promise.resolve(value === undefined ? { done: true } : { done: false, value });
    },
    close: () => Promise.resolve({}),
  };
}
