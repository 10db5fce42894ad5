/** NIST's ACVP tests of ML-DSA (FIPS 204) and ML-KEM (FIPS 203): key generation, signing, verification, encapsulation, decapsulation. */
import { decapsulate } from 'node:crypto';

import { ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem1024, ml_kem768 } from '@noble/post-quantum/ml-kem.js';

import { newSigner } from '../../crypto/ml-dsa.js';
import { encapsulate, newKemKeys } from '../../crypto/ml-kem.js';
import type { Case, VectorSet } from './case.js';
import { expandedKey } from './expanded-key.js';
import { acvp, hex, same } from './files.js';

const signatures = { 'ML-DSA-65': { suite: 'mldsa65', noble: ml_dsa65 }, 'ML-DSA-87': { suite: 'mldsa87', noble: ml_dsa87 } } as const;
const kems = { 'ML-KEM-768': { suite: 'mlkem768', noble: ml_kem768 }, 'ML-KEM-1024': { suite: 'mlkem1024', noble: ml_kem1024 } } as const;

type Fields = Readonly<Record<string, string>>;
interface Part {
  readonly testGroups: readonly (Readonly<Record<string, unknown>> & { readonly tests: readonly (Fields & { readonly tcId: number })[] })[];
}

/** Prompts with what is expected of them, of one parameter set; `group` are the fields that a group's tests share. */
export function* joined(prompt: string, expected: string, parameterSet: string): Iterable<{ id: string; group: Fields; test: Fields; answer: Fields }> {
  const answers = new Map((acvp(expected) as Part).testGroups.flatMap((group) => group.tests).map((test) => [test.tcId, test]));
  for (const { tests, ...group } of (acvp(prompt) as Part).testGroups) {
    if (group['parameterSet'] !== parameterSet) continue;
    for (const test of tests) yield { id: String(test.tcId), group: group as Fields, test, answer: answers.get(test.tcId) ?? {} };
  }
}
/** A field that a test must have. */
export function field(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined) throw new Error(`the test has no ${name}`);
  return value;
}

const files = (folder: string): [string, string] => [`${folder}/prompt`, `${folder}/expectedResults`];

function* signatureKeys(name: keyof typeof signatures): Iterable<Case> {
  const { suite, noble } = signatures[name];
  for (const { id, test, answer } of joined(...files('sign/mldsa/testdata/ML-DSA-keyGen-FIPS204'), name)) {
    const [seed, pk, sk] = [hex(field(test, 'seed')), hex(field(answer, 'pk')), hex(field(answer, 'sk'))];
    yield { id, valid: true, run: { native: () => same(newSigner(suite, seed, 'native').publicKey, pk), javascript: () => same(newSigner(suite, seed, 'noble').publicKey, pk) && same(noble.keygen(seed).secretKey, sk) } };
  }
}

/** Of the interface below contexts, which Node does not offer. */
function* signing(name: keyof typeof signatures): Iterable<Case> {
  const { noble } = signatures[name];
  for (const { id, test, answer } of joined(...files('sign/mldsa/testdata/ML-DSA-sigGen-FIPS204'), name)) {
    const [sk, message, rnd, signature] = [hex(field(test, 'sk')), hex(field(test, 'message')), hex(test['rnd'] ?? '00'.repeat(32)), hex(field(answer, 'signature'))];
    yield { id, valid: true, run: { javascript: () => same(noble.internal.sign(message, sk, { extraEntropy: rnd }), signature) } };
  }
}

function* verification(name: keyof typeof signatures): Iterable<Case> {
  const { noble } = signatures[name];
  for (const { id, group, test, answer } of joined(...files('sign/mldsa/testdata/ML-DSA-sigVer-FIPS204'), name)) {
    const [pk, message, signature] = [hex(field(group, 'pk')), hex(field(test, 'message')), hex(field(test, 'signature'))];
    yield { id, valid: Boolean(answer['testPassed']), run: { javascript: () => noble.internal.verify(signature, message, pk) } };
  }
}

function* kemKeys(name: keyof typeof kems): Iterable<Case> {
  const { suite, noble } = kems[name];
  for (const { id, test, answer } of joined(...files('kem/mlkem/testdata/ML-KEM-keyGen-FIPS203'), name)) {
    const [seed, ek, dk] = [hex(field(test, 'd') + field(test, 'z')), hex(field(answer, 'ek')), hex(field(answer, 'dk'))];
    yield { id, valid: true, run: { native: () => same(newKemKeys(suite, seed, 'native').encapsulationKey, ek), javascript: () => same(newKemKeys(suite, seed, 'noble').encapsulationKey, ek) && same(noble.keygen(seed).secretKey, dk) } };
  }
}

/** An encapsulation of OpenSSL's own has other random bytes; that it accepts the key is what can be told. */
function* kemUse(name: keyof typeof kems): Iterable<Case> {
  const { suite, noble } = kems[name];
  for (const { id, group, test, answer } of joined(...files('kem/mlkem/testdata/ML-KEM-encapDecap-FIPS203'), name)) {
    const secret = hex(field(answer, 'k'));
    if (group['function'] === 'decapsulation') {
      const [dk, c] = [hex(field(group, 'dk')), hex(field(test, 'c'))];
      yield { id, valid: true, run: { native: () => same(decapsulate(expandedKey(suite, dk), c), secret), javascript: () => same(noble.decapsulate(c, dk), secret) } };
      continue;
    }
    const [ek, m, c] = [hex(field(test, 'ek')), hex(field(test, 'm')), hex(field(answer, 'c'))];
    yield {
      id, valid: true,
      run: {
        native: () => encapsulate(suite, ek).sharedSecret.length === secret.length,
        javascript: () => {
          const { ciphertext, sharedSecret } = encapsulate(suite, ek, () => m);
          return same(ciphertext, c) && same(sharedSecret, secret);
        },
      },
    };
  }
}

/** All sets, by parameter set. */
export const latticeSets: readonly VectorSet[] = [
  ...(Object.keys(signatures) as (keyof typeof signatures)[]).flatMap((name) => [
    { name: `ACVP ${name} keyGen`, cases: () => signatureKeys(name) },
    { name: `ACVP ${name} sigGen`, cases: () => signing(name), leftOut: 'OpenSSL: Node does not offer this interface (FIPS 204, section 6)' },
    { name: `ACVP ${name} sigVer`, cases: () => verification(name), leftOut: 'OpenSSL: as above' },
  ]),
  ...(Object.keys(kems) as (keyof typeof kems)[]).flatMap((name) => [
    { name: `ACVP ${name} keyGen`, cases: () => kemKeys(name) },
    { name: `ACVP ${name} encapDecap`, cases: () => kemUse(name) },
  ]),
];
