/** Fuzz targets: one-time pads, and composite signatures. */
import { generateKeyPairSync } from 'node:crypto';
import { newCompositeSigner, verifyComposite } from './composite.js';
import { concat } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { openPad, padKeyBytes, sealPad } from './one-time-pad.js';

const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (from + 3 * at) & 255);
const isRefusal = (error: unknown): boolean => error instanceof CodedError;

const context = bytes(1, 20);
const [short, long] = [32, 100].map((length) => ({ key: bytes(7, padKeyBytes(length)), plaintext: bytes(9, length) })) as [{ key: Uint8Array; plaintext: Uint8Array }, { key: Uint8Array; plaintext: Uint8Array }];

const classical = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const signer = newCompositeSigner(concat(bytes(5, 32), classical.export({ format: 'der', type: 'sec1' })));

export const targets = [
  {
    name: 'one-time pad', weight: 6, changed: 'refused', samples: () => [short, long].map(({ key, plaintext }) => sealPad(key, context, plaintext)), isRefusal,
    // The length tells which key it is for, as a key_ID does.
    read: (input: Uint8Array) => openPad(input.length === 48 ? short.key : long.key, context, input),
  },
  {
    name: 'composite signature', weight: 2, changed: 'refused', samples: () => [signer.sign(context)], isRefusal,
    read: (input: Uint8Array) => {
      if (!verifyComposite(signer.publicKey, context, input)) throw new CodedError('BAD_SIGNATURE', 'not signed');
    },
  },
];
