/** Fuzz targets: what goes under one-time tags by QKD keys, block tags and the three messages of a quantum signature. */
import { isGenuineBlockTag, readBlockTag, tagBlocks } from './block-tag.js';
import { CodedError } from './error.js';
import { isGenuineJudgement, isGenuineTransfer, isQuantumSigned, judge, makeTransfer, quantumSign, readJudgement, readQuantumSignature, readTransfer } from './quantum-signature.js';

const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (from + 5 * at) & 255);
const key = (id: string, from: number): { readonly id: string; readonly bytes: Uint8Array } => ({ id, bytes: bytes(from, 32) });
const isRefusal = (error: unknown): boolean => error instanceof CodedError || error instanceof SyntaxError;

const [receiverKey, arbiterKey, transferKey, answerKey, blockKey] = [key('r', 1), key('a', 2), key('t', 3), key('j', 4), key('b', 5)];
const signed = quantumSign({ signer: 'sae-a', receiver: 'sae-b', arbiter: 'sae-c' }, receiverKey, arbiterKey, bytes(9, 100));
const transfer = makeTransfer(signed, receiverKey.bytes, transferKey);
const judgement = judge(transfer, arbiterKey.bytes, answerKey);
const blocks = tagBlocks({ channel: 'epione', from: 'sae-a', to: 'sae-b', sequence: 3, first: 17, hashes: ['00', '11', '22'].map((byte) => byte.repeat(32)) }, blockKey);

/** A message that is taken for genuine says what the genuine one says: JSON has several spellings of it. */
const target = <T>(name: string, genuine: T, parse: (value: unknown) => T, isGenuine: (message: T) => boolean) => ({
  name, weight: 6, changed: 'readable', samples: () => [new TextEncoder().encode(JSON.stringify(genuine))], isRefusal,
  read: (input: Uint8Array): T => {
    const message = parse(JSON.parse(Buffer.from(input).toString('utf8')));
    if (!isGenuine(message)) throw new CodedError('BAD_SIGNATURE', 'the tag is wrong');
    if (JSON.stringify(parse(message)) !== JSON.stringify(parse(genuine))) throw new RangeError('false accept: another message has the right tag');
    return message;
  },
});

export const targets = [
  target('block tag', blocks, readBlockTag, (message) => isGenuineBlockTag(message, blockKey.bytes)),
  target('quantum signature', signed, readQuantumSignature, (message) => isQuantumSigned(message, receiverKey.bytes, arbiterKey.bytes)),
  target('quantum signature: transfer', transfer, readTransfer, (message) => isGenuineTransfer(message, transferKey.bytes)),
  target('quantum signature: judgement', judgement, readJudgement, (message) => isGenuineJudgement(message, answerKey.bytes)),
];
