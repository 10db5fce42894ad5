/** Wycheproof's tests of ML-DSA: verification, signing from a seed, signing with an expanded key. */
import { sign, verify as opensslVerify, createPublicKey } from 'node:crypto';

import { ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';

import { newSigner, verifyWith, type SignatureSuite } from '../../crypto/ml-dsa.js';
import { isNoteSignature } from '../../tlog/algorithms.js';
import type { Case, VectorSet } from './case.js';
import { expandedKey } from './expanded-key.js';
import { hex, same, wycheproof } from './files.js';

interface Test {
  readonly tcId: number;
  readonly msg?: string;
  readonly mu?: string;
  readonly ctx?: string;
  readonly rnd?: string;
  readonly sig: string;
  readonly result: string;
}
interface Groups<Group> {
  readonly testGroups: readonly (Group & { readonly tests: readonly Test[] })[];
}

const noble = { mldsa65: ml_dsa65, mldsa87: ml_dsa87 } as const;
const numbers = { mldsa65: 65, mldsa87: 87 } as const;

function* verification(suite: SignatureSuite): Iterable<Case> {
  for (const { publicKey, tests } of (wycheproof(`mldsa_${numbers[suite]}_verify`) as Groups<{ publicKey: string }>).testGroups) {
    for (const { tcId, msg = '', ctx = '', sig, result } of tests) {
      const by = (backend: 'native' | 'noble') => (): boolean => verifyWith(backend, suite, hex(publicKey), hex(msg), hex(sig), hex(ctx));
      yield { id: String(tcId), valid: result === 'valid', run: { native: by('native'), javascript: by('noble') } };
    }
  }
}

/** ML-DSA-44 is no suite: it cosigns checkpoints for others, without context. */
function* ofNotes(): Iterable<Case> {
  for (const { publicKey, tests } of (wycheproof('mldsa_44_verify') as Groups<{ publicKey: string }>).testGroups) {
    for (const { tcId, msg = '', sig, result } of tests.filter(({ ctx = '' }) => ctx === '')) {
      const by = (backend: 'native' | 'noble') => (): boolean => isNoteSignature('mldsa44', hex(publicKey), hex(msg), hex(sig), backend);
      yield { id: String(tcId), valid: result === 'valid', run: { native: by('native'), javascript: by('noble') } };
    }
  }
}

/** Tests that give µ in place of a message are for who computes it elsewhere: only noble can be asked. A test with both is run with its message. */
const withMu = (suite: SignatureSuite, secretKey: () => Uint8Array, { tcId, mu = '', rnd = '00'.repeat(32), sig, result }: Test): Case => ({
  id: String(tcId), valid: result === 'valid', run: { javascript: () => same(noble[suite].internal.sign(hex(mu), secretKey(), { externalMu: true, extraEntropy: hex(rnd) }), hex(sig)) },
});

/** noble's signature is the published one; OpenSSL's is hedged, so it verifies in noble, and the published one in OpenSSL. */
function* fromSeed(suite: SignatureSuite): Iterable<Case> {
  for (const { privateSeed, publicKey, tests } of (wycheproof(`mldsa_${numbers[suite]}_sign_seed`) as Groups<{ privateSeed: string; publicKey: string }>).testGroups) {
    for (const test of tests) {
      const { tcId, msg, ctx = '', rnd = '00'.repeat(32), sig, result } = test;
      if (msg === undefined) {
        yield withMu(suite, () => noble[suite].keygen(hex(privateSeed)).secretKey, test);
        continue;
      }
      const [message, context] = [hex(msg), hex(ctx)];
      yield {
        id: String(tcId), valid: result === 'valid',
        run: {
          javascript: () => same(newSigner(suite, hex(privateSeed), 'noble', () => hex(rnd)).sign(message, context), hex(sig)),
          native: () => {
            const signer = newSigner(suite, hex(privateSeed), 'native');
            const signature = signer.sign(message, context);
            return same(signer.publicKey, hex(publicKey)) && verifyWith('noble', suite, signer.publicKey, message, signature, context) && verifyWith('native', suite, signer.publicKey, message, hex(sig), context);
          },
        },
      };
    }
  }
}

function* fromExpanded(suite: SignatureSuite): Iterable<Case> {
  for (const { privateKey, tests } of (wycheproof(`mldsa_${numbers[suite]}_sign_noseed`) as Groups<{ privateKey: string }>).testGroups) {
    for (const test of tests) {
      const { tcId, msg, ctx = '', rnd = '00'.repeat(32), sig, result } = test;
      if (msg === undefined) {
        yield withMu(suite, () => hex(privateKey), test);
        continue;
      }
      const [message, context] = [hex(msg), hex(ctx)];
      yield {
        id: String(tcId), valid: result === 'valid',
        run: {
          javascript: () => same(noble[suite].sign(message, hex(privateKey), { context, extraEntropy: hex(rnd) }), hex(sig)),
          native: () => {
            const key = expandedKey(suite, hex(privateKey));
            const publicKey = createPublicKey(key);
            return opensslVerify(null, message, { key: publicKey, context }, hex(sig)) && verifyWith('noble', suite, new Uint8Array(publicKey.export({ format: 'raw-public' })), message, sign(null, message, { key, context }), context);
          },
        },
      };
    }
  }
}

const leftOut = 'OpenSSL: tests that give µ in place of a message';

/** All sets, by suite. */
export const signatureSets: readonly VectorSet[] = [{ name: 'Wycheproof ML-DSA-44 verify', cases: ofNotes, leftOut: 'contexts' }, ...(['mldsa65', 'mldsa87'] as const).flatMap((suite) => [
  { name: `Wycheproof ML-DSA-${numbers[suite]} verify`, cases: () => verification(suite) },
  { name: `Wycheproof ML-DSA-${numbers[suite]} sign, seed`, cases: () => fromSeed(suite), leftOut },
  { name: `Wycheproof ML-DSA-${numbers[suite]} sign, expanded`, cases: () => fromExpanded(suite), leftOut },
])];
