/** The one error class of this package: a code for programs, a sentence and a remedy for people. */

/** Everything that can go wrong here, closed: a new code is a new version. */
export type NetworkErrorCode =
  | 'TOPOLOGY_INVALID'
  | 'USAGE'
  | 'STATE_OF_OTHER_TOPOLOGY'
  | 'STATE_LOCKED'
  | 'STATE_MISSING'
  | 'NOT_CONFIRMED'
  | 'NO_FABRIC'
  | 'NO_SPACE'
  | 'PORT_IN_USE'
  | 'CERTIFICATE_EXPIRED'
  | 'PROCESS_FAILED'
  | 'NOT_HEALTHY'
  | 'ORDERER_NOT_CONSENTER'
  | 'PEER_REFUSED'
  | 'SNAPSHOT_INVALID'
  | 'CONFIG_REFUSED'
  | 'CHANGE_REFUSED'
  | 'CHAINCODE_INVALID'
  | 'PROFILE_INVALID'
  | 'DEFINITION_INVALID'
  | 'NOT_APPROVED'
  | 'MIGRATION_FAILED'
  | 'DEPLOY_FAILED';

/** A fault with a code, a sentence for people and, where one is known, what to do about it. */
export class NetworkError extends Error {
  readonly code: NetworkErrorCode;
  readonly remedy: string;

  constructor(code: NetworkErrorCode, sentence: string, remedy: string, cause?: unknown) {
    super(sentence, cause === undefined ? {} : { cause });
    this.name = 'NetworkError';
    this.code = code;
    this.remedy = remedy;
  }
}

/** The sentence of anything that was thrown, with what single nodes said where the gateway hides it in details. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { details } = error as { details?: unknown };
  if (!Array.isArray(details)) return error.message;
  const words = details.map((entry: { mspId?: string; message?: string }) => `${entry.mspId ?? 'a node'}: ${entry.message ?? ''}`);
  return [error.message, ...words].join('; ');
}
