/** What can go wrong between an application and a key management entity, as one closed list of codes. */

/**
 * - `BAD_OPTION` what the caller gave cannot be used; nothing was sent.
 * - `BAD_REQUEST` status 400 (clauses 5.2 to 5.4), with the server's message and details.
 * - `EXTENSION_REFUSED` status 400 with one of the two messages on `extension_mandatory` (clause 5.3).
 * - `NOT_FOUND` the key management entity does not hold a key of that key_ID, or has delivered it (clause 5.4).
 * - `NOT_ENTITLED` status 401.
 * - `EXHAUSTED` status 503, and the status says that fewer keys are stored than were asked for.
 * - `UNAVAILABLE` status 503 otherwise, no connection, or no answer to a request that delivers nothing.
 * - `TLS_REFUSED` one side did not accept the other's certificate, or there is no common key exchange.
 * - `KEYS_MAY_BE_LOST` the connection ended between request and answer: the server may have delivered keys that never arrived.
 * - `MALFORMED_ANSWER` the answer is not one of the standard's.
 */
export type EtsiQkd014Code =
  | 'BAD_OPTION'
  | 'BAD_REQUEST'
  | 'EXTENSION_REFUSED'
  | 'NOT_FOUND'
  | 'NOT_ENTITLED'
  | 'EXHAUSTED'
  | 'UNAVAILABLE'
  | 'TLS_REFUSED'
  | 'KEYS_MAY_BE_LOST'
  | 'MALFORMED_ANSWER';

/** What the server said with its refusal; empty where there was none. */
export interface ServerWords {
  /** HTTP status. */
  readonly status?: number;
  /** `message` of the Error data format (clause 6.5), shortened to 200 characters. */
  readonly message?: string;
  /** `details` of the Error data format: name and value pairs. */
  readonly details?: readonly unknown[];
  /** What `Retry-After` asks for, ms. */
  readonly retryAfterMs?: number;
}

/** A fault of key delivery. It never holds a key. */
export class EtsiQkd014Error extends Error {
  override readonly name = 'EtsiQkd014Error';
  readonly code: EtsiQkd014Code;
  readonly server: ServerWords;

  constructor(code: EtsiQkd014Code, message: string, { server = {}, ...options }: ErrorOptions & { readonly server?: ServerWords } = {}) {
    super(message, options);
    this.code = code;
    this.server = server;
  }
}
