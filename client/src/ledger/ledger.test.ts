/** A statement that stands on the ledger already is success for the one who sent it, and for nobody else. */
import { expect } from 'chai';
import { canonicalText, CodedError, statementDigest, type Signed, type Submission } from '@epione/protocol';
import { Refusal, startGateway, submitterOver, type Behaviour } from '../testing/gateway-server.js';
import { ledgerOver } from './ledger.js';

const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;
const statement: Submission = {
  study: digest('1'), epoch: 1, round: 2, participant: 'HospitalA', record: digest('2'), after: { kind: 'aborted' }, base: 'zeros', blob: digest('3'), blobBytes: 9, sealed: [], numExamples: 4, software: 'test',
};
const signed: Signed<Submission> = { signature: 'AA', statement };

/** A chaincode that has this submission in the slot and refuses a second one. */
const holding = (held: Submission): Behaviour => ({
  answer: (name) => {
    if (name === 'Round:submit') throw new Refusal(10, 'failed to endorse', [{ mspId: 'HospitalA', address: 'x', message: 'chaincode response 500, ALREADY_SUBMITTED: HospitalA has submitted' }]);
    const slot = { kind: 'submission', by: 'HospitalA', signature: 'AA', statement: held, time: 5, txId: 'f'.repeat(64) };
    return Buffer.from(canonicalText({ slots: [slot], attestations: [] }));
  },
});

describe('Ledger', () => {
  it('takes ALREADY_SUBMITTED with the same digest for success', async () => {
    await using server = await startGateway(holding(statement));
    using ledger = ledgerOver(submitterOver([server.endpoint]));
    expect(await ledger.submit(signed)).to.deep.equal({ digest: statementDigest('submission', statement), txId: 'f'.repeat(64) });
  });

  it('throws ALREADY_SUBMITTED when another statement stands there', async () => {
    await using server = await startGateway(holding({ ...statement, numExamples: 5 }));
    using ledger = ledgerOver(submitterOver([server.endpoint]));
    let code: unknown;
    await ledger.submit(signed).catch((error: unknown) => { if (error instanceof CodedError) code = error.code; });
    expect(code).to.equal('ALREADY_SUBMITTED');
  });

  it('sends signature and statement as one canonical argument', async () => {
    let given = '';
    await using server = await startGateway({ answer: (_name, argument) => { given = Buffer.from(argument).toString(); return Buffer.from('{}'); } });
    using ledger = ledgerOver(submitterOver([server.endpoint]));
    await ledger.submit(signed);
    expect(given).to.equal(canonicalText({ signature: 'AA', statement }));
  });
});
