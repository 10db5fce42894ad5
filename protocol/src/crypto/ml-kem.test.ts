/** ML-KEM on published vectors, in both back ends. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';

import { fromHex, sha256, toHex } from '../encoding/digest.js';
import { checkEncapsulationKey, encapsulate, kemBackend, kemLengths, newKemKeys, type KemBackend, type KemSuite } from './ml-kem.js';
import { kemSuite } from './suites.js';
import { codeOf } from '../testing/refusal.js';

interface Test {
  readonly tcId: number;
  readonly comment?: string;
  readonly seed: string;
  readonly m: string;
  readonly ek?: string;
  readonly c: string;
  readonly K: string;
  readonly result: string;
}
const read = (name: string): Test[] => {
  const { testGroups } = JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), 'utf8')) as { testGroups: { tests: Test[] }[] };
  return testGroups.flatMap((group) => group.tests);
};

/** All back ends that this runtime has. */
const backends: readonly KemBackend[] = kemBackend === 'native' ? ['native', 'noble'] : ['noble'];

describe('ML-KEM', () => {
  for (const [suite, name, decaps, encaps] of [['mlkem768', 'mlkem_768', 27, 19], ['mlkem1024', 'mlkem_1024', 15, 11]] as const) {
    for (const backend of backends) {
      it(`${backend} ${suite} decapsulates the published vectors, must-fail ones too`, () => {
        const tests = read(`${name}.json`);
        expect(tests).to.have.length(decaps);
        for (const { tcId, comment = '', seed, ek, c, K, result } of tests) {
          const open = (): string => {
            const keys = newKemKeys(suite, fromHex(seed), backend);
            if (ek !== undefined) expect(toHex(keys.encapsulationKey), `${tcId} ${comment}`).to.equal(ek);
            return toHex(keys.decapsulate(fromHex(c)));
          };
          if (result === 'valid') expect(open(), `${tcId} ${comment}`).to.equal(K);
          else expect(codeOf(open), `${tcId} ${comment}`).to.be.oneOf(['BAD_KEY', 'UNOPENABLE']);
        }
      });
    }

    it(`${suite} encapsulates the published vectors and refuses their bad keys`, () => {
      const tests = read(`${name}_encaps.json`);
      expect(tests).to.have.length(encaps);
      for (const { tcId, comment = '', m, ek = '', c, K, result } of tests) {
        const key = fromHex(ek);
        expect(checkEncapsulationKey(suite, key), `${tcId} ${comment}`).to.equal(result === 'valid');
        if (result === 'valid') {
          const { ciphertext, sharedSecret } = encapsulate(suite, key, () => fromHex(m));
          expect([toHex(ciphertext), toHex(sharedSecret)], `${tcId} ${comment}`).to.deep.equal([c, K]);
        } else {
          expect(codeOf(() => encapsulate(suite, key)), `${tcId} ${comment}`).to.equal('BAD_KEY');
        }
      }
    });
  }

  for (const suite of kemSuite.options) {
    it(`${suite} shares a secret between any two back ends`, () => {
      const seed = Uint8Array.from({ length: 64 }, (_, at) => at);
      for (const backend of backends) {
        const keys = newKemKeys(suite, seed, backend);
        expect(checkEncapsulationKey(suite, keys.encapsulationKey)).to.equal(true);
        for (const random of [undefined, (length: number) => new Uint8Array(length).fill(7)]) {
          const { ciphertext, sharedSecret } = encapsulate(suite, keys.encapsulationKey, random);
          expect([ciphertext.length, sharedSecret.length]).to.deep.equal([kemLengths[suite].ciphertext, 32]);
          expect(keys.decapsulate(ciphertext)).to.deep.equal(sharedSecret);
          const changed = ciphertext.map((byte, at) => (at === 5 ? byte ^ 1 : byte));
          expect(keys.decapsulate(changed), 'implicit rejection').to.have.length(32).and.to.not.deep.equal(sharedSecret);
        }
      }
    });
  }

  it('draws a fresh secret when no randomness is handed in', () => {
    const { encapsulationKey } = newKemKeys('mlkem768', new Uint8Array(64));
    expect(encapsulate('mlkem768', encapsulationKey).sharedSecret).to.not.deep.equal(encapsulate('mlkem768', encapsulationKey).sharedSecret);
  });

  it('derives the keys of the zero seed in every back end', () => {
    const known: Record<KemSuite, string> = { mlkem768: 'f95c185f', mlkem1024: '29e3692e' };
    for (const suite of kemSuite.options) for (const backend of backends) expect(toHex(sha256(newKemKeys(suite, new Uint8Array(64), backend).encapsulationKey)).slice(0, 8)).to.equal(known[suite]);
  });

  it('checks each coefficient of a key against q = 3329', () => {
    const { encapsulationKey } = newKemKeys('mlkem768', new Uint8Array(64));
    for (let coefficient = 0; coefficient < 768; coefficient += 1) {
      for (const [value, good] of [[3328, true], [3329, false], [4095, false]] as const) {
        const key = encapsulationKey.slice();
        const at = (coefficient >> 1) * 3;
        if (coefficient % 2 === 0) key.set([value & 255, (key[at + 1]! & 240) | (value >> 8)], at);
        else key.set([(key[at + 1]! & 15) | ((value & 15) << 4), value >> 4], at + 1);
        expect(checkEncapsulationKey('mlkem768', key), `${coefficient} ${value}`).to.equal(good);
      }
    }
    expect(checkEncapsulationKey('mlkem1024', encapsulationKey)).to.equal(false);
    expect(checkEncapsulationKey('constructor' as KemSuite, encapsulationKey)).to.equal(false);
  });
});
