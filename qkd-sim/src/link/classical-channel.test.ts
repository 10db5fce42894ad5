/** Messages over a byte stream: in order, whole, and in turn. */
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { expect } from 'chai';
import { QkdError } from '../error.js';
import { BlockStopped, ClassicalChannel } from './classical-channel.js';

const failure = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (thrown: unknown) => thrown);

describe('classical channel', () => {
  it('carries messages of any size and keeps them for the tag', async () => {
    const [left, right] = duplexPair();
    const [alice, bob] = [new ClassicalChannel(left), new ClassicalChannel(right)];
    const big = new Uint8Array(300_000).map((_, index) => index);
    alice.send('kept', big);
    alice.send('verified', new Uint8Array());
    alice.sendJson('start', { block: 1 });
    expect(await bob.receive('kept', 1000)).deep.equal(Buffer.from(big));
    expect((await bob.receive('verified', 1000)).length).equal(0);
    expect(await bob.receiveJson('start', 1000)).deep.equal({ block: 1 });
    expect(bob.transcript.received.map(({ payload }) => payload.length)).deep.equal([300_000, 0, 11]);
    expect(alice.transcript.sent.map(({ type }) => type)).deep.equal(bob.transcript.received.map(({ type }) => type));
    bob.begin();
    expect(bob.transcript.received.length).equal(0);
  });

  it('refuses a message out of turn, a broken stream and silence', async () => {
    const [left, right] = duplexPair();
    const [alice, bob] = [new ClassicalChannel(left), new ClassicalChannel(right)];
    alice.send('kept', new Uint8Array());
    expect(await failure(bob.receive('tag', 1000))).instanceOf(QkdError).property('message', 'expected the message tag, got kept');
    expect(await failure(bob.receive('tag', 5))).instanceOf(QkdError).property('code', 'CHANNEL');
    expect(bob.open).equal(false);
    const waiting = failure(alice.receive('tag', 0));
    alice.close();
    expect(await waiting).instanceOf(QkdError).property('code', 'CHANNEL');
    expect(await failure(alice.receive('tag', 0))).instanceOf(QkdError);
  });

  it('gives what came before the end of the stream', async () => {
    const [left, right] = duplexPair();
    const [alice, bob] = [new ClassicalChannel(left), new ClassicalChannel(right)];
    alice.send('kept', new Uint8Array(3));
    alice.send('verified', new Uint8Array(2));
    alice.close();
    await once(right, 'end');
    expect((await bob.receive('kept', 1000)).length).equal(3);
    expect((await bob.receive('verified', 1000)).length).equal(2);
    expect(await failure(bob.receive('tag', 1000))).instanceOf(QkdError).property('code', 'CHANNEL');
  });

  it('refuses a length that no message has', async () => {
    const [left, right] = duplexPair();
    left.write(Buffer.from('ffffffff00', 'hex'));
    expect(await failure(new ClassicalChannel(right).receive('tag', 1000))).instanceOf(QkdError);
  });

  it('ends a block in good order', async () => {
    const [left, right] = duplexPair();
    const [alice, bob] = [new ClassicalChannel(left), new ClassicalChannel(right)];
    alice.sendJson('stop', { kind: 'drop', reason: 'test' });
    expect(await failure(bob.receive('tag', 1000))).instanceOf(BlockStopped);
    expect([alice.open, bob.open]).deep.equal([true, true]);
  });
});
