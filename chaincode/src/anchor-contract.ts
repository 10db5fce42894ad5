/** Anchors: checkpoints of the log of blocks, cosigned by one organization after the other (decision 0019). */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import { assertCosignature, cosignature, cosignaturesQuestion, participantQuestion, readSigned, type AnchorState, type Cosignature, type Stored } from '@epione/protocol';
import { assertAuthor, store } from './caller.js';
import { announce, get, page, put, refuseUnless } from './ledger.js';
import { answer, question, StrictContract } from './strict-contract.js';

/** Sizes stand in keys as sixteen digits, so that keys sort as the log grows. */
const sizeKey = (size: number): string => String(size).padStart(16, '0');

@Info({ title: 'Anchor', description: 'Cosigned checkpoints of the log of blocks' })
export class AnchorContract extends StrictContract {
  constructor() {
    super('Anchor');
  }

  /**
   * Keeps an organization's cosignature of more blocks than it cosigned before. Whether they are this channel's no chaincode can see:
   * each cosigner has checked that, and auditors do.
   */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed cosignature')
  @Returns('string')
  async cosign(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('cosignature', cosignature, Buffer.from(argument));
    const { mspId, channel, size, root } = signed.statement;
    const record = await assertAuthor(ctx, 'cosignature', signed, mspId);
    refuseUnless(channel === ctx.stub.getChannelID() && signed.statement.genesis === record.genesis, 'CALLER_MISMATCH', 'the cosignature is for another channel');
    assertCosignature(signed.statement, record, await get<AnchorState>(ctx, 'anchor', mspId));
    const state: AnchorState = { size, root, cosignature: signed.digest };
    await put(ctx, state, 'anchor', mspId);
    await put(ctx, store(ctx, signed), 'cosignature', sizeKey(size), mspId);
    announce(ctx, { event: 'cosigned', mspId, size });
    return answer({ cosignature: signed.digest });
  }

  /** What an organization cosigned last. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {mspId}')
  @Returns('string')
  async getAnchor(ctx: Context, argument: string): Promise<string> {
    const { mspId } = question(participantQuestion, argument);
    return answer({ anchor: await get<AnchorState>(ctx, 'anchor', mspId) });
  }

  /** A page of cosignatures, by size and organization. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {bookmark?, pageSize}')
  @Returns('string')
  async queryCosignatures(ctx: Context, argument: string): Promise<string> {
    const { pageSize, bookmark = '' } = question(cosignaturesQuestion, argument);
    const found = await page<Stored<Cosignature>>(ctx, pageSize, bookmark, 'cosignature');
    return answer({ entries: found.entries, ...(found.bookmark === '' ? {} : { bookmark: found.bookmark }) });
  }
}
