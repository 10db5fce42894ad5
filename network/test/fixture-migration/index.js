// The next version of the fixture: what it kept under old~ it looks for under new~, and its migration renames them, page by page; old~stuck it cannot.
/* global require, module, Buffer */
const { Contract } = require('fabric-contract-api');

class Fixture extends Contract {
  async get(ctx, key) {
    return (await ctx.stub.getState(key)).toString();
  }

  async forget(ctx, key) {
    await ctx.stub.deleteState(key);
  }
}

class Migration extends Contract {
  async migrate(ctx, argument) {
    const { limit } = JSON.parse(argument);
    const page = [];
    let remaining = 0;
    for await (const { key, value } of ctx.stub.getStateByRange('old~', 'old~~')) {
      if (page.length < limit && key !== 'old~stuck') page.push([key, value]);
      else remaining += 1;
    }
    for (const [key, value] of page) {
      await ctx.stub.putState(key.replace('old~', 'new~'), Buffer.from(value));
      await ctx.stub.deleteState(key);
    }
    return JSON.stringify({ migrated: page.length, remaining });
  }
}

module.exports.contracts = [Fixture, Migration];
