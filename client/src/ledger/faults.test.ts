/** What Fabric and the chaincode answer, turned back into codes. */
import { expect } from 'chai';
import { Metadata, status } from '@grpc/grpc-js';
import { EndorseError, GatewayError } from '@hyperledger/fabric-gateway';
import { CodedError, CODES } from '@epione/protocol';
import { isTrouble, toCodedError } from './faults.js';

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
      'no endorsers; HospitalA localhost:7051 connection refused; HospitalA localhost:7051 deadline exceeded',
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
});
