/** The stub where tests lean on it: commit rules, private data, key-level endorsement, history, paging, and what it refuses. */
import { expect } from 'chai';
import { KeyEndorsementPolicy } from 'fabric-shim';
import { StubLedger, type StubOptions, type Transaction } from './stub-ledger.js';
import { codeOf } from './refusal.js';

const organizations = ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'];
const a = { mspId: 'HospitalA' };
const b = { mspId: 'HospitalB' };
const newLedger = (options: Partial<StubOptions> = {}): StubLedger => new StubLedger({ organizations, ...options });

const put = (key: string, value: string): Transaction => async ({ stub }) => {
  await stub.putState(key, Buffer.from(value));
  return '';
};
const get = (key: string): Transaction => async ({ stub }) => Buffer.from(await stub.getState(key)).toString();
const readThenPut = (read: string, key: string): Transaction => async (ctx) => {
  await get(read)(ctx);
  return put(key, 'x')(ctx);
};
const scanThenPut = (start: string, end: string, key: string, rows = Infinity): Transaction => async (ctx) => {
  let seen = 0;
  for await (const row of ctx.stub.getStateByRange(start, end)) {
    expect(row.key >= start).to.equal(true);
    if (++seen >= rows) break;
  }
  return put(key, 'x')(ctx);
};
async function keysOf(rows: AsyncIterable<{ key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const row of rows) keys.push(row.key);
  return keys;
}

