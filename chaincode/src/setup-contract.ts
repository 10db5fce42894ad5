/** Set-ups of masked mode: what each participant agreed on for a study's next epoch (PROTOCOL sections 4 and 8). */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import { assertSetup, readSigned, setup, setupsQuestion, type Course, type Setup, type Stored } from '@epione/protocol';
import { assertAuthor, store } from './caller.js';
import { announce, epochKey, get, list, put } from './ledger.js';
import { studyOf } from './study-contract.js';
import { answer, question, StrictContract } from './strict-contract.js';

@Info({ title: 'Setup', description: 'Pair keys of masked mode, agreed on for an epoch' })
export class SetupContract extends StrictContract {
  constructor() {
    super('Setup');
  }

  /** A participant's set-up for the next epoch; it may be written anew until that epoch is opened, which names the one it takes. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed set-up')
  @Returns('string')
  async setup(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('setup', setup, Buffer.from(argument));
    const { study, epoch, participant } = signed.statement;
    await assertAuthor(ctx, 'setup', signed, participant);
    assertSetup(await studyOf(ctx, study), await get<Course>(ctx, 'course', study), signed.statement);
    await put(ctx, store(ctx, signed), 'setup', study, epochKey(epoch), participant);
    announce(ctx, { event: 'setUp', study, epoch, participant });
    return answer({ setup: signed.digest });
  }

  /** The set-ups of an epoch that are there, by participant. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {epoch, study}')
  @Returns('string')
  async listSetups(ctx: Context, argument: string): Promise<string> {
    const { study, epoch } = question(setupsQuestion, argument);
    return answer({ setups: await list<Stored<Setup>>(ctx, 'setup', study, epochKey(epoch)) });
  }
}
