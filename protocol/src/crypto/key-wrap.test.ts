/** The wrap of a content key: the frozen vector (PROTOCOL, Appendix, 2), and that every bound field binds. */
import { expect } from 'chai';
import fc from 'fast-check';

import { concat, fromHex, sha512, toHex, type Digest } from '../encoding/digest.js';
import { deriveKek, sealingKem, transcript, transcriptFields, unwrapKey, wrapKey, type SealingSuite, type WrapContext } from './key-wrap.js';
import { kemLengths } from './ml-kem.js';
import { needsQkd, needsX25519, sealingSuite } from './suites.js';
import { codeOf } from '../testing/refusal.js';

const of = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => from + at);
const sharedSecret = bytes(0x00, 32);
const qkdKey = bytes(0x20, 32);
const contentKey = bytes(0x40, 32);

const withoutQkd: WrapContext = {
  suite: 'seal-mlkem768', study: of('1'), epoch: 1, round: 7, purpose: 'update',
  from: 'HospitalA', fromRecord: of('2'), to: 'HospitalB', toRecord: of('4'),
  encapsulationKey: bytes(0, 1184), ciphertext: Uint8Array.from({ length: 1088 }, (_, at) => 255 - (at % 256)),
};
const withQkd: WrapContext = { ...withoutQkd, suite: 'seal-mlkem768-qkd', masterSae: 'sae-a', slaveSae: 'sae-b', keyIds: ['00000000-0000-4000-8000-000000000001'] };

/** A context of any suite, its secrets and a QKD key where it takes one. */
function contextOf(suite: SealingSuite): { context: WrapContext; secret: Uint8Array; qkd: Uint8Array | undefined } {
  const lengths = kemLengths[sealingKem(suite)];
  const classical = needsX25519(suite);
  const base = { ...(needsQkd(suite) ? withQkd : withoutQkd), ...(classical ? { ephemeral: bytes(3, 32), x25519Key: bytes(90, 32) } : {}) };
  return { context: { ...base, suite, encapsulationKey: bytes(0, lengths.encapsulationKey), ciphertext: bytes(7, lengths.ciphertext) }, secret: bytes(0, classical ? 64 : 32), qkd: needsQkd(suite) ? qkdKey : undefined };
}

const flipped = (data: Uint8Array, bit: number): Uint8Array => data.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

/** The value with one bit changed: of a text a character's lowest, of a number its lowest, of bytes the given one, of a list an entry's. */
function changed(value: WrapContext[keyof WrapContext], at: number): unknown {
  if (value instanceof Uint8Array) return flipped(value, at % (value.length * 8));
  if (typeof value === 'number') return value ^ 1;
  if (typeof value !== 'string') return (value ?? []).map((entry, index) => (index === 0 ? changed(entry, at) : entry));
  const place = at % value.length;
  return value.slice(0, place) + String.fromCharCode(value.charCodeAt(place) ^ 1) + value.slice(place + 1);
}