describe('StubLedger', () => {
  it('hides a transaction\'s own writes from its reads', async () => {
    const ledger = newLedger();
    await ledger.run(a, put('k', 'old'));
    expect(await ledger.run(a, async (ctx) => (await put('k', 'new')(ctx)) + (await get('k')(ctx)))).to.equal('old');
    expect(await ledger.evaluate(b, get('k'))).to.equal('new');
  });

  it('refuses a read that changed, in an earlier block and in the same one, but no blind write', async () => {
    const ledger = newLedger();
    await ledger.run(a, put('k', '1'));
    const stale = await ledger.simulate(a, readThenPut('k', 'other'));
    const absent = await ledger.simulate(a, readThenPut('new', 'new'));
    const again = await ledger.simulate(b, readThenPut('new', 'new'));
    const blind = await ledger.simulate(b, put('new', '2'));
    await ledger.run(a, put('k', '2'));
    expect(ledger.submit([stale, absent, again, blind])).to.deep.equal(['MVCC_READ_CONFLICT', 'VALID', 'MVCC_READ_CONFLICT', 'VALID']);
    expect(ledger.submit([blind])).to.deep.equal(['DUPLICATE_TXID']);
  });

  it('executes ranges again at commit, up to the last row that the peer has given', async () => {
    const ledger = newLedger();
    for (const key of ['a', 'c']) await ledger.run(a, put(key, '1'));
    const inside = await ledger.simulate(a, scanThenPut('a', 'm', 'z'));
    const outside = await ledger.simulate(a, scanThenPut('n', 'p', 'z'));
    await ledger.run(b, put('b', '1'));
    expect(ledger.submit([inside, outside])).to.deep.equal(['PHANTOM_READ_CONFLICT', 'VALID']);
    for (let row = 0; row < 150; row++) await ledger.run(a, put(`r${String(row).padStart(3, '0')}`, '1'));
    const early = await ledger.simulate(a, scanThenPut('r', 's', 'y', 1));
    await ledger.run(b, put('r120x', '1'));
    expect(ledger.submit([early])).to.deep.equal(['VALID']);
  });

  it('keeps composite keys out of plain ranges and orders keys by their UTF-8 bytes', async () => {
    const ledger = newLedger();
    await ledger.run(a, async ({ stub }) => {
      for (const key of ['\uffee', '\u{1f600}', 'a', stub.createCompositeKey('kind', ['1']), stub.createCompositeKey('kind', ['2']), stub.createCompositeKey('kindred', ['3'])]) await stub.putState(key, Buffer.from('1'));
      return '';
    });
    await ledger.evaluate(a, async ({ stub }) => {
      expect(await keysOf(stub.getStateByRange('', ''))).to.deep.equal(['a', '\uffee', '\u{1f600}']);
      expect(await keysOf(stub.getStateByPartialCompositeKey('kind', []))).to.deep.equal(['\u0000kind\u00001\u0000', '\u0000kind\u00002\u0000']);
      return '';
    });
    expect(await codeOf(ledger.run(a, put('\ud800', '1')))).to.include('invalid UTF-8');
  });

  it('pages as LevelDB does and lets no page precede a write', async () => {
    const ledger = newLedger({ totalQueryLimit: 4 });
    for (const key of ['a', 'b', 'c', 'd', 'e']) await ledger.run(a, put(key, '1'));
    await ledger.evaluate(a, async ({ stub }) => {
      const first = await stub.getStateByRangeWithPagination('a', 'z', 2, '');
      expect(first.metadata).to.deep.equal({ fetchedRecordsCount: 2, bookmark: 'c' });
      const last = await stub.getStateByRangeWithPagination('a', 'z', 3, first.metadata.bookmark);
      expect(last.metadata).to.deep.equal({ fetchedRecordsCount: 3, bookmark: '' });
      expect(await keysOf(stub.getStateByRange('a', 'z'))).to.have.length(4);
      return '';
    });
    const pageThenPut: Transaction = async (ctx) => {
      await ctx.stub.getStateByRangeWithPagination('a', 'z', 2, '');
      return put('k', '1')(ctx);
    };
    expect(await codeOf(ledger.run(a, pageThenPut))).to.include('paginated query');
  });

  it('gives a key\'s history newest first, deletes included, and forgets nothing', async () => {
    const ledger = newLedger();
    await ledger.run(a, put('k', '1'));
    await ledger.run(a, async ({ stub }) => {
      await stub.deleteState('k');
      return '';
    });
    await ledger.run(a, put('k', '2'));
    await ledger.evaluate(a, async ({ stub }) => {
      const seen: string[] = [];
      for await (const change of stub.getHistoryForKey('k')) seen.push(change.isDelete ? 'deleted' : Buffer.from(change.value).toString());
      expect(seen).to.deep.equal(['2', 'deleted', '1']);
      return '';
    });
  });

  it('gives private values to members and hashes to all, until they expire', async () => {
    const ledger = newLedger({ collections: [{ name: 'ab', members: ['HospitalA', 'HospitalB'], memberOnlyRead: true, blockToLive: 1 }] });
    await ledger.run(a, async ({ stub }) => {
      await stub.putPrivateData('ab', 'k', stub.getTransient().get('value')!);
      return '';
    }, { transient: { value: Buffer.from('secret') } });
    const read: Transaction = async ({ stub }) => Buffer.from(await stub.getPrivateData('ab', 'k')).toString();
    const hash: Transaction = async ({ stub }) => Buffer.from(await stub.getPrivateDataHash('ab', 'k')).toString('hex');
    expect(await ledger.evaluate(b, read)).to.equal('secret');
    expect(await codeOf(ledger.evaluate({ mspId: 'Regulator' }, read))).to.include('read access permission');
    expect(await codeOf(ledger.evaluate(a, read, { endorsers: ['HospitalC'] }))).to.include('not available');
    expect(await ledger.evaluate({ mspId: 'Regulator' }, hash)).to.have.length(64);
    await ledger.run(a, put('tick', '1'));
    expect(await ledger.evaluate(b, read)).to.equal('secret');
    await ledger.run(a, put('tock', '1'));
    expect(await ledger.evaluate(b, read)).to.equal('');
    expect(await ledger.evaluate(b, hash)).to.equal('');
  });

  it('refuses private queries beside writes, and purges', async () => {
    const ledger = newLedger();
    const mine = '_implicit_org_HospitalA';
    await ledger.run(a, async ({ stub }) => {
      await stub.putPrivateData(mine, 'k', Buffer.from('1'));
      return '';
    }, { endorsers: ['HospitalA'] });
    const both: Transaction = async (ctx) => {
      await keysOf(ctx.stub.getPrivateDataByRange(mine, 'a', 'z'));
      return put('k', '1')(ctx);
    };
    expect(await codeOf(ledger.run(a, both))).to.include('queries on pvt data');
    await ledger.run(a, async ({ stub }) => {
      await stub.purgePrivateData(mine, 'k');
      return '';
    });
    expect(await ledger.evaluate(a, async ({ stub }) => Buffer.from(await stub.getPrivateDataHash(mine, 'k')).toString())).to.equal('');
  });

  it('judges a key by its own policy once it has one, and everything else by the majority', async () => {
    const ledger = newLedger();
    const policy = new KeyEndorsementPolicy();
    policy.addOrgs('PEER', 'HospitalA');
    await ledger.run(a, async (ctx) => {
      await put('k', '1')(ctx);
      await ctx.stub.setStateValidationParameter('k', Buffer.from(policy.getPolicy()));
      return '';
    });
    const by = async (endorsers: string[], key: string): Promise<string> => codeOf(ledger.run(a, put(key, '2'), { endorsers }));
    expect(await by(['HospitalA'], 'k')).to.equal('accepted');
    expect(await by(['HospitalB', 'HospitalC', 'Regulator'], 'k')).to.equal('Error: ENDORSEMENT_POLICY_FAILURE');
    expect(await by(['HospitalA', 'HospitalB'], 'other')).to.equal('Error: ENDORSEMENT_POLICY_FAILURE');
    expect(await by(['HospitalA', 'HospitalB', 'HospitalC'], 'other')).to.equal('accepted');
  });

  it('refuses a write whose policy, and a read whose absence, changes earlier in the block', async () => {
    const ledger = newLedger();
    await ledger.run(a, put('k', '1'));
    const all = new KeyEndorsementPolicy();
    all.addOrgs('MEMBER', ...organizations);
    const guard: Transaction = async ({ stub }) => {
      await stub.setStateValidationParameter('k', Buffer.from(all.getPolicy()));
      return '';
    };
    const remove: Transaction = async ({ stub }) => {
      await stub.deleteState('absent');
      return '';
    };
    const block = [await ledger.simulate(a, guard), await ledger.simulate(b, put('k', '2')), await ledger.simulate(a, remove), await ledger.simulate(b, readThenPut('absent', 'x'))];
    expect(ledger.submit(block)).to.deep.equal(['VALID', 'ENDORSEMENT_POLICY_FAILURE', 'VALID', 'MVCC_READ_CONFLICT']);
    expect(await ledger.run(b, put('k', '3'))).to.equal('');
  });

  it('delivers one event a valid transaction, the last one set', async () => {
    const ledger = newLedger();
    const announcing = (key: string): Transaction => async (ctx) => {
      ctx.stub.setEvent('first', Buffer.from('1'));
      ctx.stub.setEvent('last', Buffer.from('2'));
      return readThenPut(key, key)(ctx);
    };
    ledger.submit([await ledger.simulate(a, announcing('k')), await ledger.simulate(a, announcing('k'))]);
    expect(ledger.events.map(({ name, block }) => [name, block])).to.deep.equal([['last', 1]]);
  });

  it('refuses endorsers that disagree and clients whose clock is off', async () => {
    const ledger = newLedger();
    let run = 0;
    expect(await codeOf(ledger.simulate(a, async (ctx) => put('k', String(++run))(ctx), { endorsers: ['HospitalA', 'HospitalB'] }))).to.include('do not match');
    expect(await codeOf(ledger.run(a, put('k', '1'), { timestamp: ledger.now - 16 * 60_000 }))).to.include('timestamp');
  });
});
