/** Which arguments pass as they are, and which go through the library's own reader. */
import { expect } from 'chai';
import { JSONSerializer } from 'fabric-contract-api';
import DataMarshall from 'fabric-shim/lib/contract-spi/datamarshall.js';
import { passTexts, type Marshall } from './text-parameters.js';

const library = (DataMarshall.prototype as Marshall).handleParameters;
passTexts();

const Reader = DataMarshall as unknown as new (serializer: string, serializers: object, components: object) => Marshall;
const reader = new Reader('json', { json: JSONSerializer }, {});
const parameters = (...schemas: Readonly<Record<string, unknown>>[]): { parameters: { name: string; schema: Readonly<Record<string, unknown>> }[] } => ({ parameters: schemas.map((schema) => ({ name: 'p', schema })) });

describe('parameters that are texts', () => {
  it('reach the transaction as the library would give them', () => {
    const given = ['', 'plain', '{"a":"ü"}'].map((text) => Buffer.from(text));
    const three = parameters({ type: 'string' }, { type: 'string' }, { type: 'string' });
    expect(reader.handleParameters(three, given, '')).to.deep.equal(['', 'plain', '{"a":"ü"}']);
    expect(reader.handleParameters(three, given, '')).to.deep.equal(library.call(reader, three, given, ''));
  });

  it('are left to the library where there is more to check', () => {
    expect(() => reader.handleParameters(parameters({ type: 'string' }), [], '')).to.throw('Expected 1 parameters, but 0 have been supplied');
    expect(reader.handleParameters(parameters({ type: 'number' }), [Buffer.from('7')], '')).to.deep.equal([7]);
    expect(reader.handleParameters({}, [Buffer.from('any')], '')).to.deep.equal(['any']);
  });
});
