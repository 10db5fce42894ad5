/** Rounds: submit, retract, close, abort, attest. Their state is derived, never written (PROTOCOL section 4). */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import {
  assertAttestation, assertClosing, assertRetraction, assertSubmission, attestation, closing, epochOf, footing, leftBeacon, openRound, readSigned, retraction, roundQuestion, slotQuestion, submission,
  type Attestation, type Closing, type Epoch, type Named, type OpeningEvidence, type Opened, type ParticipantRecord, type PreviousRound, type RoundContext, type RoundRecords, type Slot, type Stored, type StoredClosing, type Submission,
} from '@epione/protocol';
import { assertAuthor, authorPlaces, store } from './caller.js';
import { announce, get, history, put, putOwned, readAhead, refuseUnless, roundKey, txTime, type Ownership, type Place } from './ledger.js';
import { motionOf } from './motions.js';
import { courseOf, studyOf } from './study-contract.js';
import { answer, question, StrictContract } from './strict-contract.js';

/** The fields by which a statement names its round. */
interface RoundName {
  readonly study: string;
  readonly round: number;
}

async function present<T>(mspIds: readonly string[], read: (mspId: string) => Promise<T | undefined>): Promise<T[]> {
  const found: T[] = [];
  for (const mspId of mspIds) {
    const value = await read(mspId);
    if (value !== undefined) found.push(value);
  }
  return found;
}

/** Which keys of the round a transaction reads: all that it depends on enter its read set, and no more. */
interface Reads {
  readonly slots: readonly string[] | 'all';
  readonly attestations: readonly string[] | 'all';
}

const slotPlace = ({ study, round }: RoundName, mspId: string): Place => ['submission', study, roundKey(round), mspId];
const attestationPlace = ({ study, round }: RoundName, mspId: string): Place => ['attestation', study, roundKey(round), mspId];
const closingPlace = ({ study, round }: RoundName): Place => ['closing', study, roundKey(round)];
const slotOf = (ctx: Context, name: RoundName, mspId: string): Promise<Slot | undefined> => get<Slot>(ctx, ...slotPlace(name, mspId));
const closingOf = (ctx: Context, name: RoundName): Promise<StoredClosing | undefined> => get<StoredClosing>(ctx, ...closingPlace(name));
const attestationOf = (ctx: Context, name: RoundName, mspId: string): Promise<Stored<Attestation> | undefined> => get<Stored<Attestation>>(ctx, ...attestationPlace(name, mspId));

/** The keys of `contextOf` that a statement names by itself. */
function namedPlaces(name: RoundName, { slots, attestations }: Reads, after?: OpeningEvidence): Place[] {
  const before = { study: name.study, round: name.round - 1 };
  return [
    ['study', name.study], ['course', name.study], closingPlace(name),
    ...(after?.kind === 'ended' ? after.attesters.map((id) => attestationPlace(before, id)) : []),
    ...(after?.kind === 'aborted' ? [closingPlace(before)] : []),
    ...(slots === 'all' ? [] : slots.map((id) => slotPlace(name, id))),
    ...(attestations === 'all' ? [] : attestations.map((id) => attestationPlace(name, id))),
  ];
}

/** Reads what a rule needs to judge a statement, after the evidence that the round is open. */
export async function contextOf(ctx: Context, name: RoundName, reads: Reads, after?: OpeningEvidence): Promise<RoundContext> {
  await readAhead(ctx, namedPlaces(name, reads, after));
  const study = await studyOf(ctx, name.study);
  const course = await courseOf(ctx, name.study);
  const epoch = epochOf(course, name.round);
  refuseUnless(epoch !== undefined, 'ROUND_NOT_OPEN', `there is no epoch for round ${name.round}`);
  const before = { study: name.study, round: name.round - 1 };
  const previous: PreviousRound = {
    attestations: after?.kind === 'ended' ? await present(after.attesters, (id) => attestationOf(ctx, before, id)) : [],
    closing: after?.kind === 'aborted' ? await closingOf(ctx, before) : undefined,
  };
  // A retraction names no evidence: that its submission exists shows that the round was open.
  const opened: Opened = after === undefined ? { base: study.model.initial, openedAt: course.openedAt } : openRound(study, course, name.round, after, previous);
  const everySlot = epoch.participants.map((entry) => entry.mspId);
  await readAhead(ctx, [...(reads.slots === 'all' ? everySlot.map((id) => slotPlace(name, id)) : []), ...(reads.attestations === 'all' ? epoch.aggregators.map((id) => attestationPlace(name, id)) : [])]);
  const records: RoundRecords = {
    slots: await present(reads.slots === 'all' ? everySlot : reads.slots, (id) => slotOf(ctx, name, id)),
    closing: await closingOf(ctx, name),
    attestations: await present(reads.attestations === 'all' ? epoch.aggregators : reads.attestations, (id) => attestationOf(ctx, name, id)),
  };
  return { study, course, epoch, opened, records, now: txTime(ctx) };
}

/** A key of the round belongs to one of those who act in its epoch. Without a peer nobody could ever endorse as the owner, so then it belongs to all. */
const ownedBy = ({ mspId: owner, peerless }: ParticipantRecord, { participants, aggregators }: Epoch): Ownership | undefined =>
  peerless === true ? undefined : { owner, members: [...participants.map((entry) => entry.mspId), ...aggregators] };

/** A privacy budget is seen to grow from the site's own slot of the round before; that slot no longer changes. */
const slotBefore = async (ctx: Context, { study }: RoundContext, { study: digest, round, participant }: Submission): Promise<Slot | undefined> =>
  study.privacy.unit === 'none' || round === 1 ? undefined : slotOf(ctx, { study: digest, round: round - 1 }, participant);

