/**
 * A second door to the same keys for encryptors: the Secure Key Integration Protocol (draft-cisco-skip-02, sections 4.1
 * to 4.3). It only translates: a system ID is an SAE ID, a keyId is a key_ID as 32 hex digits, and what a key needs is
 * asked of the interface of ETSI GS QKD 014.
 */

/** What the other interface answers. */
export interface SkipAnswer {
  readonly status: number;
  readonly body: object;
}

/** A request, already freed from HTTP. */
export interface SkipRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The system ID in the caller's certificate. */
  readonly caller: string;
}

/** What the facade stands on. */
export interface SkipProvider {
  /** "Get key" and "Get key with key IDs" by GET. */
  readonly keys: (action: 'enc_keys' | 'dec_keys', sae: string, query: URLSearchParams, caller: string) => Promise<SkipAnswer>;
  /** The SAEs of this site, and those that keys can be shared with. */
  readonly localIds: readonly string[];
  readonly remoteIds: () => readonly string[];
  /** @returns undefined when the source of randomness has failed */
  readonly random: (bytes: number) => Uint8Array | undefined;
}

const ENTROPY_BITS = { default: 256, most: 65_536 } as const;

const refusal = (status: number, message: string): SkipAnswer => ({ status, body: { message } });
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

  async answer({ method, path, query, caller }: SkipRequest): Promise<SkipAnswer> {
    if (!isSkipPath(path)) return refusal(404, 'no such path');
    if (method !== 'GET') return refusal(405, 'only GET is supported');
    if (!this.#provider.localIds.includes(caller)) return refusal(401, 'the certificate names no system of this key provider');
    if (path === '/capabilities') return this.#capabilities(caller);
    if (path === '/entropy') return this.#entropy(query);
    return this.#key(path.slice('/key/'.length), query, caller);
  }

  #capabilities(caller: string): SkipAnswer {
    return { status: 200, body: { entropy: true, key: true, algorithm: 'QKD', localSystemID: caller, remoteSystemID: this.#provider.remoteIds() } };
  }

  #entropy(query: URLSearchParams): SkipAnswer {
    const text = query.get('minentropy') ?? String(ENTROPY_BITS.default);
    const bits = /^\d{1,6}$/.test(text) ? Number(text) : 0;
    if (bits < 1 || bits > ENTROPY_BITS.most) return refusal(400, `minentropy shall be 1 to ${ENTROPY_BITS.most}`);
    const bytes = this.#provider.random(Math.ceil(bits / 8));
    return bytes === undefined ? refusal(503, 'the source of randomness has failed its health tests') : { status: 200, body: { randomStr: hex(bytes), minentropy: 8 * bytes.length } };
  }

  async #key(keyId: string, query: URLSearchParams, caller: string): Promise<SkipAnswer> {
    const remote = query.get('remoteSystemID');
    if (remote === null || !this.#provider.remoteIds().includes(remote)) return refusal(400, 'remoteSystemID is missing or unknown');
    const asked = new URLSearchParams();
    if (keyId !== '') {
      if (!/^[0-9a-fA-F]{32}$/.test(keyId)) return refusal(400, 'a keyId has 32 hex digits');
      asked.set('key_ID', toUuid(keyId));
    } else {
      const size = query.get('size');
      if (size !== null) asked.set('size', size);
    }
    const { status, body } = await this.#provider.keys(keyId === '' ? 'enc_keys' : 'dec_keys', remote, asked, caller);
    if (status !== 200) return { status, body };
    const [key] = (body as { keys: { key_ID: string; key: string }[] }).keys;
    return key === undefined ? refusal(500, 'no key was delivered') : { status, body: { keyId: toKeyId(key.key_ID), key: hex(Buffer.from(key.key, 'base64')) } };
  }
}
