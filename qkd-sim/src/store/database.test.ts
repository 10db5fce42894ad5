/** Transactions within transactions, and the commit that many share. */
import { expect } from 'chai';
import { GroupCommit, inTransaction, openDatabase, prepared } from './database.js';

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

  it('gives each caller of a group its own end', async () => {
    const database = open();
    const commit = new GroupCommit(database);
    const insert = async (n: number): Promise<unknown> => commit.run(() => { prepared(database, 'INSERT INTO t VALUES (?)').run(n); return n; });
    const ends = await Promise.allSettled([insert(1), insert(1), insert(2), commit.run(fail)]);
    expect(ends.map(({ status }) => status)).deep.equal(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(numbers(database)).deep.equal([1, 2]);
    expect(await insert(3)).equal(3);
    database.close();
    expect((await Promise.allSettled([insert(4)]))[0].status).equal('rejected');
  });
});
