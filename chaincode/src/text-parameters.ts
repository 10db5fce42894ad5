/** Gives transactions their texts as they are: for each one Fabric's library looks its schema up by its text, and writes log lines that nobody will see. */
import DataMarshall from 'fabric-shim/lib/contract-spi/datamarshall.js';

/** A parameter as the contract's metadata have it. */
interface Parameter {
  readonly schema: Readonly<Record<string, unknown>>;
}

/** The library's reader of a transaction's arguments. */
export interface Marshall {
  handleParameters: (this: Marshall, transaction: { readonly parameters?: readonly Parameter[] }, given: readonly Uint8Array[], logPrefix: string) => unknown[];
}

const isText = ({ schema }: Parameter): boolean => schema['type'] === 'string' && Object.keys(schema).length === 1;

/** Lets texts pass that may be any text. Everything else, a wrong number of them too, goes the library's way. To be called once, before the chaincode is served. */
export function passTexts(): void {
  const prototype = DataMarshall.prototype as Marshall;
  const { handleParameters } = prototype;
  prototype.handleParameters = function (transaction, given, logPrefix) {
    const { parameters } = transaction;
    if (parameters?.length === given.length && parameters.every(isText)) return given.map(String);
    return handleParameters.call(this, transaction, given, logPrefix);
  };
}
