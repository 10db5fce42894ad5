/** Transactions within transactions, and states of other versions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { QkdError } from '../error.js';
import { inTransaction, openDatabase, prepared } from './database.js';

describe('database', () => {
  const open = (): ReturnType<typeof openDatabase> => {
    const database = openDatabase(':memory:');
    database.exec('CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT');
    return database;
  };
  const numbers = (database: ReturnType<typeof open>): unknown[] => database.prepare('SELECT n FROM t ORDER BY n').all().map((row) => row['n']);
  const fail = (): never => { throw new Error('on purpose'); };

  it('undoes a part and keeps the rest', () => {
    const database = open();
    const insert = (n: number): unknown => prepared(database, 'INSERT INTO t VALUES (?)').run(n);
    inTransaction(database, () => {
      insert(1);
      expect(() => inTransaction(database, () => { insert(2); return fail(); })).throw('on purpose');
      insert(3);
    });
    expect(() => inTransaction(database, () => { insert(4); return fail(); })).throw('on purpose');
    expect(numbers(database)).deep.equal([1, 3]);
    expect(prepared(database, 'INSERT INTO t VALUES (?)')).equal(prepared(database, 'INSERT INTO t VALUES (?)'));
  });

  it('refuses the state of another version', () => {
    const folder = mkdtempSync(join(tmpdir(), 'epione-'));
    const file = join(folder, 'site.db');
    const old = new DatabaseSync(file);
    old.exec('CREATE TABLE block (link TEXT)');
    old.close();
    expect(() => openDatabase(file)).throw(QkdError, /made by another version of this program: schema 0, not 4/);
    rmSync(folder, { recursive: true });
  });
});
