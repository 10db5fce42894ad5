/** A process that consumes a channel's announcements into a log and can be killed at any moment: `node event-consumer.js DATABASE LAST ENDPOINT...`; it ends by itself behind transaction LAST. */
import { argv, stdout } from 'node:process';
import { consume, EventStore } from '../ledger/event-store.js';
import { ledgerOver } from '../ledger/ledger.js';
import { submitterOver } from './gateway-server.js';

const [, , database = '', last = '', ...endpoints] = argv;
const end = new AbortController();
using ledger = ledgerOver(submitterOver(endpoints));
using store = new EventStore(database);
store.database.exec('CREATE TABLE IF NOT EXISTS log (place INTEGER PRIMARY KEY AUTOINCREMENT, tx_id TEXT) STRICT');
store.database.exec('CREATE TABLE IF NOT EXISTS tally (events INTEGER) STRICT; INSERT INTO tally SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM tally)');
await consume(ledger, store, (opened, { txId }) => {
  opened.prepare('INSERT INTO log (tx_id) VALUES (?)').run(txId);
  // The parent may kill from here on: between two writes of one effect, and between effect and place.
  stdout.write('.');
  opened.exec('UPDATE tally SET events = events + 1');
  if (txId === last) end.abort();
}, { signal: end.signal });
