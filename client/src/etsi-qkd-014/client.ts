/** The client: the three calls of ETSI GS QKD 014 V1.1.1. */
import { setTimeout as after } from 'node:timers/promises';
import { inOrder, parseAnswer, readContainer, refusal } from './answers.js';
import { EtsiQkd014Error } from './error.js';
import { statusSchema, type KmeStatus } from './messages.js';
import { checkOptions, readTlsIdentity, type ClientFiles, type ClientOptions } from './options.js';
import type { KeyContainer } from './qkd-key.js';
import { retrying, type RetryPolicy } from './retry.js';
import { Transport, Unanswered, unansweredError, type Answer, type TlsConnection } from './transport.js';

/** "Get key", clause 6.2. Everything may be left out. */
export interface KeyRequest {
  /** How many keys. The standard's default is 1. */
  readonly number?: number;
  /** Bits of each. The default is the server's `key_size`. */
  readonly size?: number;
  /** Further SAEs that receive the same keys. */
  readonly additionalSlaves?: readonly string[];
  /** Refused where the server cannot do all of it. */
  readonly extensionMandatory?: readonly Readonly<Record<string, unknown>>[];
  /** Ignored where the server does not know it. */
  readonly extensionOptional?: readonly Readonly<Record<string, unknown>>[];
  /** GET carries `number` and `size` only. Default POST. */
  readonly form?: 'GET' | 'POST';
  readonly signal?: AbortSignal;
}

interface Ask {
  readonly method: 'GET' | 'POST';
  /** The SAE in the path. */
  readonly sae: string;
  readonly action: 'status' | 'enc_keys' | 'dec_keys';
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly signal: AbortSignal | undefined;
}

/** Members without those that were left out. */
const present = (members: Readonly<Record<string, unknown>>): Record<string, unknown> => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

const isBusy = ({ code }: EtsiQkd014Error): boolean => code === 'UNAVAILABLE';

function encKeys(slave: string, { number, size, additionalSlaves, extensionMandatory, extensionOptional, form = 'POST', signal }: KeyRequest): Ask {
  const plain = present({ number, size });
  const more = present({ additional_slave_SAE_IDs: additionalSlaves, extension_mandatory: extensionMandatory, extension_optional: extensionOptional });
  if (form === 'POST') return { method: form, sae: slave, action: 'enc_keys', body: { ...plain, ...more }, signal };
  if (Object.keys(more).length > 0) throw new EtsiQkd014Error('BAD_OPTION', 'the GET form carries number and size only (clause 5.3)');
  return { method: form, sae: slave, action: 'enc_keys', query: Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, String(value)])), signal };
}

function decKeys(master: string, keyIds: readonly string[], form: 'GET' | 'POST', signal: AbortSignal | undefined): Ask {
  const [first, ...others] = keyIds;
  if (first === undefined || (form === 'GET' && others.length > 0)) {
    throw new EtsiQkd014Error('BAD_OPTION', `${keyIds.length} key_IDs: the POST form carries one or more, the GET form one (clause 5.4)`);
  }
  const carried = form === 'GET' ? { query: { key_ID: first } } : { body: { key_IDs: keyIds.map((id) => ({ key_ID: id })) } };
  return { method: form, sae: master, action: 'dec_keys', ...carried, signal };
}

/** Asks one key management entity on behalf of one SAE, whose ID the entity takes from the client certificate. */
export class EtsiQkd014Client implements Disposable {
  readonly #transport: Transport;
  readonly #policy: RetryPolicy;
  readonly #now: () => number;

  /** Connects at the first call. @throws EtsiQkd014Error BAD_OPTION with all faults. */
  constructor(options: ClientOptions) {
    const { url, tls, kmeId, onClassicalTls, timeoutMs = 10_000, deadlineMs = 30_000, attempts = 4, proxyEnv, random = Math.random, now = Date.now } = checkOptions(options);
    this.#transport = new Transport({ url: new URL(url), tls, kmeId, onClassicalTls, timeoutMs, proxyEnv });
    this.#policy = { attempts, deadlineMs, random, elapsed: () => performance.now(), pause: (ms, signal) => after(ms, undefined, signal === undefined ? {} : { signal }) };
    this.#now = now;
  }

  /** A client from PEM files. @throws EtsiQkd014Error BAD_OPTION with all faults, or naming the file that cannot be read. */
  static async open({ certificateFile, privateKeyFile, caFile, ...rest }: ClientFiles): Promise<EtsiQkd014Client> {
    return new EtsiQkd014Client({ ...rest, tls: await readTlsIdentity({ certificateFile, privateKeyFile, caFile }) });
  }

  /** The last TLS connection; undefined before the first. */
  get connection(): TlsConnection | undefined {
    return this.#transport.connection;
  }

