/** The key delivery interface of a key management entity, as the standard has it and nothing else (ETSI GS QKD 014 V1.1.1). */
import { z } from 'zod';
import { WorkerError, type WorkerCode } from '../error.js';
import type { Answer, HttpsClient } from '../site/https.js';

const count = z.int().min(0);

/** Status, clause 6.1; vendors may add members. */
const status = z.object({
  source_KME_ID: z.string(),
  target_KME_ID: z.string(),
  master_SAE_ID: z.string(),
  slave_SAE_ID: z.string(),
  key_size: count,
  stored_key_count: count,
  max_key_count: count,
  max_key_per_request: count,
  max_key_size: count,
  min_key_size: count,
  max_SAE_ID_count: count,
});
export type KeyStatus = z.infer<typeof status>;

const container = z.object({ keys: z.array(z.object({ key_ID: z.string().regex(/^[\x21-\x7e]{1,64}$/), key: z.base64() })).min(1) });

/** 32 bytes of QKD key and the key_IDs they were joined from, in order. */
export interface QkdKey {
  readonly keyIds: readonly string[];
  readonly key: Uint8Array;
}

const keyBits = 256;
const maxAnswerBytes = 1024 * 1024;

/** How many keys of which size make 256 bits, by the entity's limits. @throws WorkerError KME_REFUSED when none do in one request. */
function portions({ max_key_size: most, min_key_size: least, max_key_per_request: perRequest }: KeyStatus): { number: number; size: number } {
  const number = [1, 2, 4, 8, 16, 32].find((n) => keyBits / n <= most);
  if (number === undefined || keyBits / number < least || number > perRequest) {
    throw new WorkerError('KME_REFUSED', `the key management entity delivers keys of ${least} to ${most} bits, ${perRequest} a request: 256 bits cannot be joined from them`);
  }
  return { number, size: keyBits / number };
}

/** Asks one key management entity on behalf of one SAE, whose ID the entity takes from the client certificate. */
export class KeyDelivery {
  readonly #client: HttpsClient;
  readonly #base: URL;

  /** @param url such as `https://kme.hospital:8443`. */
  constructor(client: HttpsClient, url: string) {
    this.#client = client;
    this.#base = new URL(url);
  }

  async #ask<T extends z.ZodType>(sae: string, method: string, answer: T, body?: object): Promise<z.output<T>> {
    const url = new URL(`api/v1/keys/${encodeURIComponent(sae)}/${method}`, this.#base.href.replace(/\/*$/, '/'));
    let found: Answer;
    try {
      found = await this.#client.ask(url, maxAnswerBytes, body === undefined ? undefined : JSON.stringify(body));
    } catch (cause) {
      throw new WorkerError('QKD_UNAVAILABLE', `the key management entity at ${url.host} does not answer: ${(cause as Error).message}`, { cause });
    }
    const value = parseJson(found.body);
    if (found.status !== 200) throw refusal(found.status, method, value);
    const result = answer.safeParse(value);
    if (!result.success) throw new WorkerError('KME_REFUSED', `the answer to ${method} is not the standard's: ${result.error.issues.map((issue) => issue.path.join('.')).join(', ')}`);
    return result.data;
  }

  /** The state of the link to another SAE. @throws WorkerError QKD_UNAVAILABLE, QKD_NOT_ENTITLED, KME_REFUSED. */
  async status(slave: string): Promise<KeyStatus> {
    return this.#ask(slave, 'status', status);
  }

  /**
   * A fresh 256-bit key shared with another SAE, this one being master. The entity delivers it once: store it before use.
   * @throws WorkerError QKD_EXHAUSTED when the pool holds too few keys; QKD_UNAVAILABLE, QKD_NOT_ENTITLED, KME_REFUSED.
   */
  async newKey(slave: string): Promise<QkdKey> {
    const found = await this.status(slave);
    const request = portions(found);
    if (found.stored_key_count < request.number) throw new WorkerError('QKD_EXHAUSTED', `${found.stored_key_count} keys are left on the link to ${slave}, ${request.number} needed`);
    return join(await this.#ask(slave, 'enc_keys', container, request));
  }

  /**
   * The other end's copy of keys that a master named, delivered once: store it before use.
   * @throws WorkerError QKD_KEY_NOT_FOUND for unknown or delivered key_IDs, QKD_NOT_ENTITLED for another's, QKD_UNAVAILABLE, KME_REFUSED.
   */
  async sameKey(master: string, keyIds: readonly string[]): Promise<QkdKey> {
    const found = join(await this.#ask(master, 'dec_keys', container, { key_IDs: keyIds.map((id) => ({ key_ID: id })) }));
    if (found.keyIds.join().toLowerCase() !== keyIds.join().toLowerCase()) throw new WorkerError('KME_REFUSED', 'dec_keys delivered other keys than asked for');
    return { ...found, keyIds };
  }
}

function join({ keys }: z.output<typeof container>): QkdKey {
  const key = new Uint8Array(Buffer.concat(keys.map((entry) => Buffer.from(entry.key, 'base64'))));
  if (key.length * 8 !== keyBits) throw new WorkerError('KME_REFUSED', `the key management entity delivered ${key.length * 8} bits, not ${keyBits}`);
  return { keyIds: keys.map((entry) => entry.key_ID), key };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined; // 401 need not have a body; a body that should be there fails its schema
  }
}

/** What a status other than 200 means, clauses 5.2 to 5.4; other than 400, 401 and 503 do not occur in the standard. */
function refusal(answered: number, method: string, body: unknown): WorkerError {
  const message = z.object({ message: z.string() }).safeParse(body).data?.message ?? 'no message';
  const code: WorkerCode =
    answered === 503 ? 'QKD_UNAVAILABLE'
    : answered === 401 ? 'QKD_NOT_ENTITLED'
    : answered === 400 && method === 'dec_keys' ? 'QKD_KEY_NOT_FOUND'
    : 'KME_REFUSED';
  return new WorkerError(code, `the key management entity answered ${method} with ${answered}: ${message.slice(0, 200)}`);
}
