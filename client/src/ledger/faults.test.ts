/** What Fabric and the chaincode answer, turned back into codes. */
import { expect } from 'chai';
import { Metadata, status } from '@grpc/grpc-js';
import { CommitError, CommitStatusError, EndorseError, GatewayError, StatusCode } from '@hyperledger/fabric-gateway';
import { CodedError, CODES } from '@epione/protocol';
import { Refusal, startGateway, submitterOver, type Behaviour } from '../testing/gateway-server.js';
import { isTrouble, toCodedError, transactionOf } from './faults.js';

const cause = Object.assign(new Error('grpc'), { code: status.ABORTED, details: '', metadata: new Metadata() });
const gatewayError = (code: status, message: string, ...details: string[]): GatewayError =>
  new EndorseError({ code, message, cause, transactionId: 'tx', details: details.map((text) => ({ mspId: 'HospitalA', address: 'localhost:7051', message: text })) });

describe('toCodedError', () => {
  it('finds every code of the protocol behind Fabric\'s words', () => {
    for (const code of CODES) {
      const error = toCodedError(gatewayError(status.ABORTED, 'failed to endorse transaction', `chaincode response 500, ${code}: a sentence: with colons`));
      expect([error.code, error.message]).to.deep.equal([code, 'a sentence: with colons']);
    }
  });

  it('finds the code of the first peer that gives one', () => {
    expect(toCodedError(gatewayError(status.ABORTED, 'failed', 'connection refused', 'chaincode response 500, STALE_BASE: the base is another')).code).to.equal('STALE_BASE');
  });

  it('takes no code from a peer\'s own words or from unknown ones', () => {
    expect(toCodedError(gatewayError(status.UNAVAILABLE, 'UNAVAILABLE: x', 'error: BAD_KEY: not from the chaincode')).code).to.equal('UNAVAILABLE');
    expect(toCodedError(gatewayError(status.ABORTED, 'failed', 'chaincode response 500, TypeError: HELLO: x')).code).to.equal('UNAVAILABLE');
  });

  it('tells refused certificates', () => {
    expect(toCodedError(gatewayError(status.PERMISSION_DENIED, 'PERMISSION_DENIED')).code).to.equal('NOT_AUTHORISED');
    expect(toCodedError(gatewayError(status.FAILED_PRECONDITION, 'failed', 'access denied: channel [epione] creator org [HospitalA]')).code).to.equal('NOT_AUTHORISED');
    expect(toCodedError(gatewayError(status.FAILED_PRECONDITION, 'failed', 'proposal client identity expired')).code).to.equal('NOT_AUTHORISED');
  });

  it('names address and organization of everyone who spoke', () => {
    expect(toCodedError(gatewayError(status.UNAVAILABLE, 'no endorsers', 'connection refused', 'deadline exceeded')).message).to.equal(
      'no endorsers; transaction tx; HospitalA localhost:7051 connection refused; HospitalA localhost:7051 deadline exceeded',
    );
  });

  it('keeps coded errors and the cause of others', () => {
    const coded = new CodedError('CONFLICT', 'x');
    expect(toCodedError(coded)).to.equal(coded);
    const other = new Error('socket hang up');
    expect(toCodedError(other)).to.include({ code: 'UNAVAILABLE', message: 'socket hang up', cause: other });
    expect(toCodedError('text')).to.include({ code: 'UNAVAILABLE', message: 'text' });
  });

  it('calls only trouble on the way trouble', () => {
    expect(isTrouble(new CodedError('UNAVAILABLE', ''))).to.equal(true);
    expect(isTrouble(new CodedError('ROUND_CLOSED', ''))).to.equal(false);
  });

  it('tells a conflict at commit from other refusals', () => {
    const commit = (code: CommitError['code']): CodedError => toCodedError(new CommitError({ code, message: 'failed', transactionId: 'tx' }));
    expect(commit(StatusCode.MVCC_READ_CONFLICT)).to.include({ code: 'CONFLICT', message: 'the ledger refused transaction tx: MVCC_READ_CONFLICT' });
    expect(commit(StatusCode.PHANTOM_READ_CONFLICT).code).to.equal('CONFLICT');
    expect(commit(StatusCode.ENDORSEMENT_POLICY_FAILURE)).to.include({ code: 'UNAVAILABLE', message: 'the ledger refused transaction tx: ENDORSEMENT_POLICY_FAILURE' });
  });

  it('joins what several gateways said, under their common code', () => {
    const [one, two] = [new CodedError('UNAVAILABLE', 'a'), gatewayError(status.UNAVAILABLE, 'b', 'c')];
    expect(toCodedError(new AggregateError([one, two], 'none'))).to.include({ code: 'UNAVAILABLE', message: 'none: a | b; transaction tx; HospitalA localhost:7051 c' });
    expect(toCodedError(new AggregateError([new CodedError('CONFLICT', 'a'), new CodedError('CONFLICT', 'b')], 'none')).code).to.equal('CONFLICT');
    expect(toCodedError(new AggregateError([new CodedError('CONFLICT', 'a'), one], 'none')).code).to.equal('UNAVAILABLE');
    expect(toCodedError(new AggregateError([], 'none')).code).to.equal('UNAVAILABLE');
  });
});

describe('transactionOf', () => {
  it('knows commit errors by their class and finds them behind causes', () => {
    const options = { code: status.UNAVAILABLE, message: 'x', cause, details: [], transactionId: 'tx' };
    expect(transactionOf(toCodedError(new CommitStatusError(options)))).to.deep.equal({ step: 'commitStatus', txId: 'tx' });
    expect(transactionOf(new Error('outer', { cause: new CommitError({ code: StatusCode.BAD_RWSET, message: 'x', transactionId: 'tx' }) }))).to.deep.equal({ step: 'commit', txId: 'tx' });
    expect(transactionOf(new GatewayError(options))).to.equal(undefined);
    expect(transactionOf(undefined)).to.equal(undefined);
  });

  /** What the library really throws when one step of a transaction is refused. */
  async function thrown(behaviour: Behaviour): Promise<unknown> {
    await using server = await startGateway(behaviour);
    using submitter = submitterOver([server.endpoint]);
    const contract = submitter.gateways.connections[0]?.gateway.getNetwork('epione').getContract('epione');
    return await contract?.submitTransaction('Round:submit', 'x').then(() => undefined, (error: unknown) => error);
  }

  const refuse = (): never => { throw new Refusal(14, 'no orderer', [{ mspId: 'HospitalB', address: 'localhost:6050', message: 'request already processed' }]); };
  const refusals = { endorse: { answer: refuse }, submit: { submit: refuse }, commitStatus: { status: refuse }, commit: { status: () => 11 } };

  for (const [step, behaviour] of Object.entries(refusals)) {
    it(`names the transaction when ${step} fails, the library's unexported class too`, async () => {
      const error = await thrown(behaviour);
      const fault = transactionOf(toCodedError(error));
      expect(fault?.step).to.equal(step);
      expect(fault?.txId).to.match(/^[0-9a-f]{64}$/);
      const { code, message } = toCodedError(error);
      expect(code).to.equal(step === 'commit' ? 'CONFLICT' : 'UNAVAILABLE');
      expect(message).to.include(fault?.txId);
      if (step !== 'commit') expect(message).to.match(/no orderer; transaction [0-9a-f]{64}; HospitalB localhost:6050 request already processed$/);
    });
  }
});
