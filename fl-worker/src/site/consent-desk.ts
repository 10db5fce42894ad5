/** What a hospital records about its patients' consents: secrets for new persons, consents by pseudonym, withdrawals. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { consentSubject, fromHex, sign, toHex, type Consent, type ConsentDecision, type Digest, type Study, type Withdrawal } from '@epione/protocol';
import { readCsv } from '../data/csv.js';
import { WorkerError } from '../error.js';
import type { RandomBytes } from '../keys/seed-lock.js';
import { decideConsents, readConsents, type Consents } from '../round/consented-rows.js';
import { currentRecord, readStudyView } from '../round/course.js';
import type { Membership } from './membership.js';

/** Persons a statement of consent names at most: the ledger takes 256, and each is a key to write. */
const batchSize = 128;

/** Where rows and secrets are. @throws WorkerError DATA_MISSING. */
function files({ config }: Membership): { train: string; idColumn: string; consents: string } {
  const { train, idColumn, consents } = config.data ?? {};
  if (train === undefined || idColumn === undefined || consents === undefined) {
    throw new WorkerError('DATA_MISSING', 'the configuration names no rows whose consents could be recorded', { remedy: 'Set data.train, data.idColumn and data.consents.' });
  }
  return { train, idColumn, consents };
}

/** All row IDs of the data file, without reading anything else of it. @throws WorkerError DATA_MISSING, DATA_INVALID. */
async function rowIds(train: string, idColumn: string): Promise<string[]> {
  const text = await readFile(train, 'utf8').catch((cause: unknown) => {
    throw new WorkerError('DATA_MISSING', `cannot read the data file ${train}`, { cause });
  });
  const { columns, records } = readCsv(text);
  const at = columns.indexOf(idColumn);
  if (at < 0) throw new WorkerError('DATA_INVALID', `column ${idColumn}: missing column`);
  return records.map((record) => record.cells[at] ?? '');
}

const known = async (path: string): Promise<Consents> => readConsents(path).catch((error: unknown) => {
  if ((error as { cause?: { code?: string } }).cause?.code === 'ENOENT') return {};
  throw error;
});

/** Secrets of all rows; new ones are on the disk before any pseudonym made from them leaves. */
async function secretsOf(path: string, ids: readonly string[], random: RandomBytes): Promise<Consents> {
  const before = await known(path);
  const missing = ids.filter((id) => before[id] === undefined);
  if (missing.length === 0) return before;
  const all = { ...before, ...Object.fromEntries(missing.map((id) => [id, { secret: toHex(random(32)) }])) };
  await writeFile(`${path}.draft`, `${JSON.stringify(all, null, 1)}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.draft`, path);
  return all;
}

const evaluate = ({ ledger, config }: Membership, study: Study, subjects: readonly string[], at: number): Promise<ConsentDecision[]> =>
  decideConsents(ledger, config.mspId, study, subjects, at);

/** What `consent grant` did. */
export interface Granted {
  readonly rows: number;
  /** Consents recorded now; the others were in force before. */
  readonly granted: number;
  /** Persons who had withdrawn: they are not asked for by this command. */
  readonly withdrawn: number;
}

/**
 * Records that all persons of the data file permit a study's purpose and data classes. Doing it again records nothing twice;
 * a consent that was withdrawn stays withdrawn.
 * @throws WorkerError DATA_MISSING, DATA_INVALID; CodedError of the ledger.
 */
export async function grantConsents(membership: Membership, studyDigest: Digest, random: RandomBytes, now: number): Promise<Granted> {
  const { ledger, keys, profile, config } = membership;
  const { train, idColumn, consents } = files(membership);
  const { document } = await readStudyView(ledger, studyDigest);
  const ids = [...new Set(await rowIds(train, idColumn))];
  const secrets = await secretsOf(consents, ids, random);
  const subjects = ids.map((id) => consentSubject(fromHex(secrets[id]?.secret ?? ''), config.mspId));
  const decisions = await evaluate(membership, document, subjects, now);
  const open = decisions.filter(({ code }) => code === 'CONSENT_EMPTY' || code === 'PURPOSE_REFUSED').map(({ subject }) => subject);
  const grants = open.map((subject) => ({ consentId: toHex(random(16)), subject })).sort((a, b) => (a.consentId < b.consentId ? -1 : 1));
  const record = (await currentRecord(ledger, config.mspId)).digest;
  for (let from = 0; from < grants.length; from += batchSize) {
    const statement: Consent = {
      channel: profile.channel, genesis: profile.genesis as Digest, mspId: config.mspId, record,
      purpose: { duo: document.purpose.duo, reason: document.purpose.reason }, classes: document.consent.classes, grants: grants.slice(from, from + batchSize),
    };
    await ledger.grantConsent(sign('consent', statement, keys.signer));
  }
  return { rows: ids.length, granted: grants.length, withdrawn: decisions.filter(({ code }) => code === 'CONSENT_WITHDRAWN').length };
}

/**
 * Withdraws the consent of one row's person to a study; it stops the next round.
 * @throws WorkerError CONSENT_EMPTY when there is none in force, DATA_MISSING.
 */
export async function withdrawConsent(membership: Membership, studyDigest: Digest, row: string, now: number): Promise<{ consentId: string }> {
  const { ledger, keys, profile, config } = membership;
  const secret = (await readConsents(files(membership).consents))[row]?.secret;
  if (secret === undefined) throw new WorkerError('CONSENT_EMPTY', `the consents file knows no row ${row}`);
  const subject = consentSubject(fromHex(secret), config.mspId);
  const { document } = await readStudyView(ledger, studyDigest);
  const [decision] = await evaluate(membership, document, [subject], now);
  if (decision?.consentId === undefined) throw new WorkerError(decision?.code ?? 'CONSENT_EMPTY', `row ${row} has no consent in force for the study`);
  const record = (await currentRecord(ledger, config.mspId)).digest;
  const statement: Withdrawal = { channel: profile.channel, genesis: profile.genesis as Digest, mspId: config.mspId, record, consentId: decision.consentId, subject };
  await ledger.withdrawConsent(sign('withdrawal', statement, keys.signer));
  return { consentId: decision.consentId };
}
