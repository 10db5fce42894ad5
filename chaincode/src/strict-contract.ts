/** What all contracts share: unknown transactions are refused, errors leave as `CODE: sentence`, answers are canonical. */
import { Context, Contract } from 'fabric-contract-api';
import { canonicalText, CodedError, decodeCanonical, parse, type Json } from '@epione/protocol';

type Around = Parameters<Contract['aroundTransaction']>[1];
type Parser = Parameters<typeof parse>[0];

export class StrictContract extends Contract {
  /** Gives each error one text that the SDK turns back into its code; what has no code is logged here and not echoed. */
  override async aroundTransaction(ctx: Context, fn: Around, parameters: unknown): Promise<void> {
    try {
      // eslint-disable-next-line @typescript-eslint/no-confusing-void-expression -- the type says void, but the transaction's answer passes through here
      return await super.aroundTransaction(ctx, fn, parameters);
    } catch (cause) {
      if (cause instanceof CodedError) throw new Error(`${cause.code}: ${cause.message}`, { cause });
      ctx.logging.getLogger(this.getName()).error(String(cause instanceof Error ? cause.stack : cause));
      throw new Error('UNAVAILABLE: the chaincode could not carry out the transaction', { cause });
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the API wants a promise
  override async unknownTransaction(ctx: Context): Promise<void> {
    const { fcn } = ctx.stub.getFunctionAndParameters();
    throw new Error(`BAD_FIELD: there is no transaction ${fcn}`);
  }
}

/** Reads the one canonical argument of a query. */
export const question = <T extends Parser>(schema: T, argument: string): ReturnType<typeof parse<T>> => parse(schema, decodeCanonical(Buffer.from(argument)), 'query');

/** A canonical answer. */
export const answer = (value: object): string => canonicalText(value as Json);
