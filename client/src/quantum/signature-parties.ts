/**
 * What signer, receiver and arbiter do with a quantum signature: sign, forward, judge, accept, each step once. The rule that makes
 * it secure is the order: the arbiter gives its part of the key away only after the receiver has fixed the document.
 */
import {
  fromBase64Url, isGenuineDelivery, isGenuineJudgement, isGenuineTransfer, isQuantumSigned, judge, makeTransfer, quantumSign, readJudgement, readTransfer,
  type Judgement, type QuantumSignature, type Transfer,
} from '@epione/protocol';
import { QuantumError } from './error.js';
import type { OneTimeKeys } from './one-time-keys.js';

/** One of the three, at its key management entity. */
export interface QuantumParty {
  /** The SAE ID of this party. */
  readonly own: string;
  readonly keys: OneTimeKeys;
}

/** How a signed document ended. */
export interface Acceptance {
  readonly valid: boolean;
  readonly signed: QuantumSignature;
}

function assertAddressed(named: string, own: string, part: string): void {
  if (named !== own) throw new QuantumError('NOT_ADDRESSED', `the message names ${named} as ${part}, this is ${own}`);
}

/**
 * The signer: signs a document of at most 1 MiB under two fresh keys, one shared with each of the others, and tags it for the receiver under a third.
 * @throws QuantumError KEY_UNAVAILABLE; CodedError BAD_FIELD, BAD_KEY.
 */
export async function signDocument({ own, keys }: QuantumParty, others: { readonly receiver: string; readonly arbiter: string }, document: Uint8Array): Promise<QuantumSignature> {
  const receiverKey = await keys.take(others.receiver, 'signature');
  const arbiterKey = await keys.take(others.arbiter, 'signature');
  const tagKey = await keys.take(others.receiver, 'delivery');
  return quantumSign({ signer: own, ...others }, { receiverKey, arbiterKey, tagKey }, document);
}

/**
 * The receiver: fixes what it received and hands it to the arbiter with its part of the key. It does not know yet whether it is good.
 * @throws QuantumError NOT_ADDRESSED; BAD_TAG for a document that is not the signer's, which uses up no part of its key; KEY_USED for
 *   another document under the same key; KEY_UNAVAILABLE.
 */
export async function forwardSignature({ own, keys }: QuantumParty, signed: QuantumSignature): Promise<Transfer> {
  assertAddressed(signed.receiver, own, 'receiver');
  const { signer, receiverKey, arbiter, tagKey } = signed;
  const before = keys.book.answerTo(signer, receiverKey, 'transfer', signed);
  if (before !== undefined) return readTransfer(before);
  const genuine = isGenuineDelivery(signed, await keys.copy(signer, tagKey, 'delivery'));
  if (!genuine) throw new QuantumError('BAD_TAG', `the signed document is not the one that ${signer} sent`);
  const share = await keys.copy(signer, receiverKey, 'signature');
  const transfer = makeTransfer(signed, share, await keys.take(arbiter, 'transfer'));
  keys.book.fix(signer, receiverKey, 'transfer', signed, transfer);
  keys.book.finish(signer, receiverKey);
  keys.book.finish(signer, tagKey);
  return transfer;
}

/**
 * The arbiter: judges what the receiver fixed, and gives its own part of the key away, once.
 * @throws QuantumError NOT_ADDRESSED; BAD_TAG for a message that is not the receiver's, which uses up no part of the signature's key;
 *   KEY_USED for another document under the same key; KEY_UNAVAILABLE.
 */
export async function judgeTransfer({ own, keys }: QuantumParty, transfer: Transfer): Promise<Judgement> {
  const { signer, receiver, arbiter, arbiterKey } = transfer.signed;
  assertAddressed(arbiter, own, 'arbiter');
  const before = keys.book.answerTo(signer, arbiterKey, 'judgement', transfer);
  if (before !== undefined) return readJudgement(before);
  const genuine = isGenuineTransfer(transfer, await keys.copy(receiver, transfer.tagKey, 'transfer'));
  if (!genuine) throw new QuantumError('BAD_TAG', `the transfer is not the one that ${receiver} sent`);
  const share = await keys.copy(signer, arbiterKey, 'signature');
  const judgement = judge(transfer, share, await keys.take(receiver, 'judgement'));
  keys.book.fix(signer, arbiterKey, 'judgement', transfer, judgement);
  keys.book.finish(signer, arbiterKey);
  keys.book.finish(receiver, transfer.tagKey);
  return judgement;
}

/**
 * The receiver: checks the signature with the arbiter's part of the key.
 * @throws QuantumError NOT_EXPECTED when nothing was forwarded under this key; BAD_TAG; DISPUTED; KEY_USED; KEY_UNAVAILABLE.
 */
export async function acceptJudgement({ own, keys }: QuantumParty, judgement: Judgement): Promise<Acceptance> {
  const { signer, receiver, arbiter, receiverKey, arbiterKey, tagKey, valid } = judgement;
  assertAddressed(receiver, own, 'receiver');
  const forwarded = keys.book.answered(signer, receiverKey, 'transfer');
  const transfer = forwarded === undefined ? undefined : readTransfer(forwarded);
  if (transfer?.signed.arbiter !== arbiter || transfer.signed.arbiterKey !== arbiterKey) throw new QuantumError('NOT_EXPECTED', `nothing of ${signer} was forwarded to ${arbiter} under the key ${receiverKey}`);
  const { signed, share } = transfer;
  if (keys.book.answerTo(arbiter, tagKey, 'judgement', judgement) !== undefined) return { valid, signed };
  const genuine = isGenuineJudgement(judgement, await keys.copy(arbiter, tagKey, 'judgement'));
  if (!genuine) throw new QuantumError('BAD_TAG', `the judgement is not the one that ${arbiter} sent`);
  if (isQuantumSigned(signed, fromBase64Url(share), fromBase64Url(judgement.share)) !== valid) throw new QuantumError('DISPUTED', `${arbiter} finds the signature ${valid ? 'good' : 'bad'}, ${own} does not: one of them did not follow the protocol`);
  keys.book.fix(arbiter, tagKey, 'judgement', judgement, { valid });
  keys.book.finish(arbiter, tagKey);
  return { valid, signed };
}
