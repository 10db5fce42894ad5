/** Fuzz targets: quantum signatures, what receiver and arbiter tell each other about them, and block tags hold as they were made, or not at all. */
import { isGenuineBlockTag, readBlockTag, tagBlocks } from './block-tag.js';
import { CodedError } from '../error.js';
import { isGenuineDelivery, isGenuineJudgement, isGenuineTransfer, isQuantumSigned, judge, makeTransfer, quantumSign, readJudgement, readQuantumSignature, readTransfer } from './quantum-signature.js';

const key = (fill: number): { id: string; bytes: Uint8Array } => ({ id: `key-${fill}`, bytes: Uint8Array.from({ length: 32 }, (_, at) => (at * 37 + fill) & 255) });
const [withReceiver, withArbiter, sent, there, back] = [key(1), key(2), key(6), key(3), key(4)];
const sign = (length: number): ReturnType<typeof quantumSign> => quantumSign({ signer: 'sae-a', receiver: 'sae-b', arbiter: 'sae-c' }, { receiverKey: withReceiver, arbiterKey: withArbiter, tagKey: sent }, new Uint8Array(length).fill(7));
const transfer = makeTransfer(sign(20), withReceiver.bytes, there);
const blocks = tagBlocks({ channel: 'epione', from: 'sae-a', to: 'sae-b', sequence: 3, first: 9, hashes: ['00', 'a1'].map((byte) => byte.repeat(32)) }, key(5));

const utf8 = new TextEncoder();
const bytesOf = (message: object): Uint8Array => utf8.encode(JSON.stringify(message));
const isRefusal = (error: unknown): boolean => error instanceof CodedError || error instanceof SyntaxError;

/** A reader of the message that also asks for the spelling: another one of the same is no change of it. */
const reading = <T extends object>(read: (value: unknown) => T, isGenuine: (message: T) => boolean) => (input: Uint8Array): T => {
  const text = Buffer.from(input).toString();
  const message = read(JSON.parse(text));
  if (JSON.stringify(message) !== text || !isGenuine(message)) throw new CodedError('BAD_SIGNATURE', 'not the message that was tagged');
  return message;
};

export const targets = [
  { name: 'quantum signature', weight: 1, changed: 'refused', samples: () => [0, 20, 400].map((length) => bytesOf(sign(length))), isRefusal, read: reading(readQuantumSignature, (message) => isGenuineDelivery(message, sent.bytes) && isQuantumSigned(message, withReceiver.bytes, withArbiter.bytes)) },
  { name: 'transfer of a quantum signature', weight: 1, changed: 'refused', samples: () => [bytesOf(transfer)], isRefusal, read: reading(readTransfer, (message) => isGenuineTransfer(message, there.bytes)) },
  { name: 'judgement of a quantum signature', weight: 1, changed: 'refused', samples: () => [bytesOf(judge(transfer, withArbiter.bytes, back))], isRefusal, read: reading(readJudgement, (message) => isGenuineJudgement(message, back.bytes)) },
  { name: 'block tag', weight: 1, changed: 'refused', samples: () => [bytesOf(blocks)], isRefusal, read: reading(readBlockTag, (message) => isGenuineBlockTag(message, key(5).bytes)) },
];
