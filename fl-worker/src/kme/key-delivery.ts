/** The 256-bit keys that a worker shares with another site, joined from what its key management entity delivers (ETSI GS QKD 014 V1.1.1). */
import { EtsiQkd014Client, EtsiQkd014Error, type EtsiQkd014Code, type KeyContainer, type KmeStatus } from '@epione/client/etsi-qkd-014';
import { WorkerError, type WorkerCode } from '../error.js';
import type { TlsFiles } from '../site/https.js';

/** 32 bytes of QKD key and the key_IDs they were joined from, in order. */
export interface QkdKey {
  readonly keyIds: readonly string[];
  readonly key: Uint8Array;
}

const keyBits = 256;

/** How many keys a set-up names for one pad (`padKeyIds`). */
const mostPadKeys = 256;

/** What a pad is asked for with. */
export interface PadRequest {
  readonly slave: string;
  readonly number: number;
  /** Bits. */
  readonly size: number;
  readonly perRequest: number;
}

/** How long and how often one call is tried: a round goes on with the next one, or without. */
const patience = { timeoutMs: 10_000, deadlineMs: 15_000, attempts: 3 };

/** A worker's requests are well formed: what a key management entity has against a key_ID is that it does not hold the key. */
const codes: Readonly<Record<EtsiQkd014Code, WorkerCode>> = {
  BAD_OPTION: 'CONFIG_INVALID',
  BAD_REQUEST: 'KME_REFUSED',
  EXTENSION_REFUSED: 'KME_REFUSED',
  MALFORMED_ANSWER: 'KME_REFUSED',
  NOT_FOUND: 'QKD_KEY_NOT_FOUND',
  NOT_ENTITLED: 'QKD_NOT_ENTITLED',
  EXHAUSTED: 'QKD_EXHAUSTED',
  UNAVAILABLE: 'QKD_UNAVAILABLE',
  TLS_REFUSED: 'QKD_UNAVAILABLE',
  KEYS_MAY_BE_LOST: 'QKD_UNAVAILABLE',
};

async function asWorker<T>(call: Promise<T>, others: Partial<typeof codes> = {}): Promise<T> {
  return call.catch((cause: unknown) => {
    throw cause instanceof EtsiQkd014Error ? new WorkerError({ ...codes, ...others }[cause.code], cause.message, { cause }) : cause;
  });
}

/** So many keys of so many bits each. */
type Portions = Pick<PadRequest, 'number' | 'size'>;

/** How many keys of which size make 256 bits, by the entity's limits. @throws WorkerError KME_REFUSED when none do in one request. */
function portions({ max_key_size: most, min_key_size: least, max_key_per_request: perRequest }: KmeStatus): Portions {
  const number = [1, 2, 4, 8, 16, 32].find((n) => keyBits / n <= most);
  if (number === undefined || keyBits / number < least || number > perRequest) {
    throw new WorkerError('KME_REFUSED', `the key management entity delivers keys of ${least} to ${most} bits, ${perRequest} a request: 256 bits cannot be joined from them`);
  }
  return { number, size: keyBits / number };
}

/** As few keys as make so many bytes, by the entity's limits. @throws WorkerError KME_REFUSED, QKD_EXHAUSTED. */
function padPortions({ max_key_size: most, min_key_size: least, max_key_per_request: perRequest, key_size: size, stored_key_count: stored, slave_SAE_ID: slave }: KmeStatus, bytes: number): PadRequest {
  const number = Math.ceil((bytes * 8) / most);
  if (number > mostPadKeys) throw new WorkerError('KME_REFUSED', `the key management entity delivers keys of at most ${most} bits: a pad of ${bytes} bytes takes ${number} of them, at most ${mostPadKeys} are named`);
  if (stored * size < bytes * 8) throw new WorkerError('QKD_EXHAUSTED', `${stored} keys of ${size} bits are left on the link to ${slave}, a pad takes ${bytes * 8} bits`);
  return { slave, number, size: Math.max(least, 8 * Math.ceil(bytes / number)), perRequest };
}

/** The keys of a container as one, whose own copies are wiped. */
function join(container: KeyContainer): QkdKey {
  using parts = container;
  return { keyIds: parts.keys.map(({ id }) => id), key: new Uint8Array(Buffer.concat(parts.keys.map(({ bytes }) => bytes))) };
}

