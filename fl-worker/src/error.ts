/** The faults a worker can name beyond the protocol's own codes, each with its remedy. */
import { CodedError, type Code } from '@epione/protocol';

/** Codes of this package; together with the protocol's codes they are all a worker can answer. */
export type WorkerCode =
  | Code
  | 'CONFIG_INVALID'
  | 'DATA_INVALID'
  | 'DATA_MISSING'
  | 'ENGINE_MISSING'
  | 'KEY_FILE_INVALID'
  | 'KME_REFUSED'
  | 'DISK_QUOTA'
  | 'MEMORY_SHORT'
  | 'NOT_INITIALISED'
  | 'SHARES_INVALID'
  | 'STATE_INVALID'
  | 'STATE_IN_USE'
  | 'STUDY_MISMATCH'
  | 'STUDY_UNDER_WAY'
  | 'TRAINING_DIVERGED'
  | 'UPDATES_HIDDEN';

/** A worker's fault: a code for programs, a sentence for people and, where one exists, what to do. */
export class WorkerError extends CodedError<WorkerCode> {
  readonly remedy: string | undefined;

  constructor(code: WorkerCode, message: string, options: ErrorOptions & { remedy?: string } = {}) {
    super(code, message, options);
    this.name = 'WorkerError';
    this.remedy = options.remedy;
  }
}
