/** The engine that a site began a study on, so that it goes on with the same arithmetic after a restart. */
import type { DatabaseSync } from 'node:sqlite';
import type { EngineName } from '../training/tf.js';

/** Undefined before the study's first start here. */
export const begunEngine = (database: DatabaseSync): EngineName | undefined => database.prepare("SELECT value FROM fact WHERE name = 'engine'").get()?.['value'] as EngineName | undefined;

export function keepEngine(database: DatabaseSync, name: EngineName): void {
  database.prepare("INSERT OR REPLACE INTO fact (name, value) VALUES ('engine', ?)").run(name);
}
