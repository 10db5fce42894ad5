/**
 * A second door to the same keys for encryptors: the Secure Key Integration Protocol (draft-cisco-skip-02, sections 4.1
 * to 4.3). It only translates: a system ID is an SAE ID, a keyId is a key_ID as 32 hex digits, and what a key needs is
 * asked of the interface of ETSI GS QKD 014.
 */
import { type Answer, refusal } from '../kme/http.js';

/** A GET, already freed from HTTP, of a caller that is an SAE of this site. */
export interface SkipRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  /** The system ID in the caller's certificate. */
  readonly caller: string;
}

/** What the facade stands on. */
export interface SkipProvider {
  /** "Get key" and "Get key with key IDs" by GET. */
  readonly keys: (action: 'enc_keys' | 'dec_keys', sae: string, query: URLSearchParams, caller: string) => Promise<Answer>;
  /** The SAEs that a caller can share keys with. */
  readonly remoteIds: (caller: string) => readonly string[];
  /** @returns undefined when the source of randomness has failed */
  readonly random: (bytes: number) => Uint8Array | undefined;
}

const ENTROPY_BITS = { default: 256, most: 65_536 } as const;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const toKeyId = (uuid: string): string => uuid.replaceAll('-', '');
const toUuid = (keyId: string): string => keyId.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Whether a path belongs to this interface. */
export const isSkipPath = (path: string): boolean => /^\/(capabilities|entropy|key|key\/[^/]*)$/.test(path);

export class SkipApi {
  readonly #provider: SkipProvider;

  constructor(provider: SkipProvider) {
    this.#provider = provider;
  }

  async answer({ path, query, caller }: SkipRequest): Promise<Answer> {
    if (path === '/capabilities') return this.#capabilities(caller);
    if (path === '/entropy') return this.#entropy(query);
    return this.#key(path.slice('/key/'.length), query, caller);
  }

  #capabilities(caller: string): Answer {
    return { status: 200, body: { entropy: true, key: true, algorithm: 'QKD', localSystemID: caller, remoteSystemID: this.#provider.remoteIds(caller) } };
  }

  #entropy(query: URLSearchParams): Answer {
    const text = query.get('minentropy') ?? String(ENTROPY_BITS.default);
    const bits = /^\d{1,6}$/.test(text) ? Number(text) : 0;
    if (bits < 1 || bits > ENTROPY_BITS.most) return refusal(400, `minentropy shall be 1 to ${ENTROPY_BITS.most}`);
    const bytes = this.#provider.random(Math.ceil(bits / 8));
    return bytes === undefined ? refusal(503, 'the source of randomness has failed its health tests') : { status: 200, body: { randomStr: hex(bytes), minentropy: 8 * bytes.length } };
  }

  async #key(keyId: string, query: URLSearchParams, caller: string): Promise<Answer> {
    const remote = query.get('remoteSystemID');
    if (remote === null || !this.#provider.remoteIds(caller).includes(remote)) return refusal(400, 'remoteSystemID is missing or unknown');
    const asked = new URLSearchParams();
    if (keyId !== '') {
      if (!/^[0-9a-fA-F]{32}$/.test(keyId)) return refusal(400, 'a keyId has 32 hex digits');
      asked.set('key_ID', toUuid(keyId));
    } else {
      const size = query.get('size');
      if (size !== null) asked.set('size', size);
    }
    const answer = await this.#provider.keys(keyId === '' ? 'enc_keys' : 'dec_keys', remote, asked, caller);
    const [key] = answer.status === 200 ? (answer.body as { keys: { key_ID: string; key: string }[] }).keys : [];
    return key === undefined ? answer : { status: 200, body: { keyId: toKeyId(key.key_ID), key: hex(Buffer.from(key.key, 'base64')) } };
  }
}
