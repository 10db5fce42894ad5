// The chaincode of the benchmark: our contracts, and the plainest transaction that writes, against which they are measured.
/* global require, module, Buffer */
const { Contract } = require('fabric-contract-api');
const { contracts } = require('@epione/chaincode');

class Bench extends Contract {
  /** Writes the whole argument under a key of the transaction's own. */
  async put(ctx, value) {
    await ctx.stub.putState(`bench~${ctx.stub.getTxID()}`, Buffer.from(value));
    return '';
  }
}

module.exports.contracts = [...contracts, Bench];
