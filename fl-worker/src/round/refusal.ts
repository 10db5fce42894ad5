/** Which faults pass, which cost a site its round, and which stop the worker. */
import { CodedError } from '@epione/protocol';

const passing: ReadonlySet<string> = new Set(['UNAVAILABLE', 'CONFLICT', 'ROUND_NOT_OPEN', 'NOT_SEALED', 'TOO_EARLY', 'BLOB_MISSING']);
const qkd: ReadonlySet<string> = new Set(['QKD_UNAVAILABLE', 'QKD_EXHAUSTED', 'QKD_NOT_ENTITLED', 'QKD_KEY_NOT_FOUND', 'KME_REFUSED']);
/** The round went on without this site, or its own update may not be sent. */
const costly: ReadonlySet<string> = new Set([
  'ROUND_CLOSED', 'ROUND_SEALED', 'ROUND_ENDED', 'STALE_BASE', 'EPOCH_WRONG', 'ALREADY_SUBMITTED', 'ALREADY_ATTESTED', 'WRONG_SET',
  'NOT_FINITE', 'CLIP_EXCEEDED', 'NORM_EXCEEDED', 'WEIGHT_OUT_OF_RANGE', 'TRAINING_DIVERGED', 'CONSENT_EMPTY', 'SUITE_REFUSED', 'BUDGET_SPENT', 'PAD_LOST',
]);

/** The code of an error; undefined for a fault of the program itself. */
export const codeOf = (error: unknown): string | undefined => (error instanceof CodedError ? (error.code as string) : undefined);

/** Trouble that another look may not find. */
export const passes = (error: unknown): boolean => passing.has(codeOf(error) ?? '');

/** Trouble with QKD keys, which the study's policy decides about. */
export const isQkd = (error: unknown): boolean => qkd.has(codeOf(error) ?? '');

/** A fault that costs this site its part in the round and nothing else. */
export const costsRound = (error: unknown): boolean => costly.has(codeOf(error) ?? '');
