/** The one place where answers of chaincode, gateway and transport become the protocol's coded errors. */
import { EndorseError, GatewayError, type ErrorDetail } from '@hyperledger/fabric-gateway';
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

/**
 * Turns what the gateway library threw into a `CodedError`: the chaincode's own code, NOT_AUTHORISED for refused certificates,
 * CONFLICT where endorsers saw different states, else UNAVAILABLE. Addresses and MSP IDs of all details stand in the message.
 */
export function toCodedError(error: unknown): CodedError {
  if (error instanceof CodedError) return error as CodedError;
  if (!(error instanceof GatewayError)) return new CodedError('UNAVAILABLE', error instanceof Error ? error.message : String(error), { cause: error });
  const answer = chaincodeAnswer(error);
  if (answer !== undefined) return new CodedError(answer.code, answer.sentence, { cause: error });
  const text = [error.message, ...error.details.map(flatten)].join('; ');
  if (denied.has(error.code) || refusals.test(text)) return new CodedError('NOT_AUTHORISED', text, { cause: error });
  if (isDisagreement(error) && text.includes('ProposalResponsePayloads do not match')) return new CodedError('CONFLICT', text, { cause: error });
  return new CodedError('UNAVAILABLE', text, { cause: error });
}
