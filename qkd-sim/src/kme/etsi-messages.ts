/** Faults of requests, and the sentences that ETSI GS QKD 014 V1.1.1 prescribes for some of them. */
import type { z } from 'zod';
import { type Answer, refusal } from './http.js';

/** The messages that the standard prescribes, with status 400 where it is not said otherwise. */
export const MESSAGES = {
  size: 'size shall be a multiple of 8',
  mandatoryUnknown: 'not all extension_mandatory parameters are supported',
  mandatoryUnmet: 'not all extension_mandatory request options could be met',
  /** Allowed as a refusal, not required: here it goes with the keys, which are delivered. */
  optional: 'not all extension_optional request options handled',
  notFound: 'one or more keys specified are not found on KME',
} as const;

/** What is wrong with one value of a request. */
export interface Fault {
  /** The member; empty for the whole body. */
  readonly name: string;
  readonly message: string;
}

/** The faults that a schema found. */
export const faultsIn = (error: z.ZodError): Fault[] => error.issues.map(({ path, message }) => ({ name: path.join('.'), message }));

const sentence = ({ name, message }: Fault): string => (prescribed({ name, message }) ? message : `${name === '' ? 'body' : name}: ${message}`);
const prescribed = ({ message }: Fault): boolean => Object.values<string>(MESSAGES).includes(message);

/**
 * The 400 for all faults of a request. A prescribed message stands alone; where there are several faults, `details`
 * lists all of them.
 */
export const badRequest = (faults: readonly Fault[]): Answer => {
  const message = faults.find(prescribed)?.message ?? faults.map(sentence).join('; ');
  return refusal(400, message, faults.length > 1 ? { details: faults.map(({ name, message: what }) => ({ [name === '' ? 'body' : name]: what })) } : {});
};
