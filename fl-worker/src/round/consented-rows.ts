/** Which rows may be trained on in a round: those whose person's consent is in force on the ledger, and the commitment to that set (PROTOCOL section 10). */
import { readFile } from 'node:fs/promises';
import { blockDigest, readBlock } from '@epione/client';
import { consentCommitment, consentRef, consentSubject, fromHex, subjectKey, toHex, type ConsentDecision, type Digest, type Study, type Submission } from '@epione/protocol';
import { z } from 'zod';
import { selectRows, type Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import type { RoundLedger, Site } from '../site/site.js';
import type { RoundView, StudyInForce } from './course.js';

const secretHex = z.string().regex(/^[0-9a-f]{64}$/, 'a secret of 32 bytes in lower-case hex');

/** Row ID to the person's secret, which the hospital destroys on erasure. */
const consentFile = z.record(z.string().min(1), z.strictObject({ secret: secretHex }));
export type Consents = z.infer<typeof consentFile>;

/** Rows of a round and what the submission says about their consents. */
export interface ConsentedRows {
  readonly data: Dataset;
  readonly consent?: NonNullable<Submission['consent']>;
  /** Name of the person behind each row, known to this site only. */
  readonly persons: readonly string[];
  /** Pseudonyms of the persons behind the rows. */
  readonly subjects: readonly string[];
}

/** Most pseudonyms that the ledger evaluates in one question. */
const questionSize = 512;

/** Reads a consents file, JSON `{row ID: {secret}}`. @throws WorkerError DATA_INVALID. */
export async function readConsents(path: string): Promise<Consents> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    // A fault of the JSON repeats what stands around it, such as a person's secret.
    throw new WorkerError('DATA_INVALID', `cannot read the consents ${path}`, cause instanceof SyntaxError ? {} : { cause });
  }
  const result = consentFile.safeParse(value);
  if (result.success) return result.data;
  const rows = result.error.issues.slice(0, 20).map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
  throw new WorkerError('DATA_INVALID', `the consents ${path} are not as expected: ${rows.join('; ')}`);
}

/** What the ledger says of each pseudonym of a hospital for a study, in order. @param at periods are judged at this time, ms since 1970 UTC. */
export async function decideConsents(ledger: Pick<RoundLedger, 'evaluateConsent'>, mspId: string, { purpose, consent }: Study, subjects: readonly string[], at: number): Promise<ConsentDecision[]> {
  const asked = { mspId, purpose: { duo: purpose.duo, reason: purpose.reason }, classes: consent.classes, at };
  const decisions: ConsentDecision[] = [];
  for (let from = 0; from < subjects.length; from += questionSize) decisions.push(...(await ledger.evaluateConsent({ ...asked, subjects: subjects.slice(from, from + questionSize) })));
  return decisions;
}

const decide = ({ ledger, config }: Site, { document }: StudyInForce, subjects: readonly string[], at: number): Promise<ConsentDecision[]> =>
  decideConsents(ledger, config.mspId, document, subjects, at);

/** A transaction stands in its block with its name in clear. */
const consentTransactions = ['Consent:grantConsent', 'Consent:withdrawConsent'];

async function mayHaveChanged({ ledger }: Site, since: number): Promise<boolean> {
  for await (const { bytes } of ledger.blocks(since)) if (consentTransactions.some((name) => Buffer.from(bytes).includes(name))) return true;
  return false;
}

/** When consents are judged: a round's opening, and the transactions that the ledger's state must hold by then. */
interface Moment {
  readonly opened: Pick<RoundView['opened'], 'openedAt'>;
  readonly openedBy: readonly string[];
}

/** Decisions of one ledger state, because consents are judged at one named block: asked again when a consent was written in between. */
async function snapshot(site: Site, study: StudyInForce, subjects: readonly string[], { opened, openedBy }: Moment): Promise<{ decisions: ConsentDecision[]; height: number }> {
  const at = opened.openedAt;
  const openedIn = Math.max(0, ...(await Promise.all(openedBy.map((txId) => site.ledger.blockOf(txId)))));
  for (;;) {
    const before = await site.ledger.height();
    // Two questions may be answered by two peers: one that lags would name a block from before the round was open.
    if (before <= openedIn) throw new WorkerError('UNAVAILABLE', `block ${openedIn}, with which the round was opened, has not reached this peer`);
    const decisions = await decide(site, study, subjects, at);
    if (!(await mayHaveChanged(site, before))) return { decisions, height: before - 1 };
  }
}

async function nameOfBlock(site: Site, height: number): Promise<Digest> {
  for await (const { bytes } of site.ledger.blocks(height)) return blockDigest(readBlock(bytes)) as Digest;
  throw new WorkerError('UNAVAILABLE', `block ${height} is not to be had`);
}

/**
 * The rows that may be trained on in a round. A study that does not require consent takes all.
 * @throws WorkerError CONSENT_EMPTY when no row is left, DATA_MISSING without a consents file.
 */
export async function consentedRows(site: Site, study: StudyInForce, view: Moment, data: Dataset): Promise<ConsentedRows> {
  if (!study.document.consent.required) return { data, persons: data.ids, subjects: [] };
  const file = site.config.data?.consents;
  if (file === undefined) throw new WorkerError('DATA_MISSING', 'the study requires consents, and the configuration names no consents file', { remedy: 'Set data.consents and data.idColumn.' });
  const consents = await readConsents(file); // every round, because a secret may have been destroyed since
  const people = data.ids.map((id, row) => ({ row, secret: consents[id]?.secret })).filter((person): person is { row: number; secret: string } => person.secret !== undefined);
  const secrets = [...new Set(people.map(({ secret }) => secret))];
  const subjects = secrets.map((secret) => consentSubject(fromHex(secret), site.config.mspId));
  const { decisions, height } = await snapshot(site, study, subjects, view);
  const permitted = new Map(secrets.flatMap((secret, at) => (decisions[at]?.decision === 'permit' ? [[secret, decisions[at].consentId ?? ''] as const] : [])));
  const chosen = people.filter(({ secret }) => permitted.has(secret));
  const rows = chosen.map(({ row }) => row);
  if (rows.length === 0) throw new WorkerError('CONSENT_EMPTY', 'no row has a consent in force for this study');
  const refs = [...permitted].map(([secret, consentId]) => consentRef(subjectKey(fromHex(secret), study.digest), consentId));
  const consent = { commitment: toHex(consentCommitment(refs)), height, block: await nameOfBlock(site, height) };
  return { data: selectRows(data, rows), consent, persons: chosen.map(({ secret }) => secret), subjects: subjects.filter((_, at) => decisions[at]?.decision === 'permit') };
}

/** Whether one of these persons has withdrawn by now. */
export async function anyWithdrawn(site: Site, study: StudyInForce, view: RoundView, subjects: readonly string[]): Promise<boolean> {
  if (subjects.length === 0) return false;
  const decisions = await decide(site, study, subjects, view.opened.openedAt);
  return decisions.some(({ code }) => code === 'CONSENT_WITHDRAWN');
}
