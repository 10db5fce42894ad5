/** The one error class of this package and its closed list of codes. */

/** What can go wrong, told apart by programs. */
export type QkdErrorCode =
  | 'USAGE'
  | 'CONFIG'
  | 'EXISTS'
  | 'PORT_IN_USE'
  | 'NOT_RUNNING'
  | 'UNKNOWN_LINK'
  | 'WRONG_SITE'
  | 'CHANNEL'
  /** A message that no honest end sends. */
  | 'TAMPERED'
  /** The authentication key of a link is at its floor, or used up. */
  | 'PADS'
  /** The random source has failed. */
  | 'RANDOMNESS'
  | 'STORE'
  | 'PEER';

/** An error that programs tell by `code`, and people by `message` and `remedy`. */
export class QkdError extends Error {
  readonly code: QkdErrorCode;
  readonly remedy: string | undefined;

  constructor(code: QkdErrorCode, message: string, options: ErrorOptions & { remedy?: string } = {}) {
    super(message, options);
    this.name = 'QkdError';
    this.code = code;
    this.remedy = options.remedy;
  }
}

/** The sentence of anything that was thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
