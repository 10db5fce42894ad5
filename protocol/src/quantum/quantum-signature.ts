/**
 * Three-party quantum digital signatures: signer, receiver and arbiter, by one-time universal hashing under QKD keys (Yin et al.,
 * National Science Review 10, nwac228, 2023; decision 0020). The signer's key is the XOR of two keys, one shared with the receiver
 * and one with the arbiter, so that neither can sign alone. The receiver gives its part to the arbiter together with the document,
 * the arbiter answers with the other part, and both judge by the same bytes. Every message carries a one-time tag of the two it is between.
 */
import { z } from 'zod';
import { concat, frame, fromBase64Url, toBase64Url } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { keyId, parse, saeId } from '../encoding/fields.js';
import { isTagOf, ONE_TIME_KEY_BYTES, oneTimeTag, TAG_BYTES } from './one-time-tag.js';

/** Most bytes of a document that is signed. */
export const DOCUMENT_BYTES = 1024 * 1024;

/** Bytes as base64url, in the one spelling that `toBase64Url` gives. */
const bytes = (least: number, most: number): z.ZodType<string> =>
  z.string().max(Math.ceil(most * 4 / 3)).refine((text) => toBase64Url(fromBase64Url(text)) === text && fromBase64Url(text).length >= least, `base64url of ${least === most ? least : `${least} to ${most}`} bytes`);

const tag = bytes(TAG_BYTES, TAG_BYTES);
const share = bytes(ONE_TIME_KEY_BYTES, ONE_TIME_KEY_BYTES);

/** The three, by the SAE IDs under which their key management entities know them. */
const parties = { signer: saeId, receiver: saeId, arbiter: saeId };

const signature = z.strictObject({
  version: z.literal(1),
  ...parties,
  /** key_ID of the signer's key with the receiver, */
  receiverKey: keyId,
  /** and with the arbiter. */
  arbiterKey: keyId,
  document: bytes(0, DOCUMENT_BYTES),
  signature: tag,
  /** key_ID of a key that the signer took for this message, as master of the receiver. */
  tagKey: keyId,
  tag,
}).refine(({ signer, receiver, arbiter }) => new Set([signer, receiver, arbiter]).size === 3, 'three different parties');

const transfer = z.strictObject({
  version: z.literal(1),
  signed: signature,
  /** The receiver's part of the key. */
  share,
  /** key_ID of a key that the receiver took for this message, as master of the arbiter. */
  tagKey: keyId,
  tag,
});

const judgement = z.strictObject({
  version: z.literal(1),
  signer: saeId, receiver: saeId, arbiter: saeId,
  receiverKey: keyId,
  arbiterKey: keyId,
  /** What the arbiter found. */
  valid: z.boolean(),
  /** The arbiter's part of the key. */
  share,
  /** key_ID of a key that the arbiter took for this message, as master of the receiver. */
  tagKey: keyId,
  tag,
});

/** A signed document, as the signer sends it to the receiver. */
export type QuantumSignature = z.output<typeof signature>;
/** What the receiver hands to the arbiter, before it knows more than its part of the key. */
export type Transfer = z.output<typeof transfer>;
/** What the arbiter answers, after the document is fixed. */
export type Judgement = z.output<typeof judgement>;
/** SAE IDs of the three. */
export type Parties = Readonly<Record<keyof typeof parties, string>>;

/** A QKD key that two share: its key_ID, and 32 bytes that serve once. */
export interface OneTimeKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** Reads a signature from outside. @throws CodedError BAD_FIELD with all faults. */
export const readQuantumSignature = (value: unknown): QuantumSignature => parse(signature, value, 'signature');
/** Reads a transfer from outside. @throws CodedError BAD_FIELD with all faults. */
export const readTransfer = (value: unknown): Transfer => parse(transfer, value, 'transfer');
/** Reads a judgement from outside. @throws CodedError BAD_FIELD with all faults. */
export const readJudgement = (value: unknown): Judgement => parse(judgement, value, 'judgement');

/** The bytes of the signed document. */
export const documentOf = (signed: QuantumSignature): Uint8Array => fromBase64Url(signed.document);

const whole = (one: Uint8Array, other: Uint8Array): Uint8Array => {
  if (one.length !== ONE_TIME_KEY_BYTES || other.length !== ONE_TIME_KEY_BYTES) throw new CodedError('BAD_KEY', `both parts of a key have ${ONE_TIME_KEY_BYTES} bytes`);
  return one.map((byte, at) => byte ^ (other[at] ?? 0));
};

type Unsigned = Omit<QuantumSignature, 'signature' | 'tag' | 'tagKey' | 'version'>;

const signedBy = ({ signer, receiver, arbiter, receiverKey, arbiterKey, document }: Unsigned): Uint8Array =>
  frame('epione/v1/quantum-signature', signer, receiver, arbiter, receiverKey, arbiterKey, fromBase64Url(document));

