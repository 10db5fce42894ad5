/** Fuzz targets: pair objects and bundles of shares lead to what was agreed on and dealt, or to nothing. */
import type { Digest } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { encapsulate, newKemKeys } from '../crypto/ml-kem.js';
import { maskUpdate, openBundle } from './dealer.js';
import { openPair, readPairs, sealPairs } from './pair-blob.js';
import { reveal, revealFor, secretIn } from './reveal.js';
import type { Roster } from './roster.js';
import { encodeCanonical } from '../encoding/canonical-json.js';
import { readSigned } from '../statements/signed.js';

const of = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (from + 7 * at) & 255);
const isRefusal = (error: unknown): boolean => error instanceof CodedError;

const keys = newKemKeys('mlkem768', bytes(1, 64));
const { ciphertext, sharedSecret } = encapsulate('mlkem768', keys.encapsulationKey, (length) => bytes(3, length));
const qkdKey = bytes(9, 32);
const context = { suite: 'seal-mlkem768-qkd', to: 'HospitalB', toRecord: of('4'), masterSae: 'sae-a', slaveSae: 'sae-b', keyIds: ['key-1'], encapsulationKey: keys.encapsulationKey, ciphertext } as const;
const pairs = sealPairs({ study: of('1'), epoch: 1, round: 3, from: 'HospitalA', fromRecord: of('2') }, [{ context, sharedSecret, qkdKey }]);

const roster: Roster = { study: of('1'), epoch: 1, round: 3, participants: ['HospitalA', 'HospitalB', 'HospitalC'], expansion: 'mask-aes256ctr' };
const pairKeys = new Map([['HospitalB', bytes(5, 64)], ['HospitalC', bytes(6, 64)]]);
const padded: Roster = { ...roster, expansion: 'mask-otp' };
const pads = new Map([['HospitalB', bytes(5, 64 + 192)], ['HospitalC', bytes(6, 64 + 192)]]);
const [padBundle] = maskUpdate(new Uint8Array(64), 64, padded, 'HospitalA', bytes(7, 32), pads, (length) => bytes(8, length)).bundles;
const [bundle] = maskUpdate(new Uint8Array(64), 64, roster, 'HospitalA', bytes(7, 32), pairKeys, (length) => bytes(8, length)).bundles;

export const targets = [
  { name: 'pair object', weight: 3, changed: 'refused', samples: () => [pairs.blob], isRefusal, read: (input: Uint8Array) => openPair(readPairs(input), 'HospitalB', keys, qkdKey) },
  { name: 'bundle of shares', weight: 2, changed: 'refused', samples: () => [bundle?.bytes ?? new Uint8Array()], isRefusal, read: (input: Uint8Array) => openBundle(bytes(5, 64), roster, { dealer: 'HospitalA', holder: 'HospitalB' }, input) },
  { name: 'bundle under a pad', weight: 2, changed: 'refused', samples: () => [padBundle?.bytes ?? new Uint8Array()], isRefusal, read: (input: Uint8Array) => openBundle(bytes(5, 64 + 192), padded, { dealer: 'HospitalA', holder: 'HospitalB' }, input) },
  {
    name: 'reveal with a pad', weight: 3, changed: 'readable', isRefusal,
    samples: () => [encodeCanonical({ signature: 'AAAA', statement: { study: of('1'), epoch: 1, round: 3, participant: 'HospitalA', record: of('2'), set: of('3'), ...revealFor(padded, ['HospitalA', 'HospitalB'], 'HospitalA', bytes(7, 32), pads, []) } })],
    read: (input: Uint8Array) => readSigned('reveal', reveal, input).statement.pairs.map(secretIn),
  },
];
