/** What a hospital writes about persons, played on a real network: consents, a withdrawal, an access, a detail kept, disclosed and erased. */
import { randomBytes } from 'node:crypto';
import { consentSubject, digestOf, openDetail, sealDetail, sign } from '@epione/protocol';
import type { Player } from './player.js';

/** Plays it as one member. @returns the text that a stranger could check against the ledger before it was erased. */
export async function playPrivacy({ mspId, ledger, signer, record: { channel, genesis }, recordDigest }: Player): Promise<string> {
  const who = { channel, genesis, mspId, record: recordDigest };
  const subjects = ['person 1', 'person 2'].map((name) => consentSubject(Buffer.from(name), mspId));
  const grants = subjects.map((subject, at) => ({ consentId: `c-${at + 1}`, subject }));
  const purpose = { duo: ['DUO:0000007'], reason: 'HRESCH' };
  await ledger.grantConsent(sign('consent', { ...who, purpose, classes: ['pathology'], grants }, signer));
  const [withdrawn] = grants;
  if (withdrawn === undefined) throw new Error('no grant');
  await ledger.withdrawConsent(sign('withdrawal', { ...who, ...withdrawn }, signer));
  const decisions = await ledger.evaluateConsent({ mspId, subjects, purpose, classes: ['pathology'], at: Date.now() });
  if (decisions.map(({ decision }) => decision).join() !== 'deny,permit') throw new Error(`the ledger decided ${JSON.stringify(decisions)}`);
  await ledger.appendAccess(sign('access', { ...who, actor: 'reader-7', action: 'disclose', object: 'd-1', purpose: 'audit' }, signer));

  const sealed = sealDetail(mspId, 'd-1', 'form 7, page 2', (bytes) => new Uint8Array(randomBytes(bytes)));
  await ledger.keepDetail(sign('detail', { ...who, id: 'd-1', digest: digestOf(sealed.sealed) }, signer), sealed.sealed);
  const kept = await ledger.getDetail('d-1');
  if (kept === undefined || digestOf(kept) !== (await ledger.checkDetail(mspId, 'd-1'))) throw new Error('the peers do not keep the detail that the ledger names');
  const text = openDetail(mspId, 'd-1', { sealed: kept, key: sealed.key });
  await ledger.eraseDetail(sign('erasure', { ...who, id: 'd-1' }, signer));
  if ((await ledger.getDetail('d-1')) !== undefined || (await ledger.checkDetail(mspId, 'd-1')) !== undefined) throw new Error('the detail is there after its erasure');
  return text;
}
