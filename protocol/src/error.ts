/** The codes of PROTOCOL section 12 and the one error class that carries them across process boundaries. */

/** Every code a ledger rule, a format or an aggregator may answer with. Closed: a new code is a new protocol version. */
export const CODES = [
  'NOT_CANONICAL', 'BAD_FIELD', 'TOO_LARGE', 'UNKNOWN_TYPE', 'UNKNOWN_SUITE',
  'BAD_KEY', 'BAD_SIGNATURE', 'CALLER_MISMATCH', 'NOT_AUTHORISED', 'RECORD_NOT_CURRENT', 'RECORD_REVOKED',
  'STUDY_UNKNOWN', 'STUDY_INVALID', 'STUDY_EXISTS', 'STUDY_NOT_OPEN', 'STUDY_ENDED', 'NOT_APPROVED', 'ALREADY_APPROVED', 'RULE_BOUND',
  'EPOCH_NOT_NEW', 'EPOCH_WRONG', 'EPOCH_EXPIRED', 'SETUP_MISSING',
  'NOT_A_PARTICIPANT', 'NOT_AN_AGGREGATOR', 'ROUND_NOT_OPEN', 'ROUND_CLOSED', 'ROUND_SEALED', 'ROUND_ENDED', 'NOT_SEALED', 'TOO_EARLY',
  'TOO_FEW', 'STALE_BASE', 'WRONG_SET', 'ALREADY_SUBMITTED', 'NOT_SUBMITTED', 'ALREADY_ATTESTED', 'BAD_BEACON', 'BUDGET_SPENT',
  'SUITE_REFUSED', 'RECIPIENTS_WRONG', 'EQUIVOCATION',
  'BLOB_MISSING', 'BLOB_MISMATCH', 'UNOPENABLE',
  'QKD_UNAVAILABLE', 'QKD_EXHAUSTED', 'QKD_KEY_NOT_FOUND', 'QKD_NOT_ENTITLED', 'PAIR_KEY_MISSING',
  'NOT_FINITE', 'CLIP_EXCEEDED', 'WEIGHT_OUT_OF_RANGE', 'BAD_ENCODING', 'NORM_EXCEEDED', 'SUM_OUT_OF_RANGE',
  'PAIR_MISMATCH', 'REVEAL_MISSING', 'REVEAL_MISMATCH', 'SHARE_MISMATCH', 'TOO_FEW_SHARES', 'PAD_LOST', 'SET_DIFFERS',
  'CONSENT_WITHDRAWN', 'CONSENT_EMPTY', 'PURPOSE_REFUSED',
  'CONFLICT', 'UNAVAILABLE', 'EVIDENCE_INCOMPLETE',
] as const;

/** One code of PROTOCOL section 12. */
export type Code = (typeof CODES)[number];

const known: ReadonlySet<string> = new Set(CODES);

/** Tells whether a text is one of the protocol's codes. */
export const isCode = (text: string): text is Code => known.has(text);

/**
 * An error that programs tell by `code` and people by `message`.
 * @typeParam C the closed union of codes of the package that throws it; the protocol's own by default.
 */
export class CodedError<C extends string = Code> extends Error {
  readonly code: C;

  constructor(code: C, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CodedError';
    this.code = code;
  }
}

/** Refuses unless a condition holds. @throws CodedError `code`. */
export function refuseUnless(condition: boolean, code: Code, sentence: string): asserts condition {
  if (!condition) throw new CodedError(code, sentence);
}
