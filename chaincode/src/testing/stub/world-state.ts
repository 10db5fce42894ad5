/** What a channel's peers hold: versioned public state, hashes of private data, the members' private values, and history. */

/** The place of the transaction that last wrote a key. */
export interface Version {
  readonly block: number;
  readonly tx: number;
}

/** A value with its version and its key-level endorsement policy, if it has one. */
export interface Versioned {
  readonly value: Uint8Array;
  readonly version: Version;
  readonly policy?: Uint8Array | undefined;
}

/** One change of a key, as getHistoryForKey gives it. */
export interface Modification {
  readonly txId: string;
  readonly value: Uint8Array;
  readonly isDelete: boolean;
  /** ms since 1970 UTC. */
  readonly time: number;
}

export const sameVersion = (one: Version | undefined, other: Version | undefined): boolean => one?.block === other?.block && one?.tx === other?.tx;

/** Order of keys on a peer: that of their UTF-8 bytes, which differs from JavaScript's beyond the basic plane. */
export const compareKeys = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

/** Whether a key stands from `start` on and before `end`; an empty end is the end of the state. */
export function within(start: string, end: string): (key: string) => boolean {
  const [from, to] = [Buffer.from(start), Buffer.from(end)];
  return (key) => {
    const bytes = Buffer.from(key);
    return Buffer.compare(bytes, from) >= 0 && (to.length === 0 || Buffer.compare(bytes, to) < 0);
  };
}

/** Versioned values under keys. */
export class Space {
  readonly #entries = new Map<string, Versioned>();

  get(key: string): Versioned | undefined {
    return this.#entries.get(key);
  }

  /** Sets a value, or deletes it where it is undefined. */
  set(key: string, value: Versioned | undefined): void {
    if (value === undefined) this.#entries.delete(key);
    else this.#entries.set(key, value);
  }

  /** Entries whose keys are wanted, in the order of keys. */
  select(wanted: (key: string) => boolean): [string, Versioned][] {
    return [...this.#entries].filter(([key]) => wanted(key)).sort(([one], [other]) => compareKeys(one, other));
  }

  /** Keys last written in a block. */
  writtenIn(block: number): string[] {
    return [...this.#entries].filter(([, { version }]) => version.block === block).map(([key]) => key);
  }
}

export class WorldState {
  readonly #spaces = new Map<string, Space>();
  readonly #history = new Map<string, Modification[]>();

  #space(name: string): Space {
    const found = this.#spaces.get(name) ?? new Space();
    this.#spaces.set(name, found);
    return found;
  }

  /** The public state, or what every peer holds of a collection: the hash of each value. */
  shared(collection = ''): Space {
    return this.#space(collection);
  }

  /** What the peer of an organization holds of a collection's values. */
  private(mspId: string, collection: string): Space {
    return this.#space(JSON.stringify([mspId, collection]));
  }

  remember(key: string, modification: Modification): void {
    this.#history.set(key, [modification, ...(this.#history.get(key) ?? [])]);
  }

  /** The changes of a key, newest first. */
  history(key: string): readonly Modification[] {
    return this.#history.get(key) ?? [];
  }
}
