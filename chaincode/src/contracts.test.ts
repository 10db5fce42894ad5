/** What Fabric will expose: only decorated transactions, each with one text argument (a type-only Context import would add a second). */
import { expect } from 'chai';
import 'reflect-metadata';
import { contracts } from './index.js';

interface Exposed {
  readonly name: string;
  readonly tag: string[];
  readonly parameters: { name: string; schema: { type: string } }[];
}

describe('contracts', () => {
  for (const contract of contracts) {
    it(`${contract.name} takes one canonical text a transaction`, () => {
      const exposed = Reflect.getMetadata('fabric:transactions', contract.prototype) as Exposed[];
      expect(exposed.length).to.be.greaterThan(1);
      for (const transaction of exposed) expect(transaction.parameters.map(({ name, schema }) => `${name}: ${schema.type}`)).to.deep.equal(['argument: string']);
    });
  }

  it('gives every error a code, and echoes nothing else', async () => {
    const [first] = contracts;
    const contract = new first!();
    const logged: string[] = [];
    const ctx = { logging: { getLogger: () => ({ error: (text: string) => logged.push(text) }) }, stub: { getFunctionAndParameters: () => ({ fcn: 'nothing' }) } };
    const failing = Object.assign(contract, { broken: () => Promise.reject(new Error('secret inside')) });
    const message = await failing.aroundTransaction(ctx as never, 'broken' as never, []).catch((error: unknown) => String(error));
    expect(message).to.equal('Error: UNAVAILABLE: the chaincode could not carry out the transaction');
    expect(logged.join()).to.include('secret inside');
    expect(await contract.unknownTransaction(ctx as never).catch((error: unknown) => String(error))).to.include('BAD_FIELD');
  });
});