  /**
   * "Get status", clause 5.2: the pool of keys shared with a slave SAE, in the standard's names.
   * Repeated while the server does not answer or answers 503.
   * @throws EtsiQkd014Error UNAVAILABLE, NOT_ENTITLED, BAD_REQUEST, TLS_REFUSED, MALFORMED_ANSWER.
   */
  async status(slave: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<KmeStatus> {
    return retrying(this.#policy, () => this.#status(slave, signal), isBusy, signal);
  }

  /**
   * "Get key", clause 5.3: fresh keys shared with a slave SAE. The server delivers each once: store them before use.
   * Repeated while there is no connection or the server answers 503; never when an answer may have been lost.
   * @throws EtsiQkd014Error EXHAUSTED, UNAVAILABLE, KEYS_MAY_BE_LOST, NOT_ENTITLED, BAD_REQUEST, EXTENSION_REFUSED, TLS_REFUSED,
   * MALFORMED_ANSWER, BAD_OPTION.
   */
  async getKey(slave: string, request: KeyRequest = {}): Promise<KeyContainer> {
    const { number = 1, size, signal } = request;
    const ask = encKeys(slave, request);
    try {
      const container = await retrying(this.#policy, async () => readContainer(await this.#ask(ask), ask.action), isBusy, signal);
      const bits = container.keys.map(({ bytes }) => bytes.length * 8);
      if (bits.length === number && bits.every((each) => each === (size ?? bits[0]))) return container;
      container[Symbol.dispose]();
      throw new EtsiQkd014Error('MALFORMED_ANSWER', `enc_keys delivered keys of ${bits.join(', ')} bits, not ${number} of ${size ?? 'one size'}`, { server: { status: 200 } });
    } catch (error) {
      throw error instanceof EtsiQkd014Error && error.server.status === 503 ? await this.#exhaustedOr(error, slave, number, signal) : error;
    }
  }

  /**
   * "Get key with key IDs", clause 5.4: the copies of keys that a master SAE took, in the order of the key_IDs, all or none.
   * The server delivers each once: store them before use. Repeated also when an answer was lost, since that delivers nothing twice.
   * @throws EtsiQkd014Error NOT_FOUND; KEYS_MAY_BE_LOST when an answer was lost and they are gone now; NOT_ENTITLED, UNAVAILABLE,
   * BAD_REQUEST, TLS_REFUSED, MALFORMED_ANSWER, BAD_OPTION.
   */
  async getKeyWithIds(master: string, keyIds: readonly string[], { form = 'POST', signal }: Pick<KeyRequest, 'form' | 'signal'> = {}): Promise<KeyContainer> {
    const ask = decKeys(master, keyIds, form, signal);
    let lost: EtsiQkd014Error | undefined;
    const again = (error: EtsiQkd014Error): boolean => {
      if (error.code === 'KEYS_MAY_BE_LOST') lost = error;
      return lost === error || isBusy(error);
    };
    try {
      return await retrying(this.#policy, async () => inOrder(readContainer(await this.#ask(ask), ask.action), keyIds), again, signal);
    } catch (error) {
      // Not found after a lost answer: it was that answer that held them. Unavailable after it: nobody knows.
      throw error instanceof EtsiQkd014Error && (error.code === 'NOT_FOUND' || isBusy(error)) ? (lost ?? error) : error;
    }
  }

  /** A 503 for want of keys is told from others by the status. */
  async #exhaustedOr(error: EtsiQkd014Error, slave: string, number: number, signal: AbortSignal | undefined): Promise<EtsiQkd014Error> {
    const left = await this.#status(slave, signal).then((status) => status.stored_key_count, () => Infinity);
    if (left >= number) return error;
    return new EtsiQkd014Error('EXHAUSTED', `${left} keys are left for ${slave}, ${number} asked for; ${error.message}`, { server: error.server, cause: error });
  }

  async #status(slave: string, signal: AbortSignal | undefined): Promise<KmeStatus> {
    return parseAnswer(await this.#ask({ method: 'GET', sae: slave, action: 'status', signal }), 'status', statusSchema);
  }

  async #ask({ method, sae, action, query = {}, body, signal }: Ask): Promise<Answer> {
    const search = new URLSearchParams(query).toString();
    const path = `${encodeURIComponent(sae)}/${action}${search === '' ? '' : `?${search}`}`;
    let answer: Answer;
    try {
      answer = await this.#transport.send(method, path, body === undefined ? undefined : JSON.stringify(body), signal);
    } catch (error) {
      throw error instanceof Unanswered ? unansweredError(this.#transport.host, error, action !== 'status') : error;
    }
    if (answer.status !== 200) throw refusal(answer, action, this.#now());
    return answer;
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }
}