async function writeClosing(ctx: Context, signed: Named<Closing>, kind: Closing['kind']): Promise<string> {
  const { statement } = signed;
  refuseUnless(statement.kind === kind, 'BAD_FIELD', `closing.kind: this transaction takes ${kind}`);
  await assertAuthor(ctx, 'closing', signed, statement.member);
  const reads: Reads = { slots: 'all', attestations: kind === 'abort' ? 'all' : [] };
  const context = await contextOf(ctx, statement, reads, statement.after);
  assertClosing(context, statement, await motionOf(ctx, statement.proposal, statement.approvals));
  const { beacon } = kind === 'abort' ? leftBeacon(context.opened, statement.round, [], []) : context.opened;
  const value: StoredClosing = { ...store(ctx, signed), ...footing(context.opened.base, context.opened.state, beacon) };
  await put(ctx, value, 'closing', statement.study, roundKey(statement.round));
  announce(ctx, { event: kind === 'close' ? 'roundClosed' : 'roundAborted', study: statement.study, round: statement.round, reason: statement.reason });
  return answer({ closing: signed.digest });
}

@Info({ title: 'Round', description: 'Submissions and attestations, each under its own key' })
export class RoundContract extends StrictContract {
  constructor() {
    super('Round');
  }

  /** A participant's update for a round: first and only one. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed submission')
  @Returns('string')
  async submit(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('submission', submission, Buffer.from(argument));
    const { statement } = signed;
    const reads: Reads = { slots: [statement.participant], attestations: [] };
    await readAhead(ctx, [...authorPlaces(statement.participant, statement.record), ...namedPlaces(statement, reads, statement.after)]);
    const author = await assertAuthor(ctx, 'submission', signed, statement.participant);
    const context = await contextOf(ctx, statement, reads, statement.after);
    assertSubmission({ ...context, slotBefore: await slotBefore(ctx, context, statement) }, statement);
    const slot: Slot = { kind: 'submission', ...store(ctx, signed) };
    await putOwned(ctx, slot, ownedBy(author, context.epoch), 'submission', statement.study, roundKey(statement.round), statement.participant);
    announce(ctx, { event: 'submitted', study: statement.study, round: statement.round, participant: statement.participant });
    return answer({ submission: signed.digest });
  }

  /** Takes an own submission back before the round is sealed; there is no second one in this round. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed retraction')
  @Returns('string')
  async retract(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('retraction', retraction, Buffer.from(argument));
    const { statement } = signed;
    await assertAuthor(ctx, 'retraction', signed, statement.participant);
    assertRetraction(await contextOf(ctx, statement, { slots: 'all', attestations: [] }), statement);
    const slot: Slot = { kind: 'retraction', ...store(ctx, signed) };
    await put(ctx, slot, 'submission', statement.study, roundKey(statement.round), statement.participant);
    announce(ctx, { event: 'retracted', study: statement.study, round: statement.round, participant: statement.participant });
    return answer({ retraction: signed.digest });
  }

  /** Closes a round after its deadline with the explicit list of live submissions. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed closing')
  @Returns('string')
  async closeRound(ctx: Context, argument: string): Promise<string> {
    return writeClosing(ctx, readSigned('closing', closing, Buffer.from(argument)), 'close');
  }

  /** Aborts a round that cannot end otherwise; the next one opens on the same base. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed closing')
  @Returns('string')
  async abortRound(ctx: Context, argument: string): Promise<string> {
    return writeClosing(ctx, readSigned('closing', closing, Buffer.from(argument)), 'abort');
  }

  /** An aggregator's result for a sealed round. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed attestation')
  @Returns('string')
  async attest(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('attestation', attestation, Buffer.from(argument));
    const { statement } = signed;
    const reads: Reads = { slots: 'all', attestations: [statement.aggregator] };
    await readAhead(ctx, [...authorPlaces(statement.aggregator, statement.record), ...namedPlaces(statement, reads, statement.after)]);
    const author = await assertAuthor(ctx, 'attestation', signed, statement.aggregator);
    const context = await contextOf(ctx, statement, reads, statement.after);
    assertAttestation(context, statement);
    await putOwned(ctx, store(ctx, signed), ownedBy(author, context.epoch), 'attestation', statement.study, roundKey(statement.round), statement.aggregator);
    announce(ctx, { event: 'attested', study: statement.study, round: statement.round, aggregator: statement.aggregator });
    return answer({ attestation: signed.digest });
  }

  /** All that the ledger holds of a round; the reader derives its state with the same pure function. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {round, study}')
  @Returns('string')
  async getRound(ctx: Context, argument: string): Promise<string> {
    const name = question(roundQuestion, argument);
    const epoch = epochOf(await courseOf(ctx, name.study), name.round);
    refuseUnless(epoch !== undefined, 'ROUND_NOT_OPEN', `there is no epoch for round ${name.round}`);
    await readAhead(ctx, [closingPlace(name), ...epoch.participants.map((entry) => slotPlace(name, entry.mspId)), ...epoch.aggregators.map((id) => attestationPlace(name, id))]);
    const slots = await present(epoch.participants.map((entry) => entry.mspId), (id) => slotOf(ctx, name, id));
    const attestations = await present(epoch.aggregators, (id) => attestationOf(ctx, name, id));
    return answer({ slots, closing: await closingOf(ctx, name), attestations });
  }

  /** What a participant's slot has held, newest first: a submission and, where it was taken back, the retraction. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {participant, round, study}')
  @Returns('string')
  async getSlotHistory(ctx: Context, argument: string): Promise<string> {
    const asked = question(slotQuestion, argument);
    return answer({ changes: await history<Slot>(ctx, 'submission', asked.study, roundKey(asked.round), asked.participant) });
  }
}
