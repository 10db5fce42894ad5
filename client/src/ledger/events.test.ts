/** The stream of announcements goes on where it was when a gateway is lost. */
import { expect } from 'chai';
import { announcementOf, eventsAfter, startGateway, submitterOver, type Behaviour } from '../testing/gateway-server.js';
import { events, type EventPosition, type LedgerEvent } from './events.js';

/** The channel's announcements: two transactions a block. */
const history = [3, 4, 5, 6].flatMap((block) => [1, 2].map((n) => ({ block, txId: `tx-${block}-${n}` })));

/** A peer that breaks off after so many announcements, or gives none of its own. */
const breaking = (after: number): Behaviour => ({ events: (request) => eventsAfter(history, request).slice(0, after) });

async function read(endpoints: readonly string[], count: number, from: EventPosition): Promise<LedgerEvent[]> {
  using submitter = submitterOver(endpoints);
  const abort = new AbortController();
  const seen: LedgerEvent[] = [];
  for await (const event of events(submitter, { from, signal: abort.signal })) {
    seen.push(event);
    if (seen.length === count) abort.abort();
  }
  return seen;
}

describe('events', () => {
  it('gives each announcement once, over gateways that break off', async () => {
    await using first = await startGateway(breaking(3));
    await using second = await startGateway(breaking(2));
    const seen = await read([first.endpoint, 'localhost:1', second.endpoint], history.length, { block: 0 });
    expect(seen.map((event) => event.txId)).to.deep.equal(history.map((entry) => entry.txId));
    expect(seen[2]).to.deep.equal({ announcements: [announcementOf(4)], block: 4, txId: 'tx-4-1', position: { block: 4, txId: 'tx-4-1' } });
    expect(first.calls.ChaincodeEvents + second.calls.ChaincodeEvents).to.be.greaterThan(2);
  });

  it('resumes behind the position it is given', async () => {
    await using server = await startGateway(breaking(100));
    const seen = await read([server.endpoint], 3, { block: 5, txId: 'tx-5-1' });
    expect(seen.map((event) => event.txId)).to.deep.equal(['tx-5-2', 'tx-6-1', 'tx-6-2']);
  });
});
