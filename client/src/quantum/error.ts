/** What can go wrong with one-time keys and what they sign or tag, as one closed list of codes. */
import { CodedError } from '@epione/protocol';

/**
 * - `KEY_USED` a key_ID that has served already, or was named for something else.
 * - `KEY_UNAVAILABLE` the key management entity did not deliver; its own error is the cause.
 * - `NOT_ADDRESSED` the message names another SAE in this one's place.
 * - `NOT_EXPECTED` an answer to nothing that was asked.
 * - `BAD_TAG` the message does not come from whom it says, or was changed on the way.
 * - `DISPUTED` receiver and arbiter judge differently: one of them did not follow the protocol.
 */
export type QuantumCode = 'KEY_USED' | 'KEY_UNAVAILABLE' | 'NOT_ADDRESSED' | 'NOT_EXPECTED' | 'BAD_TAG' | 'DISPUTED';

/** A fault of one-time keys. It never holds a key. */
export class QuantumError extends CodedError<QuantumCode> {
  constructor(code: QuantumCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = 'QuantumError';
  }
}
