/**
 * The randomness of a site: the system's generator XOR a keystream whose key was extracted from the quantum source, as
 * in SP 800-90C two sources are combined so that one of them being good is enough.
 */
import { createCipheriv, createHash } from 'node:crypto';
import type { FillRandom } from '../random.js';
import type { TestedSource } from './tested-source.js';

/** Raw samples for one key: 0.9 · 384 = 345 bits, 64 more than its 256, so that it has full entropy (SP 800-90B, 3.1.5). */
const SAMPLES = 384;
/** Bytes under one key: what SP 800-90A lets a generator give for one request. */
const REQUEST_BYTES = 65_536;

/**
 * Mixes the two.
 * @returns a generator that throws QkdError RANDOMNESS when the source has failed
 */
export const mixedRandom = (system: FillRandom, source: TestedSource): FillRandom => (bytes) => {
  for (let at = 0; at < bytes.length; at += REQUEST_BYTES) {
    const part = bytes.subarray(at, at + REQUEST_BYTES);
    const key = createHash('sha256').update(source.samples(SAMPLES)).digest();
    system(part);
    // Encrypting in counter mode is the XOR with the keystream; each key is used once.
    part.set(createCipheriv('aes-256-ctr', key, new Uint8Array(16)).update(part));
  }
};
