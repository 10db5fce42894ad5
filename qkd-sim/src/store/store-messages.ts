/** What the key server and the thread of its store say to each other. */
import type { KeyStore, LinkView } from './key-store.js';

/** What the thread starts with. */
export interface StoreData {
  readonly databaseFile: string;
  /** 32 bytes. */
  readonly storeKey: Uint8Array;
  /** Names of the links of the site. */
  readonly links: readonly string[];
}

export type Operation = Exclude<keyof KeyStore, 'view'>;

/** One operation with its arguments. */
export interface Call {
  readonly operation: Operation;
  readonly args: readonly unknown[];
}

/** Operations that become one transaction. */
export type Batch = readonly Call[];

/** What came of one operation. */
export type Outcome = { readonly result: unknown } | { readonly fault: string };

/** What came of a batch, in its order, and how the links are afterwards, in theirs. The first report has no outcomes. */
export interface StoreReport {
  readonly outcomes: readonly Outcome[];
  readonly views: readonly LinkView[];
  /** Why the thread's random source gives nothing any more. */
  readonly sourceFailure: string | undefined;
}
