/** Consents by keyed pseudonym: granted and withdrawn by the hospital, evaluated for a purpose, classes and time. */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import { consent, consentQuestion, decideConsent, readSigned, withConsent, withdrawal, withWithdrawal, type ConsentDecision, type PersonConsents } from '@epione/protocol';
import { assertAuthor, store } from './caller.js';
import { announce, get, put, readAhead, refuseUnless, txTime, type Place } from './ledger.js';
import { answer, question, StrictContract } from './strict-contract.js';

/** A person of whom nothing is recorded. */
const nothing: PersonConsents = { consents: [] };

@Info({ title: 'Consent', description: 'Consents by keyed pseudonym' })
export class ConsentContract extends StrictContract {
  constructor() {
    super('Consent');
  }

  /** Records consents of one or more persons to the same terms, each under its person's key. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed consent')
  @Returns('string')
  async grantConsent(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('consent', consent, Buffer.from(argument));
    const { mspId, channel, purpose, classes, period, grants } = signed.statement;
    await assertAuthor(ctx, 'consent', signed, mspId);
    refuseUnless(channel === ctx.stub.getChannelID(), 'CALLER_MISMATCH', `the consent is for channel ${channel}`);
    // Several grants may be one person's, and a transaction does not read what it wrote.
    await readAhead(ctx, grants.map(({ subject }): Place => ['consent', mspId, subject]));
    const persons = new Map<string, PersonConsents>();
    for (const { consentId, subject } of grants) {
      const held = persons.get(subject) ?? (await get<PersonConsents>(ctx, 'consent', mspId, subject)) ?? nothing;
      persons.set(subject, withConsent(held, { consentId, grant: signed.digest, time: txTime(ctx), purpose, classes, ...(period === undefined ? {} : { period }) }));
    }
    for (const [subject, held] of persons) await put(ctx, held, 'consent', mspId, subject);
    announce(ctx, { event: 'consentGranted', mspId, count: grants.length });
    return answer({ consent: signed.digest });
  }

  /** Withdraws one consent; it stops the next round. Nothing brings it back, a new consent has a new ID. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed withdrawal')
  @Returns('string')
  async withdrawConsent(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('withdrawal', withdrawal, Buffer.from(argument));
    const { mspId, channel, subject } = signed.statement;
    await assertAuthor(ctx, 'withdrawal', signed, mspId);
    refuseUnless(channel === ctx.stub.getChannelID(), 'CALLER_MISMATCH', `the withdrawal is for channel ${channel}`);
    const held = (await get<PersonConsents>(ctx, 'consent', mspId, subject)) ?? nothing;
    await put(ctx, withWithdrawal(held, store(ctx, signed)), 'consent', mspId, subject);
    announce(ctx, { event: 'consentWithdrawn', mspId });
    return answer({ withdrawal: signed.digest });
  }

  /** For each pseudonym: may its data be used for this purpose, these classes, at this time? */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {at, classes, mspId, purpose, subjects}')
  @Returns('string')
  async evaluateConsent(ctx: Context, argument: string): Promise<string> {
    const asked = question(consentQuestion, argument);
    await readAhead(ctx, asked.subjects.map((subject): Place => ['consent', asked.mspId, subject]));
    const decisions: ConsentDecision[] = [];
    for (const subject of asked.subjects) decisions.push(decideConsent(subject, await get<PersonConsents>(ctx, 'consent', asked.mspId, subject), asked));
    return answer({ decisions });
  }
}
