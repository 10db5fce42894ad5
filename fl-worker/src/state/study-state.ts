/** The durable state of one study at one site. */
import type { DatabaseSync } from 'node:sqlite';
import { Budget } from '../privacy/budget.js';
import { Carried } from './carried.js';
import { KeyRing } from './key-ring.js';
import { MaskSecrets } from './mask-secrets.js';
import { Outbox } from './outbox.js';
import { RoundLog } from './round-log.js';

/** Outbox, QKD keys, round log, what is carried over and the privacy budget, over one database. */
export interface StudyState {
  readonly outbox: Outbox;
  readonly ring: KeyRing;
  readonly log: RoundLog;
  readonly carried: Carried;
  readonly budget: Budget;
  readonly masks: MaskSecrets;
}

/** The parts of an opened database. */
export const studyState = (database: DatabaseSync): StudyState => ({ outbox: new Outbox(database), ring: new KeyRing(database), log: new RoundLog(database), carried: new Carried(database), budget: new Budget(database), masks: new MaskSecrets(database) });
