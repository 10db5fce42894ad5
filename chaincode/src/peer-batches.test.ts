/** Batches are sent to peers that offer them, byte for byte as Fabric's messages are; other peers get single messages. */
import { expect } from 'chai';
import type { Context } from 'fabric-contract-api';
import { ChaincodeMessageHandler } from 'fabric-shim/lib/handler.js';
import { fieldsOf, getStates, hearOffers, putStateWithPolicy, type PeerStream } from './peer-batches.js';

type Stub = Context['stub'];

class Message {
  type = 0;
  payload: Uint8Array = new Uint8Array();
  getType = (): number => this.type;
  getPayload_asU8 = (): Uint8Array => this.payload;
  setType = (value: number): void => { this.type = value; };
  setPayload = (value: Uint8Array): void => { this.payload = value; };
  setTxid = (): void => undefined;
  setChannelId = (): void => undefined;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A transaction on a peer that made this offer and answers everything with these bytes. */
function transaction(manyReads: boolean, manyWrites: boolean, answer: string): { stub: Stub; sent: string[] } {
  const sent: string[] = [];
  const handler: Partial<PeerStream> = {
    offer: { manyReads, manyWrites, newMessage: () => new Message() },
    _askPeerAndListen: (message, method) => {
      sent.push(`${(message as unknown as Message).type} ${method} ${hex((message as unknown as Message).payload)}`);
      return Promise.resolve(Buffer.from(answer, 'hex'));
    },
  };
  const stub = {
    handler,
    getTxID: () => 'tx', getChannelID: () => 'epione',
    getState: (key: string) => { sent.push(`get ${key}`); return Promise.resolve(new Uint8Array()); },
    putState: (key: string, value: Uint8Array) => { sent.push(`put ${key} ${hex(value)}`); return Promise.resolve(); },
    setStateValidationParameter: (key: string, policy: Uint8Array) => { sent.push(`policy ${key} ${hex(policy)}`); return Promise.resolve(); },
  };
  return { stub: stub as unknown as Stub, sent };
}

describe('batches of messages to the peer', () => {
  it('read many keys at once, in their order, absent ones as empty', async () => {
    // GetStateMultipleResult { values: "x", "", "yz" }
    const { stub, sent } = transaction(true, true, '0a01780a000a02797a');
    expect((await getStates(stub, ['a', 'bc', 'd'])).map(hex)).to.deep.equal(['78', '', '797a']);
    expect(sent).to.deep.equal(['25 GetState 0a01610a0262630a0164']);
  });

  it('refuse an answer with another number of values, or one that ends early', async () => {
    for (const answer of ['0a0178', '0a05', '0a01780a007f']) {
      const fault = await getStates(transaction(true, true, answer).stub, ['a', 'b']).catch((error: unknown) => error);
      expect(fault, answer).to.be.instanceOf(RangeError);
    }
  });

  it('write a value and its policy at once', async () => {
    const { stub, sent } = transaction(true, true, '');
    await putStateWithPolicy(stub, 'k', Buffer.from('v'), Buffer.from('p'));
    const metadata = `0a14${Buffer.from('VALIDATION_PARAMETER').toString('hex')}120170`;
    expect(sent).to.deep.equal([`24 PutState 0a080a016b1201762809` + `0a200a016b22${(metadata.length / 2).toString(16)}${metadata}2815`]);
  });

  it('are not sent to a peer that does not offer them, nor for one key', async () => {
    const { stub, sent } = transaction(false, false, '');
    await getStates(stub, ['a', 'b']);
    await putStateWithPolicy(stub, 'k', Buffer.from('v'), Buffer.from('p'));
    const offered = transaction(true, true, '');
    await getStates(offered.stub, ['a']);
    expect([...sent, ...offered.sent]).to.deep.equal(['get a', 'get b', 'put k 76', 'policy k 70', 'get a']);
  });

  it('follow what the peer says when it is ready', () => {
    const prototype = ChaincodeMessageHandler.prototype as PeerStream;
    const { chat } = prototype;
    try {
      prototype.chat = () => undefined;
      hearOffers();
      for (const [payload, wanted] of [['080110e8071801', [true, true]], ['1801', [true, false]], ['', [false, false]]] as const) {
        const listeners: ((message: Message) => void)[] = [];
        const stream = { _stream: { on: (_: 'data', listener: (message: Message) => void) => listeners.push(listener) } } as unknown as PeerStream;
        prototype.chat.call(stream, {});
        for (const type of [4, 5]) {
          const message = new Message();
          message.setType(type);
          message.setPayload(Buffer.from(type === 4 ? payload : '', 'hex'));
          for (const listener of listeners) listener(message);
        }
        expect([stream.offer?.manyReads, stream.offer?.manyWrites]).to.deep.equal(wanted);
      }
    } finally {
      prototype.chat = chat;
    }
  });

  it('read numbers of any length', () => {
    expect([...fieldsOf(Buffer.from('0896011202abcd', 'hex'))].map(([number, value]) => [number, typeof value === 'number' ? value : hex(value)])).to.deep.equal([[1, 150], [2, 'abcd']]);
  });
});
