/** Calls of the chaincode that all contracts share: a signed statement that is sent, a question that is asked, a list that is read page by page. */
import { CodedError, decodeCanonical, encodeCanonical, statementDigest, type Code, type Json, type Mandate, type Signed, type StatementName, type Stored } from '@epione/protocol';
import { evaluate, submit, type Submitter, type Transient } from './submit.js';

/** A statement's place on the ledger. */
export interface Committed {
  /** Digest of the statement. */
  readonly digest: string;
  readonly txId: string;
  /** Absent when the statement was there already, from an earlier try whose answer was lost. */
  readonly block?: number;
}

/** A statement on its way, with what vouches for a record that succeeds another. */
export type SignedStatement = Signed<Json> & { readonly previousSignature?: string; readonly admission?: Mandate };

/** How else a statement may turn out to be on the ledger, and what travels beside it. */
export interface SendOptions {
  /** The code that says that a statement stands there already, and how to find it: with the same digest it is success, because an answer may have been lost. */
  readonly already?: { readonly code: Code; readonly find: () => Promise<Stored<Json> | undefined> };
  readonly transient?: Transient;
}

export class Calls {
  readonly #submitter: Submitter;

  constructor(submitter: Submitter) {
    this.#submitter = submitter;
  }

  /** Sends a signed statement and waits until it is committed. @throws CodedError as `submit`. */
  async send(transaction: string, name: StatementName, signed: SignedStatement, { already, transient }: SendOptions = {}): Promise<Committed> {
    const digest = statementDigest(name, signed.statement);
    try {
      const { txId, block } = await submit(this.#submitter, transaction, encodeCanonical({ ...signed }), transient);
      return { digest, txId, block };
    } catch (error) {
      if (already === undefined || !(error instanceof CodedError) || error.code !== already.code) throw error;
      const found = await already.find();
      if (found === undefined || statementDigest(name, found.statement) !== digest) throw error;
      return { digest, txId: found.txId };
    }
  }

  /** Asks a question. The answer's shape is the chaincode's word. */
  async ask<T>(query: string, parameters: Json): Promise<T> {
    return decodeCanonical(await evaluate(this.#submitter, this.#submitter.chaincode, query, encodeCanonical(parameters)), Infinity) as T;
  }

  /** All of a list that is answered in pages of 100. @param name of the list in the answer. */
  async askAll<T>(query: string, parameters: Readonly<Record<string, Json>>, name: string): Promise<T[]> {
    const all: T[] = [];
    for (let bookmark: string | undefined = ''; bookmark !== undefined; ) {
      const page: Record<string, T[]> & { bookmark?: string } = await this.ask(query, { ...parameters, pageSize: 100, ...(bookmark === '' ? {} : { bookmark }) });
      all.push(...(page[name] ?? []));
      bookmark = page.bookmark;
    }
    return all;
  }
}
