/** Fuzz targets: sealed updates, the wraps in them and chunked encryption open as they were sealed, or not at all. */
import { decodeCanonical, encodeCanonical, type Json } from '../encoding/canonical-json.js';
import { openChunks, sealChunks } from './chunked-encryption.js';
import { concat, fromBase64Url, toBase64Url, type Digest } from '../encoding/digest.js';
import { inMemory } from './byte-source.js';
import { CodedError } from '../error.js';
import { base64url } from '../encoding/fields.js';
import { unwrapKey, wrapKey, type WrapContext } from '../crypto/key-wrap.js';
import { encapsulate, kemLengths, newKemKeys } from '../crypto/ml-kem.js';
import { openStored, readStored } from './sealed-stream.js';
import { openPayload, readSealed, sealUpdate, unwrapFor } from './sealed-update.js';

const of = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => from + at);
const isRefusal = (error: unknown): boolean => error instanceof CodedError;

const keys = newKemKeys('mlkem768', bytes(1, 64));
const { ciphertext, sharedSecret } = encapsulate('mlkem768', keys.encapsulationKey, (length) => bytes(3, length));
const [qkdKey, contentKey, salt] = [bytes(0x20, 32), bytes(0x40, 32), bytes(9, 24)];
const shared = { study: of('1'), epoch: 1, round: 7, purpose: 'update', from: 'HospitalA', fromRecord: of('2') } as const;
const to = { suite: 'seal-mlkem768-qkd', to: 'HospitalB', toRecord: of('4'), masterSae: 'sae-a', slaveSae: 'sae-b', keyIds: ['key-1', 'key-2'] } as const;
const kem = { encapsulationKey: keys.encapsulationKey, ciphertext };

const seal = (length: number): Uint8Array => sealUpdate({
  ...shared, payload: bytes(0, length), contentKey, salt,
  recipients: [{ context: { ...to, ...kem }, sharedSecret, qkdKey }, { context: { ...kem, suite: 'seal-mlkem768', to: 'HospitalC', toRecord: of('5') }, sharedSecret }],
});

/** Everything that a wrap is bound to, as bytes: three secrets and outputs of fixed length, the ciphertext, the rest as canonical JSON. */
const parts = [32, 32, 48, kemLengths.mlkem768.ciphertext, kemLengths.mlkem768.encapsulationKey];
const about = { ...shared, ...to };
const wrapInput = (): Uint8Array => concat(sharedSecret, qkdKey, wrapKey({ ...about, ...kem }, sharedSecret, qkdKey, contentKey), ciphertext, keys.encapsulationKey, encodeCanonical(about));

function readWrap(input: Uint8Array): Uint8Array {
  let at = 0;
  const [secret = input, key = input, wrapped = input, sent = input, own = input] = parts.map((length) => input.subarray(at, (at += length)));
  const said = decodeCanonical(input.subarray(at)) as Record<string, Json>;
  // What no header can hold is no change of it.
  if (Object.keys(said).join() !== Object.keys(about).sort().join()) throw new CodedError('BAD_FIELD', 'other members than those of a wrap');
  return unwrapKey({ ...(said as unknown as WrapContext), ciphertext: sent, encapsulationKey: own }, secret, key, wrapped);
}

const context = bytes(5, 40);

export const targets = [
  {
    name: 'sealed update', weight: 6, changed: 'refused', samples: () => [0, 100, 17_000].map(seal), isRefusal,
    read: (input: Uint8Array) => {
      const sealed = readSealed(input);
      return openPayload(sealed, unwrapFor(sealed, 'HospitalB', keys, qkdKey));
    },
  },
  {
    name: 'sealed update, streamed', weight: 5, changed: 'refused', samples: () => [0, 100, 17_000].map(seal), isRefusal,
    read: async (input: Uint8Array) => {
      const stored = await readStored(inMemory(input));
      const reader = await openStored(stored, contentKey);
      // Whether the wraps are the sealed ones is bound to the header, which the payload binds.
      return reader.all();
    },
  },
  { name: 'sealed update, its header', weight: 12, changed: 'readable', samples: () => [seal(100)], isRefusal, read: (input: Uint8Array) => readSealed(input).header },
  { name: 'key wrap', weight: 8, changed: 'refused', samples: () => [wrapInput()], isRefusal, read: readWrap },
  {
    name: 'chunked encryption', weight: 10, changed: 'refused', samples: () => [0, 1, 16_384, 20_000].map((length) => sealChunks(contentKey, context, bytes(0, length), salt)), isRefusal,
    read: (input: Uint8Array) => openChunks(contentKey, context, input),
  },
  { name: 'base64url', weight: 5, changed: 'canonical', samples: () => [bytes(0, 65), bytes(0, 66), bytes(0, 67)].map((part) => new TextEncoder().encode(toBase64Url(part))), isRefusal, read: readBase64Url },
];

/** As fields of a statement are read. */
function readBase64Url(input: Uint8Array): Uint8Array {
  const text = base64url.safeParse(new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(input));
  if (!text.success) throw new CodedError('BAD_FIELD', 'no base64url');
  return new TextEncoder().encode(toBase64Url(fromBase64Url(text.data)));
}
