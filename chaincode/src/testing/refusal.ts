/** The code with which a call was refused, for unit tests. */
import { CodedError } from '@epione/protocol';

/** @returns the code, `accepted`, or the text of an error without a code. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'accepted';
  } catch (error) {
    return error instanceof CodedError ? String(error.code) : String(error);
  }
}
