/** The one place where answers of chaincode, gateway and transport become the protocol's coded errors. */
import { CommitError, EndorseError, GatewayError, StatusCode, type ErrorDetail } from '@hyperledger/fabric-gateway';
import { CodedError, isCode, type Code } from '@epione/protocol';

/** What the caller gave cannot be used: a file, an option, an argument. Exit code 2 on a command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** gRPC status codes that tell of the caller's rights (grpc/grpc doc/statuscodes.md). */
const denied = new Set([7, 16]);

const flatten = (detail: ErrorDetail): string => [detail.mspId, detail.address, detail.message].filter((part) => part !== '').join(' ');

/** `CODE: sentence` behind Fabric's own words. */
function coded(text: string): { code: Code; sentence: string } | undefined {
  for (const match of text.matchAll(/\b([A-Z][A-Z_]+): /g)) {
    const code = match[1] ?? '';
    if (isCode(code)) return { code, sentence: text.slice(match.index + match[0].length) };
  }
  return undefined;
}

/** What a chaincode said stands in the details, after `chaincode response 500, `; other texts are the peer's own. */
function chaincodeAnswer(error: GatewayError): { code: Code; sentence: string } | undefined {
  const answers = error.details.map((detail) => detail.message).filter((text) => text.includes('chaincode response'));
  return answers.map(coded).find((answer) => answer !== undefined);
}

const refusals = /access denied|creator org|identity expired|creator is malformed/;

/** Trouble on the way, which another gateway may not have; every other code is the ledger's own answer. */
export const isTrouble = (error: CodedError): boolean => error.code === 'UNAVAILABLE';

/**
 * The first endorser said yes and another no, or their answers differ: some peers have not yet seen the latest block.
 * The same statement is endorsed once they have.
 */
export const isDisagreement = (error: unknown): boolean =>
  error instanceof EndorseError && error.message.includes('failed to collect enough transaction endorsements');

/** The peers agreed to endorse, but not on what: one has another state for now, or runs another chaincode under the same name. */
export const isMismatch = (error: unknown): boolean =>
  isDisagreement(error) && (error as EndorseError).details.some(({ message }) => message.includes('ProposalResponsePayloads do not match'));

/** A transaction that changed what another one had read; a new one may succeed. */
export const conflicts: ReadonlySet<number> = new Set([StatusCode.MVCC_READ_CONFLICT, StatusCode.PHANTOM_READ_CONFLICT]);

/** Fabric's name of a validation code. */
export const statusName = (code: number): string => Object.entries(StatusCode).find(([, value]) => value === code)?.[0] ?? `code ${code}`;

/** Where on its way a transaction was when an error came. */
export interface TransactionFault {
  readonly step: 'endorse' | 'submit' | 'commitStatus' | 'commit';
  readonly txId: string;
}

/** By name: the library exports `SubmitError` as a type only, so that `instanceof` is not to be had for all of them. */
const steps: Readonly<Record<string, TransactionFault['step']>> = { EndorseError: 'endorse', SubmitError: 'submit', CommitStatusError: 'commitStatus', CommitError: 'commit' };

/** Which transaction an error is about, found behind any number of causes; undefined when it is about none. */
export function transactionOf(error: unknown): TransactionFault | undefined {
  if (!(error instanceof Error)) return undefined;
  const step = steps[error.name];
  if (step !== undefined && 'transactionId' in error && typeof error.transactionId === 'string') return { step, txId: error.transactionId };
  return transactionOf(error.cause);
}

/** Everything that was said: the error's own words, its transaction, and each peer's address and words. */
function textOf(error: GatewayError): string {
  const fault = transactionOf(error);
  return [error.message, ...(fault === undefined ? [] : [`transaction ${fault.txId}`]), ...error.details.map(flatten)].join('; ');
}

/** Several gateways failed: their common code, if they have one, and all their words. */
function together(error: AggregateError): CodedError {
  const all = error.errors.map(toCodedError);
  const [first] = all;
  const code = first !== undefined && all.every((one) => one.code === first.code) ? first.code : 'UNAVAILABLE';
  return new CodedError(code, `${error.message}: ${all.map((one) => one.message).join(' | ')}`, { cause: error });
}

/**
 * Turns what the gateway library threw into a `CodedError`: the chaincode's own code, NOT_AUTHORISED for refused certificates,
 * CONFLICT where endorsers saw different states or another writer was first, else UNAVAILABLE. Addresses and MSP IDs of all
 * details stand in the message; the cause is the library's error.
 */
export function toCodedError(error: unknown): CodedError {
  if (error instanceof CodedError) return error as CodedError;
  if (error instanceof AggregateError) return together(error);
  if (error instanceof CommitError) {
    return new CodedError(conflicts.has(error.code) ? 'CONFLICT' : 'UNAVAILABLE', `the ledger refused transaction ${error.transactionId}: ${statusName(error.code)}`, { cause: error });
  }
  if (!(error instanceof GatewayError)) return new CodedError('UNAVAILABLE', error instanceof Error ? error.message : String(error), { cause: error });
  const answer = chaincodeAnswer(error);
  if (answer !== undefined) return new CodedError(answer.code, answer.sentence, { cause: error });
  const text = textOf(error);
  if (denied.has(error.code) || refusals.test(text)) return new CodedError('NOT_AUTHORISED', text, { cause: error });
  if (isMismatch(error)) return new CodedError('CONFLICT', text, { cause: error });
  return new CodedError('UNAVAILABLE', text, { cause: error });
}
