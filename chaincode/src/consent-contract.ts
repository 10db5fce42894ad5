/** Consents by keyed pseudonym: granted and withdrawn by the hospital, evaluated for a purpose, classes and time. */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import { consent, consentQuestion, readSigned, withdrawal, type Consent, type ConsentDecision, type ConsentQuestion } from '@epione/protocol';
import { assertAuthor, store } from './caller.js';
import { announce, get, list, put, refuseUnless, txTime } from './ledger.js';
import { answer, question, StrictContract } from './strict-contract.js';

/** The value of `consent~MSP~SUBJECT~ID`: the terms of one person's consent. */
interface ConsentState extends Pick<Consent, 'purpose' | 'classes' | 'period'> {
  readonly consentId: string;
  /** Digest of the signed statement that granted it. */
  readonly grant: string;
  readonly time: number;
}

function covers(terms: ConsentState, asked: ConsentQuestion): boolean {
  const { from = 0, until = Number.MAX_SAFE_INTEGER } = terms.period ?? {};
  const timely = from <= asked.at && asked.at < until;
  const purposes = asked.purpose.reason === terms.purpose.reason && asked.purpose.duo.every((code) => terms.purpose.duo.includes(code));
  return timely && purposes && asked.classes.every((name) => terms.classes.includes(name));
}

async function decide(ctx: Context, asked: ConsentQuestion, subject: string): Promise<ConsentDecision> {
  const granted = await list<ConsentState>(ctx, 'consent', asked.mspId, subject);
  if (granted.length === 0) return { subject, decision: 'deny', code: 'CONSENT_EMPTY' };
  const inForce: ConsentState[] = [];
  for (const terms of granted) if ((await get(ctx, 'withdrawal', asked.mspId, subject, terms.consentId)) === undefined) inForce.push(terms);
  if (inForce.length === 0) return { subject, decision: 'deny', code: 'CONSENT_WITHDRAWN' };
  const fitting = inForce.find((terms) => covers(terms, asked));
  return fitting === undefined ? { subject, decision: 'deny', code: 'PURPOSE_REFUSED' } : { subject, decision: 'permit', consentId: fitting.consentId };
}

@Info({ title: 'Consent', description: 'Consents by keyed pseudonym' })
export class ConsentContract extends StrictContract {
  constructor() {
    super('Consent');
  }

  /** Records consents of one or more persons to the same terms, each under its own key. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed consent')
  @Returns('string')
  async grantConsent(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('consent', consent, Buffer.from(argument));
    const { mspId, channel, purpose, classes, period, grants } = signed.statement;
    await assertAuthor(ctx, 'consent', signed, mspId);
    refuseUnless(channel === ctx.stub.getChannelID(), 'CALLER_MISMATCH', `the consent is for channel ${channel}`);
    for (const { consentId, subject } of grants) {
      refuseUnless((await get(ctx, 'consent', mspId, subject, consentId)) === undefined, 'CONFLICT', `consent ${consentId} is recorded`);
      const state: ConsentState = { consentId, grant: signed.digest, time: txTime(ctx), purpose, classes, ...(period === undefined ? {} : { period }) };
      await put(ctx, state, 'consent', mspId, subject, consentId);
    }
    announce(ctx, 'consentGranted', { mspId, count: grants.length });
    return answer({ consent: signed.digest });
  }

  /** Withdraws one consent; it stops the next round. Nothing brings it back, a new consent has a new ID. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed withdrawal')
  @Returns('string')
  async withdrawConsent(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('withdrawal', withdrawal, Buffer.from(argument));
    const { mspId, channel, consentId, subject } = signed.statement;
    await assertAuthor(ctx, 'withdrawal', signed, mspId);
    refuseUnless(channel === ctx.stub.getChannelID(), 'CALLER_MISMATCH', `the withdrawal is for channel ${channel}`);
    refuseUnless((await get(ctx, 'consent', mspId, subject, consentId)) !== undefined, 'CONSENT_EMPTY', `there is no consent ${consentId}`);
    refuseUnless((await get(ctx, 'withdrawal', mspId, subject, consentId)) === undefined, 'CONSENT_WITHDRAWN', `consent ${consentId} is withdrawn`);
    await put(ctx, { consentId, ...store(ctx, signed) }, 'withdrawal', mspId, subject, consentId);
    announce(ctx, 'consentWithdrawn', { mspId });
    return answer({ withdrawal: signed.digest });
  }

  /** For each pseudonym: may its data be used for this purpose, these classes, at this time? */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {at, classes, mspId, purpose, subjects}')
  @Returns('string')
  async evaluateConsent(ctx: Context, argument: string): Promise<string> {
    const asked = question(consentQuestion, argument);
    const decisions: ConsentDecision[] = [];
    for (const subject of asked.subjects) decisions.push(await decide(ctx, asked, subject));
    return answer({ decisions });
  }
}
