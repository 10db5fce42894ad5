/** A world state in memory for unit tests: reads are versioned, writes are invisible until commit, and commit checks the read set as Fabric does. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Context } from 'fabric-contract-api';

interface Version {
  readonly value: Uint8Array;
  readonly version: number;
}

/** What one simulated transaction read and wrote. */
export interface Simulation {
  readonly answer: string;
  readonly reads: ReadonlyMap<string, number>;
  readonly writes: ReadonlyMap<string, Uint8Array>;
  readonly event: string | undefined;
}

/** Who calls, as a certificate would say it. */
export interface Caller {
  readonly mspId: string;
  readonly role?: string;
  /** Organization whose certificate is shown; the caller's own by default. */
  readonly certificateOf?: string;
}

/** The PEM certificate of an organization of the fixtures. */
export const certificateOf = (organization: string): Buffer => readFileSync(join(__dirname, '..', '..', 'fixtures', `${organization}.pem`));

type Transaction = (ctx: Context) => Promise<string>;

export class MemoryLedger {
  readonly #state = new Map<string, Version>();
  #transactions = 0;
  /** ms since 1970 UTC of the next transaction. */
  now = 1_800_000_000_000;

  /** Runs a transaction without committing it. */
  async simulate(caller: Caller, transaction: Transaction): Promise<Simulation> {
    const reads = new Map<string, number>();
    const writes = new Map<string, Uint8Array>();
    let event: string | undefined;
    this.#transactions += 1;
    const txId = createHash('sha256').update(String(this.#transactions)).digest('hex');
    const now = this.now;
    const entries = (prefix: string): [string, Version][] => [...this.#state].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
    const compositeKey = (kind: string, parts: string[]): string => `\u0000${[kind, ...parts].join('\u0000')}\u0000`;
    const iterate = async function* (rows: [string, Version][]): AsyncGenerator<{ key: string; value: Uint8Array }> {
      for (const [key, { value }] of rows) yield await Promise.resolve({ key, value });
    };
    const stub = {
      createCompositeKey: compositeKey,
      getState: (key: string) => {
        const found = this.#state.get(key);
        reads.set(key, found?.version ?? 0);
        return Promise.resolve(found?.value ?? new Uint8Array());
      },
      putState: (key: string, value: Uint8Array) => {
        writes.set(key, value);
        return Promise.resolve();
      },
      getStateByPartialCompositeKey: (kind: string, parts: string[]) => iterate(entries(compositeKey(kind, parts))),
      getStateByPartialCompositeKeyWithPagination: (kind: string, parts: string[], size: number, bookmark: string) => {
        const rows = entries(compositeKey(kind, parts)).filter(([key]) => key >= bookmark);
        const iterator = Object.assign(iterate(rows.slice(0, size)), { close: () => Promise.resolve() });
        return Promise.resolve({ iterator, metadata: { fetchedRecordsCount: Math.min(size, rows.length), bookmark: rows[size]?.[0] ?? '' } });
      },
      getChannelID: () => 'epione',
      getTxID: () => txId,
      getDateTimestamp: () => new Date(now),
      setEvent: (name: string) => {
        event = name;
      },
    };
    const clientIdentity = {
      getMSPID: () => caller.mspId,
      getAttributeValue: (name: string) => (name === 'role' ? (caller.role ?? 'worker') : null),
      getIDBytes: () => certificateOf(caller.certificateOf ?? caller.mspId),
    };
    const answer = await transaction({ stub, clientIdentity } as unknown as Context);
    return { answer, reads, writes, event };
  }

  /** Applies a simulation if nothing that it read has changed since; tells whether it did (else MVCC_READ_CONFLICT). */
  commit(simulation: Simulation): boolean {
    for (const [key, version] of simulation.reads) if ((this.#state.get(key)?.version ?? 0) !== version) return false;
    for (const [key, value] of simulation.writes) this.#state.set(key, { value, version: (this.#state.get(key)?.version ?? 0) + 1 });
    return true;
  }

  /** Simulates and commits; a transaction takes 10 ms. */
  async run(caller: Caller, transaction: Transaction): Promise<string> {
    const simulation = await this.simulate(caller, transaction);
    if (!this.commit(simulation)) throw new Error('MVCC_READ_CONFLICT');
    this.now += 10;
    return simulation.answer;
  }
}
