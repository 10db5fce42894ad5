/** Details that an organization keeps to itself: sealed at its own peers, named on the ledger, disclosed when it chooses. */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import { detail, detailBytes, detailQuestion, digestOf, erasure, ownCollection, readSigned, toHex } from '@epione/protocol';
import { assertAuthor, callerMsp } from './caller.js';
import { announce, refuseUnless } from './ledger.js';
import { answer, question, StrictContract } from './strict-contract.js';

/** Under which name the sealed bytes travel: beside the proposal, so that they stand in no block. */
const transientName = 'sealed';

const keyOf = (ctx: Context, id: string): string => ctx.stub.createCompositeKey('detail', [id]);

const isKept = async (ctx: Context, mspId: string, id: string): Promise<boolean> => (await ctx.stub.getPrivateDataHash(ownCollection(mspId), keyOf(ctx, id))).length > 0;

@Info({ title: 'Detail', description: 'What an organization keeps to itself and may disclose' })
export class DetailContract extends StrictContract {
  constructor() {
    super('Detail');
  }

  /** Keeps sealed bytes, given beside the proposal as `sealed`, under a new name; endorsed by the owner's own peer. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed detail')
  @Returns('string')
  async keepDetail(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('detail', detail, Buffer.from(argument));
    const { mspId, channel, id, digest } = signed.statement;
    await assertAuthor(ctx, 'detail', signed, mspId);
    refuseUnless(channel === ctx.stub.getChannelID(), 'CALLER_MISMATCH', `the detail is for channel ${channel}`);
    const sealed = ctx.stub.getTransient().get(transientName) ?? new Uint8Array();
    refuseUnless(sealed.length > 0 && sealed.length <= detailBytes, 'TOO_LARGE', `the transient ${transientName} holds ${sealed.length} bytes, 1 to ${detailBytes} are accepted`);
    refuseUnless(digestOf(sealed) === digest, 'BLOB_MISMATCH', 'the sealed bytes are not those that the statement names');
    refuseUnless(!(await isKept(ctx, mspId, id)), 'CONFLICT', `a detail ${id} of ${mspId} is kept already`);
    await ctx.stub.putPrivateData(ownCollection(mspId), keyOf(ctx, id), sealed);
    announce(ctx, { event: 'detailKept', mspId, id });
    return answer({ detail: signed.digest });
  }

  /** Purges a detail from the owner's peers, its history too. Old bytes may stay on their disks: the owner destroys the key as well. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed erasure')
  @Returns('string')
  async eraseDetail(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('erasure', erasure, Buffer.from(argument));
    const { mspId, channel, id } = signed.statement;
    await assertAuthor(ctx, 'erasure', signed, mspId);
    refuseUnless(channel === ctx.stub.getChannelID(), 'CALLER_MISMATCH', `the erasure is for channel ${channel}`);
    refuseUnless(await isKept(ctx, mspId, id), 'BLOB_MISSING', `${mspId} keeps no detail ${id}`);
    await ctx.stub.purgePrivateData(ownCollection(mspId), keyOf(ctx, id));
    announce(ctx, { event: 'detailErased', mspId, id });
    return answer({ erasure: signed.digest });
  }

  /** The sealed bytes (base64) of an own detail; to be asked of an own peer, no other has them. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {id, mspId}')
  @Returns('string')
  async getDetail(ctx: Context, argument: string): Promise<string> {
    const { mspId, id } = question(detailQuestion, argument);
    refuseUnless(mspId === callerMsp(ctx), 'NOT_AUTHORISED', `only ${mspId} reads its details`);
    const sealed = await ctx.stub.getPrivateData(ownCollection(mspId), keyOf(ctx, id));
    // eslint-disable-next-line chaincode/no-disclosure -- the owner asks its own peer, and only evaluates: the answer stands in no block
    return answer(sealed.length === 0 ? {} : { sealed: Buffer.from(sealed).toString('base64url') });
  }

  /** The digest that the ledger has of any organization's detail: whoever is shown a detail checks it by this. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {id, mspId}')
  @Returns('string')
  async checkDetail(ctx: Context, argument: string): Promise<string> {
    const { mspId, id } = question(detailQuestion, argument);
    const hash = await ctx.stub.getPrivateDataHash(ownCollection(mspId), keyOf(ctx, id));
    return answer(hash.length === 0 ? {} : { digest: `sha256:${toHex(hash)}` });
  }
}
