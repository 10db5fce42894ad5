/** Wycheproof's tests of ML-KEM (decapsulation, encapsulation and key check, key generation, expanded keys) and of X25519. */
import { decapsulate } from 'node:crypto';

import { ml_kem1024, ml_kem768 } from '@noble/post-quantum/ml-kem.js';

import { encapsulate, newKemKeys, type KemBackend, type KemSuite } from '../../crypto/ml-kem.js';
import { newX25519Keys } from '../../crypto/x25519.js';
import type { Case, VectorSet } from './case.js';
import { expandedKey } from './expanded-key.js';
import { hex, same, wycheproof } from './files.js';

interface Groups<Test> {
  readonly testGroups: readonly { readonly tests: readonly (Test & { readonly tcId: number; readonly result: string; readonly flags?: readonly string[] })[] }[];
}

const noble = { mlkem768: ml_kem768, mlkem1024: ml_kem1024 } as const;
const numbers = { mlkem768: 768, mlkem1024: 1024 } as const;
const testsOf = <Test>(name: string) => (wycheproof(name) as Groups<Test>).testGroups.flatMap((group) => group.tests);

function* decapsulation(suite: KemSuite): Iterable<Case> {
  for (const { tcId, seed, ek, c, K, result } of testsOf<{ seed: string; ek?: string; c: string; K: string }>(`mlkem_${numbers[suite]}`)) {
    const by = (backend: KemBackend) => (): boolean => {
      const keys = newKemKeys(suite, hex(seed), backend);
      return (ek === undefined || same(keys.encapsulationKey, hex(ek))) && same(keys.decapsulate(hex(c)), hex(K));
    };
    yield { id: String(tcId), valid: result === 'valid', run: { native: by('native'), javascript: by('noble') } };
  }
}

/** OpenSSL takes no m from outside: it accepts the key, or refuses it. */
function* encapsulation(suite: KemSuite): Iterable<Case> {
  for (const { tcId, ek, m, c, K, result } of testsOf<{ ek: string; m: string; c: string; K: string }>(`mlkem_${numbers[suite]}_encaps`)) {
    yield {
      id: String(tcId), valid: result === 'valid',
      run: {
        native: () => encapsulate(suite, hex(ek)).sharedSecret.length === 32,
        javascript: () => {
          const { ciphertext, sharedSecret } = encapsulate(suite, hex(ek), () => hex(m));
          return same(ciphertext, hex(c)) && same(sharedSecret, hex(K));
        },
      },
    };
  }
}

function* generation(suite: KemSuite): Iterable<Case> {
  for (const { tcId, seed, ek, dk, result } of testsOf<{ seed: string; ek: string; dk: string }>(`mlkem_${numbers[suite]}_keygen_seed`)) {
    yield {
      id: String(tcId), valid: result === 'valid',
      run: {
        native: () => same(newKemKeys(suite, hex(seed), 'native').encapsulationKey, hex(ek)),
        javascript: () => same(newKemKeys(suite, hex(seed), 'noble').encapsulationKey, hex(ek)) && same(noble[suite].keygen(hex(seed)).secretKey, hex(dk)),
      },
    };
  }
}

function* expanded(suite: KemSuite): Iterable<Case> {
  for (const { tcId, dk, c, K, result } of testsOf<{ dk: string; c: string; K: string }>(`mlkem_${numbers[suite]}_semi_expanded_decaps`)) {
    yield {
      id: String(tcId), valid: result === 'valid',
      run: {
        native: () => same(decapsulate(expandedKey(suite, hex(dk)), hex(c)), hex(K)),
        javascript: () => same(noble[suite].decapsulate(hex(c), hex(dk)), hex(K)),
      },
    };
  }
}

/** Points of small order are left to the implementation by the tests, and refused by ours. */
function* x25519(): Iterable<Case> {
  for (const { tcId, private: secret, public: other, shared, flags = [] } of testsOf<{ private: string; public: string; shared: string }>('x25519')) {
    yield { id: String(tcId), valid: !flags.includes('ZeroSharedSecret'), run: { native: () => same(newX25519Keys(hex(secret)).agree(hex(other)), hex(shared)) } };
  }
}

/** All sets, by suite. */
export const kemSets: readonly VectorSet[] = [
  ...(['mlkem768', 'mlkem1024'] as const).flatMap((suite) => [
    { name: `Wycheproof ML-KEM-${numbers[suite]} decapsulate`, cases: () => decapsulation(suite) },
    { name: `Wycheproof ML-KEM-${numbers[suite]} encapsulate`, cases: () => encapsulation(suite) },
    { name: `Wycheproof ML-KEM-${numbers[suite]} key generation`, cases: () => generation(suite) },
    { name: `Wycheproof ML-KEM-${numbers[suite]} expanded key`, cases: () => expanded(suite) },
  ]),
  { name: 'Wycheproof X25519', cases: x25519 },
];
