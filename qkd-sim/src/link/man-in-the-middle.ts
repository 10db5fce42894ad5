/** Eve in the classical channel: Alice is led to her instead of to Bob, and she passes on what she likes. */
import type { AddressInfo, Server, Socket } from 'node:net';
import type { SentMessage } from '../distillation/authentication.js';
import type { Eve } from '../optics/eve.js';
import { type MessageType, frameHeader, readFrame, typeName } from './classical-channel.js';
import { FrameReader } from './frame-reader.js';
import { type Endpoint, connectTo, listenAt } from './socket.js';

/** Her attacks on messages. */
export type MessageAttack = Extract<Eve, { message: unknown }>;

/** One direction as she hears it: the messages of the attacked type, in this block and in the one before. */
class Ear {
  #former: SentMessage | undefined;
  #heard: SentMessage | undefined;

  /** A block begins. */
  turn(): void {
    this.#former = this.#heard;
    this.#heard = undefined;
  }

  /** What she sends on for the first message of a block: that of the block before, if she has heard one. */
  replay(message: SentMessage): SentMessage {
    if (this.#heard !== undefined) return message;
    this.#heard = message;
    return this.#former ?? message;
  }
}

/** The message with its last bit turned. */
const altered = ({ type, payload }: SentMessage): SentMessage => ({ type, payload: payload.map((byte, index) => (index === payload.length - 1 ? byte ^ 1 : byte)) });

export class ManInTheMiddle {
  readonly #target: Endpoint;
  readonly #ears = { up: new Ear(), down: new Ear() };
  #attack: MessageAttack | undefined;
  #server: Server | undefined;

  /** @param target where Bob listens */
  constructor(target: Endpoint) {
    this.#target = target;
  }

  /** Begins or changes her attack. @returns where Alice will find her */
  async attack(attack: MessageAttack): Promise<Endpoint> {
    this.#attack = attack;
    const host = '127.0.0.1';
    this.#server ??= await listenAt({ host, port: 0 }, 'man in the middle', (socket) => { void this.#join(socket); });
    return { host, port: (this.#server.address() as AddressInfo).port };
  }

  /** She lets everything pass and takes no more calls; a block that is under way ends in good order. */
  leave(): void {
    this.#attack = undefined;
    this.#server?.close();
    this.#server = undefined;
  }

  async #join(alice: Socket): Promise<void> {
    const bob = await connectTo(this.#target, 'classical channel').catch(() => undefined);
    if (bob === undefined) {
      alice.destroy();
      return;
    }
    await Promise.all([this.#pass(alice, bob, 'up'), this.#pass(bob, alice, 'down')]);
  }

  async #pass(from: Socket, to: Socket, way: 'up' | 'down'): Promise<void> {
    const frames = new FrameReader(from, 'classical channel');
    try {
      for (;;) {
        const message = await readFrame(frames, 0);
        if (typeName(message) === 'start') for (const ear of Object.values(this.#ears)) ear.turn();
        const passed = this.#alter(message, way);
        to.cork();
        to.write(frameHeader(passed));
        to.write(passed.payload);
        to.uncork();
      }
    } catch {
      // One end has closed; so does she.
      to.end();
    }
  }

  #alter(message: SentMessage, way: 'up' | 'down'): SentMessage {
    const wanted: MessageType | undefined = this.#attack?.message;
    if (typeName(message) !== wanted) return message;
    return this.#attack?.attack === 'tamper' ? altered(message) : this.#ears[way].replay(message);
  }
}
