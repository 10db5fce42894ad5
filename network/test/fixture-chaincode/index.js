// The smallest chaincode: puts and gets a text, and tells the caller's role.
/* global require, module, Buffer */
const { Contract } = require('fabric-contract-api');

class Fixture extends Contract {
  async put(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    return ctx.stub.getTxID();
  }

  async get(ctx, key) {
    return (await ctx.stub.getState(key)).toString();
  }

  async fill(ctx, count) {
    for (let index = 0; index < Number(count); index += 1) await ctx.stub.putState(`old~${String(index).padStart(4, '0')}`, Buffer.from(String(index)));
  }

  async role(ctx) {
    return ctx.clientIdentity.getAttributeValue('role') ?? '';
  }
}

module.exports.contracts = [Fixture];
