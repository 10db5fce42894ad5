/** The contract Consent: which persons allow what. */
import type { Consent, ConsentDecision, ConsentQuestion, Signed, Withdrawal } from '@epione/protocol';
import type { Calls, Committed } from '../calls.js';

export interface ConsentCalls {
  grantConsent(consent: Signed<Consent>): Promise<Committed>;
  withdrawConsent(withdrawal: Signed<Withdrawal>): Promise<Committed>;
  /** One decision a pseudonym, in the order of the question. */
  evaluateConsent(question: ConsentQuestion): Promise<readonly ConsentDecision[]>;
}

export const consentCalls = (calls: Calls): ConsentCalls => ({
  grantConsent: async (consent) => calls.send('Consent:grantConsent', 'consent', consent),
  withdrawConsent: async (withdrawal) => calls.send('Consent:withdrawConsent', 'withdrawal', withdrawal),
  evaluateConsent: async (question) => (await calls.ask<{ decisions: ConsentDecision[] }>('Consent:evaluateConsent', question)).decisions,
});
