/** What the chaincode announces with a transaction: a typed envelope, because Fabric carries one event a transaction. */
import { z } from 'zod';
import { decodeCanonical, type Json } from '../encoding/canonical-json.js';
import { digest, epochNumber, mspId, parse, roundNumber, text } from '../encoding/fields.js';

const inRound = { study: digest, round: roundNumber };

/** One thing that happened, named by `event`. */
export const announcement = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('participantRegistered'), mspId, record: digest }),
  z.strictObject({ event: z.literal('participantRevoked'), mspId, record: digest }),
  z.strictObject({ event: z.literal('studyRegistered'), study: digest }),
  z.strictObject({ event: z.literal('studyDecided'), study: digest, member: mspId, decision: z.enum(['approve', 'reject']) }),
  z.strictObject({ event: z.literal('studyOpened'), study: digest }),
  z.strictObject({ event: z.literal('proposed'), study: digest, proposal: digest, member: mspId, kind: text }),
  z.strictObject({ event: z.literal('proposalDecided'), study: digest, proposal: digest, member: mspId, decision: z.enum(['approve', 'reject']) }),
  z.strictObject({ event: z.literal('epochOpened'), study: digest, epoch: epochNumber, from: roundNumber }),
  z.strictObject({ event: z.literal('studyEnded'), study: digest, from: roundNumber }),
  z.strictObject({ event: z.literal('setUp'), study: digest, epoch: epochNumber, participant: mspId }),
  z.strictObject({ event: z.literal('submitted'), ...inRound, participant: mspId }),
  z.strictObject({ event: z.literal('retracted'), ...inRound, participant: mspId }),
  z.strictObject({ event: z.literal('roundClosed'), ...inRound, reason: text }),
  z.strictObject({ event: z.literal('roundAborted'), ...inRound, reason: text }),
  z.strictObject({ event: z.literal('attested'), ...inRound, aggregator: mspId }),
  z.strictObject({ event: z.literal('consentGranted'), mspId, count: z.int().min(1) }),
  z.strictObject({ event: z.literal('consentWithdrawn'), mspId }),
  z.strictObject({ event: z.literal('accessed'), mspId, action: text, object: text }),
  z.strictObject({ event: z.literal('detailKept'), mspId, id: text }),
  z.strictObject({ event: z.literal('detailErased'), mspId, id: text }),
  z.strictObject({ event: z.literal('cosigned'), mspId, size: z.int().min(1) }),
]);
export type Announcement = z.infer<typeof announcement>;

/** The payload of a transaction's event. Fabric's own event name is that of the first announcement, so that listeners can filter. */
export const announcements = z.strictObject({ version: z.literal(1), announcements: z.array(announcement).min(1).max(64) });

/** The payload for some announcements. */
export const announcementEnvelope = (all: readonly Announcement[]): Json => ({ version: 1, announcements: [...all] });

/** Reads a payload. @throws CodedError NOT_CANONICAL, BAD_FIELD with all faults. */
export const readAnnouncements = (payload: Uint8Array): readonly Announcement[] => parse(announcements, decodeCanonical(payload), 'event').announcements;
