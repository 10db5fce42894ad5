/** The code with which a call was refused, for unit tests. */
import { CodedError } from '../error.js';

/** @returns the code, or `none` when nothing was thrown. @throws an error without a code. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CodedError) return String(error.code);
    throw error;
  }
  return 'none';
}

/** The same of what is refused later. */
export async function codeOfPromise(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'none', (error: unknown) => codeOf(() => { throw error; }));
}
