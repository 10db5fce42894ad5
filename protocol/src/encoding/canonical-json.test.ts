/** Canonical JSON: one byte string per value, and the list of what must be refused (PROTOCOL section 1). */
import { expect } from 'chai';
import fc from 'fast-check';

import { canonicalText, decodeCanonical, encodeCanonical, LIMITS, type Json } from './canonical-json.js';
import { CodedError } from '../error.js';
import { codeOf } from '../testing/refusal.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const aName = fc.stringMatching(/^[a-z][A-Za-z0-9]{0,12}$/);
const { value: aValue } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.string({ unit: 'binary' }), fc.maxSafeInteger(), fc.boolean(), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(aName, tie('value'), { maxKeys: 5, noNullPrototype: true })),
}));
const nested = (depth: number): Json => (depth === 1 ? [] : [nested(depth - 1)]);

describe('canonical JSON', () => {
  it('reads back every value it wrote', () => {
    fc.assert(fc.property(aValue, (value) => {
      expect(decodeCanonical(encodeCanonical(value))).to.deep.equal(value);
    }));
  });

  it('writes what JSON.parse reads as the same value, and does not depend on the order of members', () => {
    fc.assert(fc.property(fc.dictionary(aName, aValue, { maxKeys: 6, noNullPrototype: true }), (value) => {
      const text = canonicalText(value);
      expect(JSON.parse(text)).to.deep.equal(value);
      expect(canonicalText(Object.fromEntries(Object.entries(value).reverse()))).to.equal(text);
    }));
  });

  it('has the one form of RFC 8785', () => {
    expect(canonicalText({ b: [1, true, -0 + 0], a: '\u20ac$\u000f\nA\'"\\/', aB: {}, a1: 'é', left: undefined })).to.equal('{"a":"€$\\u000f\\nA\'\\"\\\\/","a1":"é","aB":{},"b":[1,true,0]}');
    expect(canonicalText([9_007_199_254_740_991, -9_007_199_254_740_991])).to.equal('[9007199254740991,-9007199254740991]');
  });

  it('refuses every other spelling of a value', () => {
    const refused = [
      '', ' ', '{', '{"a":1} ', ' {"a":1}', '{"a": 1}', '{"a":1,}', '{"b":1,"a":2}', '{"a":1,"a":1}', '{"a":1,"a":2}', '{"a":1.0}', '{"a":1e2}', '{"a":1E2}', '{"a":0.5}', '{"a":-0}', '{"a":01}', '{"a":+1}',
      '{"a":9007199254740992}', '{"a":-9007199254740992}', '{"a":1e400}', '{"a":null}', 'null', '[null]', '{"a":NaN}', '{"a":"\\u0041"}', '{"a":"\\/"}', '{"a":"\\u000A"}', '{"a":"\\u001F"}', '{"a":"\\ud800"}', '{"a":"\n"}',
      '{"A":1}', '{"":1}', '{"a-b":1}', '{"é":1}', '{"__proto__":1}', '{"1":1}', `{"${'a'.repeat(65)}":1}`, "{'a':1}", '{"a":1}{"a":1}', '\ufeff{"a":1}', '{"a":1}\0', '// no\n{"a":1}',
    ];
    for (const text of refused) expect(codeOf(() => decodeCanonical(bytesOf(text))), text).to.equal('NOT_CANONICAL');
    for (const broken of [[0x22, 0xff, 0x22], [0x22, 0xc0, 0xaf, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xe2, 0x82, 0x22]]) expect(codeOf(() => decodeCanonical(Uint8Array.from(broken)))).to.equal('NOT_CANONICAL');
  });

  it('reads any change of its bytes as another value or not at all', () => {
    fc.assert(fc.property(aValue, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
      const bytes = encodeCanonical(value);
      const changed = bytes.map((byte, place) => (place === at % bytes.length ? byte ^ change : byte));
      try {
        expect(encodeCanonical(decodeCanonical(changed))).to.deep.equal(changed);
      } catch (error) {
        expect(error).to.be.instanceOf(CodedError);
      }
    }), { numRuns: 300 });
  });

  it('refuses to write what it would not read', () => {
    const notJson: unknown[] = [null, undefined, 0.5, -0, Number.NaN, Infinity, 2 ** 53, 1n, '\ud800', { A: 1 }, { a: null }, [undefined], () => 1, Symbol('s')];
    for (const value of notJson) expect(codeOf(() => canonicalText(value as Json)), String(value)).to.equal('NOT_CANONICAL');
  });

  it('holds the limits of depth, lists, texts and bytes', () => {
    expect(codeOf(() => canonicalText(nested(LIMITS.depth)))).to.equal('none');
    expect(codeOf(() => canonicalText(nested(LIMITS.depth + 1)))).to.equal('TOO_LARGE');
    expect(codeOf(() => canonicalText(new Array<number>(LIMITS.listLength).fill(1)))).to.equal('none');
    expect(codeOf(() => canonicalText(new Array<number>(LIMITS.listLength + 1).fill(1)))).to.equal('TOO_LARGE');
    expect(codeOf(() => canonicalText('a'.repeat(8193)))).to.equal('TOO_LARGE');
    expect(codeOf(() => decodeCanonical(bytesOf('[1,2]'), 4))).to.equal('TOO_LARGE');
    expect(decodeCanonical(bytesOf('[1,2]'), 5)).to.deep.equal([1, 2]);
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(codeOf(() => decodeCanonical(bytesOf(deep)))).to.be.oneOf(['TOO_LARGE', 'NOT_CANONICAL']);
  });
});