/** @throws WorkerError KME_REFUSED unless it has 256 bits. */
function whole(joined: QkdKey): QkdKey {
  if (joined.key.length * 8 !== keyBits) throw new WorkerError('KME_REFUSED', `the key management entity delivered ${joined.key.length * 8} bits, not ${keyBits}`);
  return joined;
}

/** Asks one key management entity on behalf of one SAE. */
export class KeyDelivery {
  readonly #client: EtsiQkd014Client;
  /** What the entity gave last, by slave: asked for so again without another look at its limits, until it is refused. */
  readonly #given = new Map<string, Portions>();

  constructor(client: EtsiQkd014Client) {
    this.#client = client;
  }

  /** Key delivery by the worker's configuration. @throws WorkerError CONFIG_INVALID for unreadable TLS files. */
  static async open({ url, certificate, privateKey, ca }: TlsFiles & { readonly url: string }): Promise<KeyDelivery> {
    return new KeyDelivery(await asWorker(EtsiQkd014Client.open({ url, certificateFile: certificate, privateKeyFile: privateKey, caFile: ca, ...patience })));
  }

  /** The state of the link to another SAE. @throws WorkerError QKD_UNAVAILABLE, QKD_NOT_ENTITLED, KME_REFUSED. */
  async status(slave: string): Promise<KmeStatus> {
    return asWorker(this.#client.status(slave));
  }

  /**
   * A fresh 256-bit key shared with another SAE, this one being master. The entity delivers it once: store it before use.
   * @throws WorkerError QKD_EXHAUSTED when the pool holds too few keys; QKD_UNAVAILABLE, QKD_NOT_ENTITLED, KME_REFUSED.
   */
  async newKey(slave: string): Promise<QkdKey> {
    const request = this.#given.get(slave) ?? (await this.#firstRequest(slave));
    this.#given.delete(slave);
    const key = whole(join(await asWorker(this.#client.getKey(slave, request))));
    this.#given.set(slave, request);
    return key;
  }

  async #firstRequest(slave: string): Promise<Portions> {
    const found = await this.status(slave);
    const request = portions(found);
    if (found.stored_key_count < request.number) throw new WorkerError('QKD_EXHAUSTED', `${found.stored_key_count} keys are left on the link to ${slave}, ${request.number} needed`);
    return request;
  }

  /**
   * The other end's copy of keys that a master named, delivered once: store it before use.
   * @throws WorkerError QKD_KEY_NOT_FOUND for unknown or delivered key_IDs, QKD_NOT_ENTITLED for another's, QKD_UNAVAILABLE, KME_REFUSED.
   */
  async sameKey(master: string, keyIds: readonly string[]): Promise<QkdKey> {
    return { ...whole(await this.sameKeys(master, keyIds)), keyIds };
  }

  /** What a pad of so many bytes is to be asked for with; asks for none yet. @throws WorkerError QKD_EXHAUSTED, KME_REFUSED and as `status`. */
  async padRequest(slave: string, bytes: number): Promise<PadRequest> {
    return padPortions(await this.status(slave), bytes);
  }

  /** A fresh pad shared with another SAE: keys in their order, joined. What a failure leaves behind is used by nobody. @throws WorkerError as `newKey`. */
  async newPad({ slave, number, size, perRequest }: PadRequest): Promise<QkdKey> {
    const parts: QkdKey[] = [];
    for (let left = number; left > 0; left -= perRequest) parts.push(join(await asWorker(this.#client.getKey(slave, { number: Math.min(left, perRequest), size }))));
    const key = new Uint8Array(Buffer.concat(parts.map((part) => part.key)));
    for (const part of parts) part.key.fill(0);
    return { keyIds: parts.flatMap(({ keyIds }) => keyIds), key };
  }

  /** The other end's copy of keys of any size, joined in order; delivered once: store it before use. @throws WorkerError as `sameKey`. */
  async sameKeys(master: string, keyIds: readonly string[]): Promise<QkdKey> {
    return join(await asWorker(this.#client.getKeyWithIds(master, keyIds), { BAD_REQUEST: 'QKD_KEY_NOT_FOUND' }));
  }
}
