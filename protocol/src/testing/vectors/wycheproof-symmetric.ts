/** Wycheproof's tests of what seals: AES-256-GCM, HKDF-SHA-512, C2SP chunked encryption, Poly1305 inside ChaCha20-Poly1305. */
import { createCipheriv, createDecipheriv, hkdfSync, timingSafeEqual } from 'node:crypto';
import { inflateSync } from 'node:zlib';

import { GCM, gcmKey, openGcm, sealGcm } from '../../crypto/aes-gcm.js';
import { openChunks, sealChunks } from '../../sealing/chunked-encryption.js';
import { concat, sha512 } from '../../encoding/digest.js';
import { expand, hmacSha512 } from '../../crypto/hkdf.js';
import { poly1305 } from '../../crypto/poly1305.js';
import type { Case, VectorSet } from './case.js';
import { hex, same, wycheproof } from './files.js';

interface Aead {
  readonly testGroups: readonly {
    readonly keySize: number;
    readonly ivSize: number;
    readonly tests: readonly { readonly tcId: number; readonly key: string; readonly iv: string; readonly aad: string; readonly msg: string; readonly ct: string; readonly tag: string; readonly result: string }[];
  }[];
}

/** Sealing gives the published bytes, opening the message; an invalid test must not open. */
function* gcm(): Iterable<Case> {
  for (const { tests } of (wycheproof('aes_gcm') as Aead).testGroups.filter(({ keySize }) => keySize === 256)) {
    for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
      const [secret, nonce, message, sealed, bound] = [gcmKey(hex(key)), hex(iv), hex(msg), concat(hex(ct), hex(tag)), hex(aad)];
      // Ours has one length of nonce: a valid test with another is one to refuse.
      const valid = result === 'valid' && nonce.length === GCM.nonceBytes;
      yield {
        id: String(tcId), valid,
        run: {
          native: () => {
            const opened = openGcm(secret, nonce, sealed, new Uint8Array(message.length), bound);
            return same(opened, message) && same(sealGcm(secret, nonce, message, new Uint8Array(sealed.length), bound), sealed);
          },
        },
      };
    }
  }
}

/** RFC 8439's AEAD put together from OpenSSL's ChaCha20 and our Poly1305. */
function openByHand(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array, tag: Uint8Array): Uint8Array {
  const block = (counter: number): Uint8Array => concat(Uint8Array.of(counter, 0, 0, 0), nonce);
  const oneTimeKey = createCipheriv('chacha20', key, block(0)).update(new Uint8Array(32));
  const padding = (bytes: Uint8Array): Uint8Array => new Uint8Array((16 - (bytes.length % 16)) % 16);
  const lengths = new Uint8Array(16);
  const view = new DataView(lengths.buffer);
  view.setUint32(0, aad.length, true);
  view.setUint32(8, ciphertext.length, true);
  if (!timingSafeEqual(poly1305(oneTimeKey, concat(aad, padding(aad), ciphertext, padding(ciphertext), lengths)), tag)) throw new RangeError('another tag');
  return createCipheriv('chacha20', key, block(1)).update(ciphertext);
}

function* chacha(): Iterable<Case> {
  for (const { tests } of (wycheproof('chacha20_poly1305') as Aead).testGroups.filter(({ ivSize }) => ivSize === 96)) {
    for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
      yield {
        id: String(tcId), valid: result === 'valid',
        run: {
          native: () => {
            const decipher = createDecipheriv('chacha20-poly1305', hex(key), hex(iv), { authTagLength: 16 });
            const opened = decipher.setAuthTag(hex(tag)).setAAD(hex(aad), { plaintextLength: ct.length / 2 }).update(hex(ct));
            decipher.final();
            return same(opened, hex(msg));
          },
          javascript: () => same(openByHand(hex(key), hex(iv), hex(aad), hex(ct), hex(tag)), hex(msg)),
        },
      };
    }
  }
}

interface Hkdf {
  readonly testGroups: readonly { readonly tests: readonly { readonly tcId: number; readonly ikm: string; readonly salt: string; readonly info: string; readonly size: number; readonly okm: string; readonly result: string }[] }[];
}

function* hkdf(): Iterable<Case> {
  for (const { tcId, ikm, salt, info, size, okm, result } of (wycheproof('hkdf_sha512') as Hkdf).testGroups.flatMap((group) => group.tests)) {
    yield {
      id: String(tcId), valid: result === 'valid',
      run: {
        native: () => same(new Uint8Array(hkdfSync('sha512', hex(ikm), hex(salt), hex(info), size)), hex(okm)),
        javascript: () => same(expand(hmacSha512(hex(salt), hex(ikm)), hex(info), size), hex(okm)),
      },
    };
  }
}

interface Chunked {
  readonly testGroups: readonly { readonly tests: readonly { readonly tcId: number; readonly key: string; readonly ctx: string; readonly ct: string; readonly msgSha512?: string; readonly result: string }[] }[];
}

function* chunked(): Iterable<Case> {
  for (const { tcId, key, ctx, ct, msgSha512 = '', result } of (wycheproof('c2sp_chunked_encryption_aes_256_gcm') as Chunked).testGroups.flatMap((group) => group.tests)) {
    const sealed = new Uint8Array(inflateSync(hex(ct)));
    yield {
      id: String(tcId), valid: result === 'valid',
      run: {
        native: () => {
          const opened = openChunks(hex(key), hex(ctx), sealed);
          return same(sha512(opened), hex(msgSha512)) && same(sealChunks(hex(key), hex(ctx), opened, sealed.subarray(0, 24)), sealed);
        },
      },
    };
  }
}

/** All sets. */
export const symmetricSets: readonly VectorSet[] = [
  { name: 'Wycheproof AES-256-GCM', cases: gcm, leftOut: 'keys of 128 and 192 bits; nonces that are not 96 bits long count as tests to refuse' },
  { name: 'Wycheproof HKDF-SHA-512', cases: hkdf },
  { name: 'Wycheproof C2SP chunked encryption', cases: chunked, leftOut: 'AES-128' },
  { name: 'Wycheproof ChaCha20-Poly1305', cases: chacha, leftOut: 'nonces that are not 96 bits long' },
];