describe('key wrap', () => {
  it('has transcript, salt, KEK and wrapped key of vector 2', () => {
    expect(transcript(withQkd)).to.have.length(1516);
    expect(toHex(sha512(transcript(withQkd)))).to.equal('0fab5f900753783902d6fceacd763e6192947d364924864c0d6424099b688f1ba36228775c4da4b14b71c287d6d3d2b003533503ec719a982074db3babbccadc');
    expect(toHex(deriveKek(withQkd, sharedSecret, qkdKey))).to.equal('1c6a196625635e9e94b4a066dbefeacb9a0f20772e005a403e37d37795f100db');
    expect(transcript(withoutQkd)).to.have.length(1454);
    expect(toHex(deriveKek(withoutQkd, sharedSecret, undefined))).to.equal('d0da2a58b6873bbc76896700c140883a898eaf240e88903726ba0a30dbdda525');
    const wrapped = wrapKey(withQkd, sharedSecret, qkdKey, contentKey);
    expect(toHex(wrapped)).to.equal('ede68a9f6d0022a911f118a2f8f94dd19334d28a93649a3b972d820641c27d9d42e57ede0657d6e3c67b53fcccdb99bc');
    expect(unwrapKey(withQkd, sharedSecret, qkdKey, wrapped)).to.deep.equal(contentKey);
  });

  for (const suite of sealingSuite.options) {
    it(`${suite} unwraps what it wrapped`, () => {
      const { context, secret, qkd } = contextOf(suite);
      expect(unwrapKey(context, secret, qkd, wrapKey(context, secret, qkd, contentKey))).to.deep.equal(contentKey);
    });

    it(`${suite} gives another KEK for any changed bit of anything bound and of any secret`, () => {
      const { context, secret, qkd } = contextOf(suite);
      const kek = toHex(deriveKek(context, secret, qkd));
      const bound = transcriptFields.filter((field) => context[field] !== undefined && field !== 'suite');
      expect(bound).to.have.length(10 + (needsX25519(suite) ? 2 : 0) + (needsQkd(suite) ? 3 : 0));
      fc.assert(fc.property(fc.constantFrom(...bound), fc.nat(), (field, bit) => {
        expect(toHex(deriveKek({ ...context, [field]: changed(context[field], bit) }, secret, qkd)), field).to.not.equal(kek);
      }), { numRuns: 300 });
      fc.assert(fc.property(fc.nat(secret.length * 8 - 1), (bit) => { expect(toHex(deriveKek(context, flipped(secret, bit), qkd))).to.not.equal(kek); }));
      if (qkd !== undefined) fc.assert(fc.property(fc.nat(255), (bit) => { expect(toHex(deriveKek(context, secret, flipped(qkd, bit)))).to.not.equal(kek); }));
    });
  }

  it('gives every suite a KEK of its own', () => {
    const keks = sealingSuite.options.map((suite) => {
      const { context, secret, qkd } = contextOf(suite);
      return toHex(deriveKek(context, secret, qkd));
    });
    expect(new Set(keks).size).to.equal(sealingSuite.options.length);
  });

  it('binds the X25519 keys behind the ciphertext and joins ML-KEM, X25519 and QKD in this order', () => {
    const { context, secret } = contextOf('seal-mlkem768-x25519-qkd');
    const { ephemeral, x25519Key, ...plain } = context;
    const shorter = transcript({ ...plain, suite: 'seal-mlkem768-qkd' });
    const framed = transcript(context);
    expect(framed).to.have.length(shorter.length + '-x25519'.length + 2 * 36);
    const at = framed.length - (4 + 5) * 2 - 40 - 72;
    expect(toHex(framed.subarray(at, at + 72))).to.equal(`00000020${toHex(ephemeral!)}00000020${toHex(x25519Key!)}`);
    expect(toHex(deriveKek(context, secret, qkdKey))).to.equal('8a8dd1cc6e8020ba1face08a8e6d214a2c518af9662099eb6d2438069de6723f');
    expect(deriveKek(context, concat(secret.subarray(32), secret.subarray(0, 32)), qkdKey)).to.not.deep.equal(deriveKek(context, secret, qkdKey));
    for (const wrong of [{ ephemeral: undefined }, { x25519Key: undefined }, { ephemeral: undefined, x25519Key: undefined }]) expect(codeOf(() => transcript({ ...context, ...wrong }))).to.equal('BAD_FIELD');
    expect(codeOf(() => transcript({ ...withQkd, ephemeral, x25519Key }))).to.equal('BAD_FIELD');
    expect(codeOf(() => transcript({ ...context, ephemeral: bytes(0, 31) }))).to.equal('BAD_KEY');
    for (const length of [32, 63, 96]) expect(codeOf(() => deriveKek(context, bytes(0, length), qkdKey))).to.equal('BAD_KEY');
  });

  it('gives another KEK when any bound field is another', () => {
    const kek = toHex(deriveKek(withQkd, sharedSecret, qkdKey));
    const others: Partial<WrapContext>[] = [
      { study: of('5') }, { study: `sha512:${'1'.repeat(128)}` }, { epoch: 2 }, { round: 8 }, { purpose: 'rescue' }, { from: 'HospitalC' }, { fromRecord: of('5') },
      { to: 'HospitalC' }, { toRecord: of('5') }, { masterSae: 'sae-c' }, { slaveSae: 'sae-c' }, { masterSae: 'sae-', slaveSae: 'asae-b' },
      { keyIds: ['00000000-0000-4000-8000-000000000002'] }, { keyIds: [...(withQkd.keyIds ?? []), 'k'] },
      { keyIds: ['00000000-0000-4000-8000-', '000000000001'] },
    ];
    const keks = others.map((other) => toHex(deriveKek({ ...withQkd, ...other }, sharedSecret, qkdKey)));
    expect(new Set([kek, ...keks]).size).to.equal(others.length + 1);
  });

  for (const suite of sealingSuite.options.filter(needsQkd)) {
    it(`${suite} hides the key from who knows all secrets but one, whatever is put in its place`, () => {
      const { context, secret, qkd } = contextOf(suite);
      const wrapped = wrapKey(context, secret, qkd, contentKey);
      const guess = fc.uint8Array({ minLength: 32, maxLength: 32 });
      const opens = (other: Uint8Array, key: Uint8Array | undefined): string => codeOf(() => unwrapKey(context, other, key, wrapped));
      fc.assert(fc.property(guess, (bytesOf) => {
        for (let at = 0; at < secret.length; at += 32) expect(opens(concat(secret.subarray(0, at), bytesOf, secret.subarray(at + 32)), qkd)).to.equal('UNOPENABLE');
        expect(opens(secret, bytesOf)).to.equal('UNOPENABLE');
      }), { numRuns: 30, examples: [[new Uint8Array(32)]] });
    });

    it(`${suite} never passes silently without its QKD key`, () => {
      const { context, secret, qkd } = contextOf(suite);
      expect(codeOf(() => deriveKek(context, secret, undefined))).to.equal('QKD_UNAVAILABLE');
      expect(codeOf(() => wrapKey(context, secret, undefined, contentKey))).to.equal('QKD_UNAVAILABLE');
      expect(codeOf(() => unwrapKey(context, secret, undefined, wrapKey(context, secret, qkd, contentKey)))).to.equal('UNOPENABLE');
      for (const length of [0, 16, 31, 33, 64]) expect(codeOf(() => deriveKek(context, secret, new Uint8Array(length)))).to.equal('BAD_KEY');
      const none = { ...context, masterSae: undefined, slaveSae: undefined, keyIds: undefined };
      expect(codeOf(() => wrapKey(none, secret, qkd, contentKey))).to.equal('BAD_FIELD');
      expect(codeOf(() => wrapKey({ ...context, keyIds: [] }, secret, qkd, contentKey))).to.equal('BAD_FIELD');
    });
  }

  it('opens nothing of a QKD suite as its sibling without QKD', () => {
    const wrapped = wrapKey(withQkd, sharedSecret, qkdKey, contentKey);
    expect(codeOf(() => unwrapKey(withoutQkd, sharedSecret, undefined, wrapped))).to.equal('UNOPENABLE');
  });

  it('opens in one way or fails in one way', () => {
    const wrapped = wrapKey(withQkd, sharedSecret, qkdKey, contentKey);
    fc.assert(fc.property(fc.nat(48 * 8 - 1), (bit) => {
      expect(codeOf(() => unwrapKey(withQkd, sharedSecret, qkdKey, flipped(wrapped, bit)))).to.equal('UNOPENABLE');
    }));
    const wrong: (() => unknown)[] = [
      () => unwrapKey(withQkd, sharedSecret, undefined, wrapped),
      () => unwrapKey(withQkd, sharedSecret, bytes(0x20, 31), wrapped),
      () => unwrapKey(withQkd, sharedSecret.subarray(1), qkdKey, wrapped),
      () => unwrapKey({ ...withQkd, keyIds: [] }, sharedSecret, qkdKey, wrapped),
      () => unwrapKey({ ...withQkd, ciphertext: bytes(0, 5) }, sharedSecret, qkdKey, wrapped),
      () => unwrapKey(withQkd, sharedSecret, qkdKey, wrapped.subarray(0, 36)), // a 4-byte tag, which Node would take
      () => unwrapKey(withQkd, sharedSecret, qkdKey, new Uint8Array()),
    ];
    expect(wrong.map(codeOf)).to.deep.equal(wrong.map(() => 'UNOPENABLE'));
  });

  it('refuses a QKD suite without a QKD key, and a QKD key without a QKD suite', () => {
    expect(codeOf(() => wrapKey(withQkd, sharedSecret, undefined, contentKey))).to.equal('QKD_UNAVAILABLE');
    expect(codeOf(() => wrapKey(withQkd, sharedSecret, new Uint8Array(), contentKey))).to.equal('BAD_KEY');
    expect(codeOf(() => wrapKey(withQkd, sharedSecret, bytes(0, 64), contentKey))).to.equal('BAD_KEY');
    expect(codeOf(() => wrapKey(withoutQkd, sharedSecret, qkdKey, contentKey))).to.equal('BAD_KEY');
    expect(codeOf(() => wrapKey({ ...withoutQkd, keyIds: ['k'] }, sharedSecret, undefined, contentKey))).to.equal('BAD_FIELD');
    expect(codeOf(() => wrapKey({ ...withQkd, masterSae: undefined }, sharedSecret, qkdKey, contentKey))).to.equal('BAD_FIELD');
    expect(codeOf(() => wrapKey(withQkd, sharedSecret, qkdKey, fromHex('00')))).to.equal('BAD_KEY');
  });

  it('refuses unknown suites by name', () => {
    for (const name of ['seal-mlkem512', 'SEAL-MLKEM768', '', 'constructor']) {
      const context = { ...withoutQkd, suite: name as SealingSuite };
      expect(codeOf(() => wrapKey(context, sharedSecret, undefined, contentKey))).to.equal('UNKNOWN_SUITE');
      expect(codeOf(() => unwrapKey(context, sharedSecret, undefined, new Uint8Array(48)))).to.equal('UNKNOWN_SUITE');
    }
  });
});
