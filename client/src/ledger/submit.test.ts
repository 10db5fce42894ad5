/** Submitting against a gateway whose answers are decided here: conflicts, lost answers, failing gateways, refusals. */
import { expect } from 'chai';
import { CodedError } from '@epione/protocol';
import { Refusal, startGateway, submitterOver, type Behaviour } from '../testing/gateway-server.js';
import type { Timeouts } from './gateways.js';
import { evaluate, pauseMs, submit, type Receipt } from './submit.js';

const mvccConflict = 11;
const phantomConflict = 12;
const argument = Buffer.from('{"statement":1}');

async function submitOver(endpoints: readonly string[], timeouts: Partial<Timeouts> = {}): Promise<Receipt> {
  using submitter = submitterOver(endpoints, timeouts);
  return await submit(submitter, 'Round:submit', argument);
}

/** What an action throws. */
async function failure(action: Promise<unknown>): Promise<CodedError> {
  try {
    await action;
  } catch (error) {
    if (error instanceof CodedError) return error as CodedError;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const refuse = (code: number, message: string, ...details: string[]): never => {
  throw new Refusal(code, message, details.map((detail) => ({ mspId: 'HospitalA', address: 'localhost:7051', message: detail })));
};
const refusing = (code: number, message: string, ...details: string[]): Behaviour => ({ answer: () => refuse(code, message, ...details) });

describe('submit', () => {
  it('returns once the transaction is committed', async () => {
    await using server = await startGateway({ answer: (name, given) => Buffer.from(`${name} ${Buffer.from(given).toString()}`) });
    const receipt = await submitOver([server.endpoint]);
    expect(receipt.block).to.equal(7);
    expect(receipt.txId).to.match(/^[0-9a-f]{64}$/);
    expect(Buffer.from(receipt.result).toString()).to.equal('Round:submit {"statement":1}');
  });

  it('sends the same argument in a new transaction after a conflict', async () => {
    const [given, seen] = [new Set<string>(), new Set<string>()];
    await using server = await startGateway({
      answer: (_name, bytes) => { given.add(Buffer.from(bytes).toString()); return Buffer.from(''); },
      status: (txId) => { seen.add(txId); return seen.size < 3 ? mvccConflict : 0; },
    });
    await submitOver([server.endpoint]);
    expect(seen.size).to.equal(3);
    expect([...given]).to.deep.equal([argument.toString()]);
  });

  it('does the same after a phantom, and draws each pause', async () => {
    let asked = 0;
    let drawn = 0;
    await using server = await startGateway({ status: () => (++asked < 4 ? phantomConflict : 0) });
    using submitter = submitterOver([server.endpoint]);
    await submit({ ...submitter, random: () => { drawn++; return 0; } }, 'Round:submit', argument);
    expect([asked, drawn]).to.deep.equal([4, 3]);
  });

  it('asks for the commit status before anything is sent again, and endorses once, however long nothing is committed', async () => {
    const done: string[] = [];
    const [ids, envelopes] = [new Set<string>(), new Set<string>()];
    await using server = await startGateway({
      answer: () => { done.push('endorse'); return Buffer.from(''); },
      submit: (txId, bytes) => {
        done.push('submit');
        ids.add(txId);
        envelopes.add(Buffer.from(bytes).toString('hex'));
        if (done.length < 8) refuse(14, 'insufficient number of orderers');
      },
      status: (txId) => { done.push('status'); ids.add(txId); return done.length < 9 ? refuse(4, 'not committed yet') : 0; },
    });
    await submitOver([server.endpoint]);
    expect(done).to.deep.equal(['endorse', 'submit', 'status', 'submit', 'status', 'submit', 'status', 'submit', 'status']);
    expect([ids.size, envelopes.size]).to.deep.equal([1, 1]);
  });

  it('gives up with CONFLICT when other writers win every time', async () => {
    await using server = await startGateway({ status: () => mvccConflict });
    expect((await failure(submitOver([server.endpoint]))).code).to.equal('CONFLICT');
    expect(server.calls.Endorse).to.equal(8);
  });

  it('is done when a failed submit was committed all the same, without a second endorsement', async () => {
    await using server = await startGateway({ submit: () => refuse(14, 'insufficient number of orderers', 'request already processed') });
    expect((await submitOver([server.endpoint])).block).to.equal(7);
    expect(server.calls).to.include({ Endorse: 1, Submit: 1, CommitStatus: 1 });
  });

  it('sends the same signed transaction through the next gateway when its fate is unknown', async () => {
    const envelopes: Uint8Array[] = [];
    await using first = await startGateway({ submit: (_txId, bytes) => { envelopes.push(bytes); return refuse(14, 'no orderer nodes available'); }, status: () => refuse(4, 'not committed yet') });
    await using second = await startGateway({ submit: (_txId, bytes) => { envelopes.push(bytes); } });
    await submitOver([first.endpoint, second.endpoint]);
    expect(envelopes).to.have.length(2);
    expect(Buffer.compare(envelopes[0] as Uint8Array, envelopes[1] as Uint8Array)).to.equal(0);
    expect(second.calls.Endorse).to.equal(0);
  });

  it('says so when the fate of a transaction stays unknown', async () => {
    await using server = await startGateway({ submit: () => refuse(14, 'no orderer nodes available'), status: () => refuse(4, 'not committed yet') });
    const error = await failure(submitOver([server.endpoint], { commitMs: 30 }));
    expect(error.code).to.equal('UNAVAILABLE');
    expect(error.message).to.match(/whether transaction [0-9a-f]{64} is committed is unknown: .*no orderer nodes available/);
  });

  it('takes the next gateway when the own chaincode is dead', async () => {
    await using first = await startGateway(refusing(10, 'failed to endorse transaction', 'error in simulation: could not launch chaincode epione'));
    await using second = await startGateway({});
    expect((await submitOver([first.endpoint, second.endpoint])).block).to.equal(7);
  });

  it('takes the next gateway when nobody listens', async () => {
    await using second = await startGateway({});
    expect((await submitOver(['localhost:1', second.endpoint])).block).to.equal(7);
  });

  it('asks a gateway in trouble last for a while', async () => {
    await using first = await startGateway(refusing(14, 'going away'));
    await using second = await startGateway({});
    using submitter = submitterOver([first.endpoint, second.endpoint]);
    for (let n = 0; n < 3; n++) await submit(submitter, 'Round:submit', argument);
    expect(first.calls.Endorse).to.equal(1);
    expect(second.calls.Endorse).to.equal(3);
  });

  it('asks a gateway that gave no answer in time last for much longer than one that refused', async () => {
    for (const { code, asked } of [{ code: 14, asked: 2 }, { code: 4, asked: 1 }]) {
      await using first = await startGateway(refusing(code, 'no answer'));
      await using second = await startGateway({});
      let now = Date.now();
      using submitter = submitterOver([first.endpoint, second.endpoint], {}, undefined, () => now);
      await submit(submitter, 'Round:submit', argument);
      now += 10_000;
      await submit(submitter, 'Round:submit', argument);
      expect(first.calls.Endorse, `asked after code ${code}`).to.equal(asked);
    }
  });

  it('names the gateway whose answer differs from those of the other peers', async () => {
    await using only = await startGateway(refusing(10, 'failed to collect enough transaction endorsements', 'ProposalResponsePayloads do not match'));
    const error = await failure(submitOver([only.endpoint]));
    expect(error.code).to.equal('CONFLICT');
    expect(error.message).to.include('Organization0').and.include('HospitalA');
  });

  it('does not repeat what the chaincode refused', async () => {
    await using first = await startGateway(refusing(10, 'failed to endorse transaction', 'chaincode response 500, ROUND_CLOSED: round 3 is closed'));
    await using second = await startGateway({});
    const error = await failure(submitOver([first.endpoint, second.endpoint]));
    expect(error.code).to.equal('ROUND_CLOSED');
    expect(error.message).to.equal('round 3 is closed');
    expect(first.calls.Endorse + second.calls.Endorse).to.equal(1);
  });

  it('waits for peers that have not seen the latest block', async () => {
    let asked = 0;
    await using server = await startGateway({
      answer: () => (++asked < 3 ? refuse(10, 'failed to collect enough transaction endorsements', 'chaincode response 500, ROUND_NOT_OPEN: too early') : Buffer.from('')),
    });
    await submitOver([server.endpoint]);
    expect(asked).to.equal(3);
  });

  it('throws what a transaction was refused for at commit', async () => {
    await using server = await startGateway({ status: () => 10 });
    const error = await failure(submitOver([server.endpoint]));
    expect(error.code).to.equal('UNAVAILABLE');
    expect(error.message).to.include('ENDORSEMENT_POLICY_FAILURE');
    expect(server.calls.Endorse).to.equal(1);
  });

  it('keeps the deadline of a query', async () => {
    await using server = await startGateway({});
    using submitter = submitterOver([server.endpoint], { evaluateMs: -1 });
    expect((await failure(evaluate(submitter, 'epione', 'Study:listStudies', '{}'))).code).to.equal('UNAVAILABLE');
  });

  it('pauses longer and longer up to a bound, by chance', () => {
    expect([0, 1, 2, 10].map((attempt) => pauseMs(attempt, () => 1))).to.deep.equal([50, 100, 200, 2000]);
    expect(pauseMs(3, () => 0.5)).to.equal(200);
  });
});
