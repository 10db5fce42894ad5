/** What queries are asked: one schema each, made once. */
import { z } from 'zod';
import { digest, epochNumber, mspId, roundNumber, text } from '../encoding/fields.js';

/** Of a query that answers in pages. */
export const pageQuestion = z.strictObject({ pageSize: z.int().min(1).max(500), bookmark: text.optional() });

export const participantQuestion = z.strictObject({ mspId });
export const recordQuestion = z.strictObject({ record: digest });
export const studyQuestion = z.strictObject({ study: digest });
export const proposalQuestion = z.strictObject({ proposal: digest });
export const proposalsQuestion = pageQuestion.extend({ study: digest });
export const roundQuestion = z.strictObject({ study: digest, round: roundNumber });
export const setupsQuestion = z.strictObject({ study: digest, epoch: epochNumber });
export const slotQuestion = roundQuestion.extend({ participant: mspId });
