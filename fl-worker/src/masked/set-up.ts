/** The set-up of masked mode: pair keys with every other participant, agreed on before an epoch opens and collected once it is open (PROTOCOL section 8). */
import {
  assertPairsOf, assertSignedBy, CodedError, concat, hashName, needsQkd, openPair, othersOf, padNeed, padPieces, participantsOf, readPairs, sealPairs, sign, statementDigest,
  type Digest, type Epoch, type Setup, type Signed, type Stored,
} from '@epione/protocol';
import { WorkerError } from '../error.js';
import type { QkdKey } from '../kme/key-delivery.js';
import { blobUrls, currentRecord, type StudyInForce } from '../round/course.js';
import { codeOf } from '../round/refusal.js';
import { keyFor, recipientWith, wipeSecrets } from '../round/seal.js';
import type { NamedRecord, Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';

/** An epoch that is to come: its number, first round and participants, sorted. */
export interface ComingEpoch {
  readonly epoch: number;
  readonly from: number;
  readonly participants: readonly string[];
}

/** A study that need not be open yet. */
export type SettledStudy = Pick<StudyInForce, 'digest' | 'document'>;
type Recorded = NamedRecord & { readonly mspId: string };

/** Whether a set-up is for this epoch, roster and records. */
function fits({ statement }: Signed<Setup>, { epoch, from }: ComingEpoch, own: Digest, higher: readonly Recorded[]): boolean {
  return statement.epoch === epoch && statement.from === from && statement.record === own
    && statement.pairs.map(({ to, record }) => `${to} ${record}`).join() === higher.map(({ mspId, digest }) => `${mspId} ${digest}`).join();
}

/** Both ends of the link that a pad with another participant comes over. @throws WorkerError QKD_UNAVAILABLE when an end has no key management entity. */
function padLink({ config, kme }: Site, mspId: string, saeId: string | undefined): { readonly kme: NonNullable<Site['kme']>; readonly saeId: string } {
  if (kme === undefined || saeId === undefined) throw new WorkerError('QKD_UNAVAILABLE', `${kme === undefined ? config.mspId : mspId} has no key management entity, and a one-time pad is QKD key`);
  return { kme, saeId };
}

/** A pad for an epoch with each of a site's higher participants; none is asked for before all links have enough. @throws WorkerError of the key management entity. */
async function newPads(site: Site, { document }: Pick<SettledStudy, 'document'>, higher: readonly Recorded[]): Promise<(QkdKey | undefined)[]> {
  const need = padNeed(document);
  if (need === undefined) return higher.map(() => undefined);
  const requests = await Promise.all(higher.map(async ({ mspId, record }) => {
    const { kme, saeId } = padLink(site, mspId, record.saeId);
    return { kme, request: await kme.padRequest(saeId, need.bytes * need.rounds) };
  }));
  return Promise.all(requests.map(({ kme, request }) => kme.newPad(request)));
}

/** The pieces of a pad. @throws WorkerError PAIR_KEY_MISSING for one that is too short. */
function piecesOf({ document }: Pick<SettledStudy, 'document'>, pad: Uint8Array, member: string): Uint8Array[] {
  const need = padNeed(document);
  try {
    return need === undefined ? [] : padPieces(pad, need.bytes, need.rounds);
  } catch (cause) {
    throw cause instanceof CodedError ? new WorkerError('PAIR_KEY_MISSING', `the pad with ${member}: ${cause.message}`, { cause }) : cause;
  }
}

async function agree(site: Site, study: SettledStudy, state: StudyState, { epoch, from }: ComingEpoch, higher: readonly Recorded[], mayFallBack: boolean): Promise<Signed<Setup>> {
  const { config, own } = site;
  const keys = await Promise.all(higher.map(({ mspId }) => keyFor(site, study, state.ring, mspId, mayFallBack)));
  const pads = await newPads(site, study, higher);
  const recipients = keys.map((key) => recipientWith(site, key));
  // The highest has nobody to agree with: the others agree with it.
  const pairs = keys.length === 0 ? undefined : sealPairs({ study: study.digest, epoch, round: from, from: config.mspId, fromRecord: own.digest }, recipients);
  wipeSecrets(recipients);
  const statement: Setup = {
    study: study.digest, epoch, from, participant: config.mspId, record: own.digest, ...(pairs === undefined ? {} : { blob: await site.blobs.put(pairs.blob, hashName(study.digest)) }),
    pairs: keys.map(({ to, digest, suite, qkd, reason }, at) => ({ to, record: digest, suite, keyIds: [...(qkd?.keyIds ?? [])], ...(pads[at] === undefined ? {} : { padKeyIds: [...pads[at].keyIds] }), ...(reason === undefined ? {} : { reason }) })),
  };
  const signed = sign('setup', statement, site.keys.signer);
  state.masks.keepSetup(signed, pairs?.keys ?? new Map(), new Map(keys.map(({ to }, at) => [to, piecesOf(study, pads[at]?.key ?? new Uint8Array(), to)])));
  return signed;
}

/**
 * Writes this site's set-up for a coming epoch, unless the ledger has it.
 * @param mayFallBack take the study's next suite for a pair whose QKD key is missing (`qkdMissing: fallback`, after the wait).
 * @returns all set-ups for it that the ledger has.
 * @throws WorkerError of the key management entity; CodedError of the ledger.
 */
export async function setUp(site: Site, study: SettledStudy, state: StudyState, coming: ComingEpoch, mayFallBack: boolean): Promise<readonly Stored<Setup>[]> {
  const { config, ledger, own, report } = site;
  const higher = await Promise.all(coming.participants.filter((id) => id > config.mspId).map(async (mspId) => ({ mspId, ...(await currentRecord(ledger, mspId)) })));
  const kept = state.masks.setup(coming.epoch);
  const signed = kept !== undefined && fits(kept, coming, own.digest, higher) ? kept : await agree(site, study, state, coming, higher, mayFallBack);
  const digest = statementDigest('setup', signed.statement);
  const there = await ledger.listSetups(study.digest, coming.epoch);
  if (there.some(({ statement }) => statementDigest('setup', statement) === digest)) return there;
  await ledger.setup(signed);
  report('set up', { epoch: coming.epoch, from: coming.from, pairs: signed.statement.pairs.length });
  return ledger.listSetups(study.digest, coming.epoch);
}

/** The set-up that an epoch names for a participant. @throws WorkerError UNAVAILABLE, CodedError BAD_SIGNATURE. */
async function namedSetup({ ledger }: Site, epoch: Epoch, setups: readonly Stored<Setup>[], mspId: string): Promise<{ readonly statement: Setup; readonly saeId: string | undefined }> {
  const entry = epoch.participants.find((one) => one.mspId === mspId);
  const found = setups.find(({ statement }) => statementDigest('setup', statement) === entry?.setup);
  const record = found === undefined ? undefined : await ledger.getRecord(found.statement.record);
  if (found === undefined || record === undefined) throw new WorkerError('UNAVAILABLE', `the ledger does not give the set-up of ${mspId} for epoch ${epoch.epoch}`);
  assertSignedBy('setup', found, record.statement);
  return { statement: found.statement, saeId: record.statement.saeId };
}

/** The other end's pad for the epoch of a set-up; empty where there is none. @throws WorkerError PAIR_KEY_MISSING when it cannot be had any more. */
async function samePad(site: Site, { document }: Pick<SettledStudy, 'document'>, state: StudyState, { participant, from, pairs }: Setup, of: string | undefined): Promise<Uint8Array> {
  if (padNeed(document) === undefined) return new Uint8Array();
  const keyIds = pairs.find(({ to }) => to === site.config.mspId)?.padKeyIds ?? [];
  const { kme, saeId } = padLink(site, participant, of);
  const { max_key_per_request: most } = await kme.status(saeId);
  const parts: Uint8Array[] = [];
  try {
    for (let at = 0; at < keyIds.length; at += most) {
      const some = keyIds.slice(at, at + most);
      parts.push(await state.ring.fromSender(from, `pad ${participant} ${at}`, some, () => kme.sameKeys(saeId, some)));
    }
  } catch (cause) {
    throw codeOf(cause) === 'QKD_KEY_NOT_FOUND' ? new WorkerError('PAIR_KEY_MISSING', `the pad with ${participant} cannot be had any more`, { cause }) : cause;
  }
  return concat(...parts);
}

async function collect(site: Site, study: StudyInForce, state: StudyState, epoch: Epoch, { statement, saeId }: Awaited<ReturnType<typeof namedSetup>>): Promise<void> {
  const { participant, blob, from, epoch: number } = statement;
  const { config, kme, keys, source } = site;
  if (blob === undefined) throw new WorkerError('PAIR_KEY_MISSING', `the set-up of ${participant} names no pairs`);
  const header = readPairs(await source.get(blob, blobUrls(site, study, [participant, ...participantsOf(epoch)])));
  assertPairsOf(statement, header);
  const entry = header.recipients.find(({ to }) => to === config.mspId);
  const { masterSae, keyIds } = entry ?? {};
  if (entry !== undefined && needsQkd(entry.suite) && kme === undefined) throw new WorkerError('QKD_UNAVAILABLE', `${config.mspId} has no key management entity to come to the pair key with ${participant}`);
  const qkdKey = masterSae === undefined || keyIds === undefined || kme === undefined ? undefined : await state.ring.fromSender(from, `pair ${participant}`, keyIds, () => kme.sameKey(masterSae, keyIds));
  const pad = await samePad(site, study, state, statement, saeId);
  state.masks.keepPair(number, from, participant, openPair(header, config.mspId, keys.kem, qkdKey), piecesOf(study, pad, participant));
}

/**
 * What this site shares in a round with all other participants of its epoch, pair keys or pieces of pads; what lower ones agreed on is collected first.
 * @throws WorkerError PAIR_KEY_MISSING when it cannot be had any more; BLOB_MISSING, UNAVAILABLE and of the key management entity when it may yet be.
 */
export async function sharedInRound(site: Site, study: StudyInForce, state: StudyState, epoch: Epoch, round: number): Promise<ReadonlyMap<string, Uint8Array>> {
  const { mspId } = site.config;
  const kept = (): Map<string, Uint8Array> => (padNeed(study.document) === undefined ? state.masks.pairKeys(epoch.epoch, round) : state.masks.pads(epoch.epoch, round));
  const here = kept();
  const lacking = othersOf({ participants: participantsOf(epoch) }, mspId).filter((id) => !here.has(id));
  if (lacking.length === 0) return here;
  if (lacking.some((id) => id > mspId)) throw new WorkerError('PAIR_KEY_MISSING', `the pair keys of epoch ${epoch.epoch} are not in the state of this site`);
  const setups = await site.ledger.listSetups(study.digest, epoch.epoch);
  for (const id of lacking) await collect(site, study, state, epoch, await namedSetup(site, epoch, setups, id));
  return kept();
}
