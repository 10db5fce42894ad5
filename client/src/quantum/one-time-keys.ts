/** Keys of 256 bits that serve once, from a key management entity (ETSI GS QKD 014) and entered in the book before they are used. */
import { ONE_TIME_KEY_BYTES, type OneTimeKey } from '@epione/protocol';
import type { EtsiQkd014Client, KeyContainer } from '../etsi-qkd-014/index.js';
import { QuantumError } from './error.js';
import type { KeyBook, KeyPurpose } from './key-book.js';

/** What is asked of a key management entity. */
export type KeyDelivery = Pick<EtsiQkd014Client, 'getKey' | 'getKeyWithIds'>;

const keyBits = 8 * ONE_TIME_KEY_BYTES;

async function only(delivery: Promise<KeyContainer>): Promise<OneTimeKey> {
  const container = await delivery.catch((cause: unknown) => {
    throw new QuantumError('KEY_UNAVAILABLE', cause instanceof Error ? cause.message : String(cause), { cause });
  });
  const [key] = container.keys;
  if (key?.bytes.length !== ONE_TIME_KEY_BYTES) throw new QuantumError('KEY_UNAVAILABLE', `the key management entity delivered no key of ${keyBits} bits`);
  return { id: key.id, bytes: key.bytes };
}

export class OneTimeKeys {
  readonly book: KeyBook;
  readonly #delivery: KeyDelivery;

  constructor(delivery: KeyDelivery, book: KeyBook) {
    this.#delivery = delivery;
    this.book = book;
  }

  /** A fresh key shared with a peer, this SAE being master. @throws QuantumError KEY_UNAVAILABLE; KEY_USED by an entity that repeats itself. */
  async take(peer: string, purpose: KeyPurpose): Promise<OneTimeKey> {
    const key = await only(this.#delivery.getKey(peer, { number: 1, size: keyBits }));
    this.book.book(peer, key.id, purpose, keyBits);
    return key;
  }

  /**
   * The other end's copy of a key that a master named. It is kept until `book.finish`, because whoever reads the key_ID can send a
   * wrong message ahead of the right one.
   * @throws QuantumError KEY_UNAVAILABLE; KEY_USED when it has served.
   */
  async copy(master: string, keyId: string, purpose: KeyPurpose): Promise<Uint8Array> {
    const waiting = this.book.waiting(master, keyId);
    if (waiting !== undefined) return waiting;
    if (this.book.isBooked(master, keyId)) throw new QuantumError('KEY_USED', `the key ${keyId} shared with ${master} has served already`);
    const { bytes } = await only(this.#delivery.getKeyWithIds(master, [keyId]));
    this.book.book(master, keyId, purpose, keyBits, bytes);
    return bytes;
  }
}
