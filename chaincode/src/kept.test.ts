/** What is kept is what would be made again, whatever came between. */
import { expect } from 'chai';
import fc from 'fast-check';
import { keepCertificates, kept, keptByName } from './kept.js';
import { certificateOf } from './testing/stub-ledger.js';
import { ClientIdentity, type ChaincodeStub } from 'fabric-shim';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('kept results', () => {
  it('are made once a text, and again when too many others came between', () => {
    let made = 0;
    const length = kept((text) => { made += 1; return text.length; });
    expect([length('abc'), length('abc'), made]).to.deep.equal([3, 3, 1]);
    for (let at = 0; at < 300; at++) length(`text ${at}`);
    expect([length('abc'), made]).to.deep.equal([3, 302]);
  });

  it('belong to the bytes and not to the name', () => {
    const parse = keptByName((value) => JSON.parse(Buffer.from(value).toString()) as unknown);
    const named = fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('{"x":[1]}', '{"x":[2]}', '[]'));
    fc.assert(fc.property(fc.array(named), (calls) => {
      for (const [name, text] of calls) expect(parse(name, bytes(text))).to.deep.equal(JSON.parse(text));
    }));
    expect(parse('a', bytes('[3]'))).to.equal(parse('a', bytes('[3]')));
  });

  it('do not follow when the bytes they were made of are written over', () => {
    const text = keptByName((value) => [Buffer.from(value).toString()]);
    const message = bytes('one');
    expect(text('a', message)).to.deep.equal(['one']);
    message.write('two');
    expect(text('a', message)).to.deep.equal(['two']);
  });

  it('cannot be changed', () => {
    const parse = keptByName((value) => JSON.parse(Buffer.from(value).toString()) as { list: number[] });
    expect(() => parse('a', bytes('{"list":[1]}')).list.push(2)).to.throw(TypeError);
  });

  it('give each caller its own certificate', () => {
    keepCertificates();
    const identity = (mspId: string): string => new ClientIdentity({ getChannelID: () => 'epione', getTxID: () => 'tx', getCreator: () => ({ mspid: mspId, idBytes: certificateOf(mspId) }) } as unknown as ChaincodeStub).getID();
    const first = [identity('HospitalA'), identity('HospitalB')];
    expect([identity('HospitalA'), identity('HospitalB')]).to.deep.equal(first);
    expect(first[0]).to.not.equal(first[1]);
  });
});