/** What the signer sends, but for its tag. */
const sent = (signed: Omit<QuantumSignature, 'tag' | 'version'>): Uint8Array =>
  frame('epione/v1/quantum-delivery', signed.tagKey, concat(signedBy(signed), fromBase64Url(signed.signature)));

/** Three keys of 32 bytes that a signature uses up. */
export interface SigningKeys {
  /** Shared with the receiver. */
  readonly receiverKey: OneTimeKey;
  /** Shared with the arbiter. */
  readonly arbiterKey: OneTimeKey;
  /** Shared with the receiver, for the message. */
  readonly tagKey: OneTimeKey;
}

/**
 * Signs a document of at most 1 MiB.
 * @throws CodedError BAD_KEY as `oneTimeTag`, BAD_FIELD for parties that are not three or a longer document.
 */
export function quantumSign(three: Parties, { receiverKey, arbiterKey, tagKey }: SigningKeys, document: Uint8Array): QuantumSignature {
  const unsigned = { ...three, receiverKey: receiverKey.id, arbiterKey: arbiterKey.id, document: toBase64Url(document) };
  const made = oneTimeTag(whole(receiverKey.bytes, arbiterKey.bytes), signedBy(unsigned));
  const untagged = { ...unsigned, signature: toBase64Url(made), tagKey: tagKey.id };
  return readQuantumSignature({ version: 1, ...untagged, tag: toBase64Url(oneTimeTag(tagKey.bytes, sent(untagged))) });
}

/** Whether a signed document came from the signer to the receiver. @param key 32 bytes behind `tagKey`. @throws CodedError BAD_KEY as `oneTimeTag`. */
export const isGenuineDelivery = (signed: QuantumSignature, key: Uint8Array): boolean => isTagOf(fromBase64Url(signed.tag), key, sent(signed));

/** Whether a document was signed under these two parts of the key. @throws CodedError BAD_KEY as `oneTimeTag`. */
export const isQuantumSigned = (signed: QuantumSignature, receiverShare: Uint8Array, arbiterShare: Uint8Array): boolean =>
  isTagOf(fromBase64Url(signed.signature), whole(receiverShare, arbiterShare), signedBy(signed));

/** The whole message that the receiver got, and its part of the key. */
const transferred = ({ signed, share: part, tagKey }: Omit<Transfer, 'tag' | 'version'>): Uint8Array =>
  frame('epione/v1/quantum-transfer', tagKey, sent(signed), fromBase64Url(signed.tag), fromBase64Url(part));

/** Hands a signed document with the receiver's part of its key to the arbiter. @throws CodedError BAD_KEY as `oneTimeTag`. */
export function makeTransfer(signed: QuantumSignature, receiverShare: Uint8Array, tagKey: OneTimeKey): Transfer {
  const untagged = { signed, share: toBase64Url(receiverShare), tagKey: tagKey.id };
  return { version: 1, ...untagged, tag: toBase64Url(oneTimeTag(tagKey.bytes, transferred(untagged))) };
}

/** Whether a transfer is the receiver's. @param key 32 bytes behind `tagKey`. @throws CodedError BAD_KEY as `oneTimeTag`. */
export const isGenuineTransfer = (made: Transfer, key: Uint8Array): boolean => isTagOf(fromBase64Url(made.tag), key, transferred(made));

const judged = ({ signer, receiver, arbiter, receiverKey, arbiterKey, valid, share: part, tagKey }: Omit<Judgement, 'tag' | 'version'>): Uint8Array =>
  frame('epione/v1/quantum-judgement', signer, receiver, arbiter, receiverKey, arbiterKey, valid ? 1 : 0, fromBase64Url(part), tagKey);

/** Judges a transfer, and answers with the arbiter's part of the key. @throws CodedError BAD_KEY as `oneTimeTag`. */
export function judge({ signed, share: part }: Transfer, arbiterShare: Uint8Array, tagKey: OneTimeKey): Judgement {
  const { signer, receiver, arbiter, receiverKey, arbiterKey } = signed;
  const valid = isQuantumSigned(signed, fromBase64Url(part), arbiterShare);
  const untagged = { signer, receiver, arbiter, receiverKey, arbiterKey, valid, share: toBase64Url(arbiterShare), tagKey: tagKey.id };
  return { version: 1, ...untagged, tag: toBase64Url(oneTimeTag(tagKey.bytes, judged(untagged))) };
}

/** Whether a judgement is the arbiter's. @param key 32 bytes behind `tagKey`. @throws CodedError BAD_KEY as `oneTimeTag`. */
export const isGenuineJudgement = (made: Judgement, key: Uint8Array): boolean => isTagOf(fromBase64Url(made.tag), key, judged(made));
