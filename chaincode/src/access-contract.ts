/** The log of accesses: who used which data for what, appended by the organization that holds the data. */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import { access, accessQuestion, readSigned, type Access, type Stored } from '@epione/protocol';
import { assertAuthor, assertRole, callerMsp, store } from './caller.js';
import { announce, page, put, refuseUnless, txTime } from './ledger.js';
import { answer, question, StrictContract } from './strict-contract.js';

/** Times stand in keys as sixteen digits, so that keys sort as time does. */
const timeKey = (time: number): string => String(time).padStart(16, '0');

@Info({ title: 'Access', description: 'Who used which data for what' })
export class AccessContract extends StrictContract {
  constructor() {
    super('Access');
  }

  /** Appends one entry, under the transaction's own time and ID: entries never conflict and are never changed. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed access')
  @Returns('string')
  async appendAccess(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('access', access, Buffer.from(argument));
    const { mspId, channel, action, object } = signed.statement;
    await assertAuthor(ctx, 'access', signed, mspId);
    refuseUnless(channel === ctx.stub.getChannelID(), 'CALLER_MISMATCH', `the entry is for channel ${channel}`);
    await put(ctx, store(ctx, signed), 'access', mspId, timeKey(txTime(ctx)), ctx.stub.getTxID());
    announce(ctx, { event: 'accessed', mspId, action, object });
    return answer({ access: signed.digest });
  }

  /** A page of an organization's entries, oldest first; for the organization itself and for auditors. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {bookmark?, from?, mspId, pageSize, until?}')
  @Returns('string')
  async queryAccess(ctx: Context, argument: string): Promise<string> {
    const asked = question(accessQuestion, argument);
    if (asked.mspId !== callerMsp(ctx)) assertRole(ctx, 'auditor');
    const { from = 0, until = Number.MAX_SAFE_INTEGER } = asked;
    const found = await page<Stored<Access>>(ctx, asked.pageSize, asked.bookmark ?? '', 'access', asked.mspId);
    return answer({ entries: found.entries.filter((entry) => from <= entry.time && entry.time < until), ...(found.bookmark === '' ? {} : { bookmark: found.bookmark }) });
  }
}
