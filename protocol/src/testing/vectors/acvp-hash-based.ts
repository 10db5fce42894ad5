/** NIST's ACVP tests of SLH-DSA (FIPS 205), of the two parameter sets that anchors use. */
import { slh_dsa_sha2_128s, slh_dsa_sha2_256s } from '@noble/post-quantum/slh-dsa.js';

import { newAnchorSigner, verifyAnchorSignature } from '../../crypto/slh-dsa.js';
import { anchorSuites } from '../../crypto/suites.js';
import { field, joined } from './acvp-lattice.js';
import type { Case, VectorSet } from './case.js';
import { hex, same } from './files.js';

const sets = { 'SLH-DSA-SHA2-128s': { suite: 'slhdsa128s', noble: slh_dsa_sha2_128s }, 'SLH-DSA-SHA2-256s': { suite: 'slhdsa256s', noble: slh_dsa_sha2_256s } } as const;
type Name = keyof typeof sets;
const folder = 'sign/slhdsa/testdata';

function* keys(name: Name): Iterable<Case> {
  const { suite } = sets[name];
  for (const { id, test, answer } of joined(`${folder}/keyGen_prompt`, `${folder}/keyGen_results`, name)) {
    const seed = hex(field(test, 'skSeed') + field(test, 'skPrf') + field(test, 'pkSeed'));
    yield { id, valid: true, run: { javascript: () => same(newAnchorSigner(suite, seed).publicKey, hex(field(answer, 'pk'))) } };
  }
}

/** noble's signature is the published one, which OpenSSL verifies. Below contexts (`internal`) only noble can be asked. */
function* signing(name: Name): Iterable<Case> {
  const { suite, noble } = sets[name];
  const n = anchorSuites[suite].seed / 3;
  for (const { id, group, test, answer } of joined(`${folder}/sigGen_prompt`, `${folder}/sigGen_results`, name)) {
    if (group['preHash'] === 'preHash') continue;
    const [sk, message, signature] = [hex(field(test, 'sk')), hex(field(test, 'message')), hex(field(answer, 'signature'))];
    const extraEntropy = test['additionalRandomness'] === undefined ? false : hex(test['additionalRandomness']);
    if (group['signatureInterface'] === 'internal') {
      yield { id, valid: true, run: { javascript: () => same(noble.internal.sign(message, sk, { extraEntropy }), signature) } };
      continue;
    }
    const context = hex(test['context'] ?? '');
    yield {
      id, valid: true,
      run: {
        javascript: () => same(noble.sign(message, sk, { context, extraEntropy }), signature),
        native: () => verifyAnchorSignature(suite, sk.subarray(2 * n), message, signature, context, 'native'),
      },
    };
  }
}

function* verification(name: Name): Iterable<Case> {
  const { suite, noble } = sets[name];
  for (const { id, group, test, answer } of joined(`${folder}/verify_prompt`, `${folder}/verify_results`, name)) {
    if (group['preHash'] === 'preHash') continue;
    const [pk, message, signature] = [hex(field(test, 'pk')), hex(field(test, 'message')), hex(field(test, 'signature'))];
    const valid = Boolean(answer['testPassed']);
    if (group['signatureInterface'] === 'internal') {
      yield { id, valid, run: { javascript: () => noble.internal.verify(signature, message, pk) } };
      continue;
    }
    const by = (backend: 'native' | 'noble') => (): boolean => verifyAnchorSignature(suite, pk, message, signature, hex(test['context'] ?? ''), backend);
    yield { id, valid, run: { native: by('native'), javascript: by('noble') } };
  }
}

const leftOut = 'pre-hashed messages; OpenSSL: the interface below contexts';

/** All sets, by parameter set; signing takes minutes. */
export const hashBasedSets: readonly VectorSet[] = (Object.keys(sets) as Name[]).flatMap((name) => [
  { name: `ACVP ${name} keyGen`, cases: () => keys(name), leftOut: 'OpenSSL takes no seed' },
  { name: `ACVP ${name} sigGen`, cases: () => signing(name), leftOut },
  { name: `ACVP ${name} sigVer`, cases: () => verification(name), leftOut },
]);
