/** The interface to applications: ETSI GS QKD 014 V1.1.1, sections 5 and 6. */
import type { SiteConfig } from '../config.js';
import type { Log } from '../log.js';
import type { DeliveredKey } from '../store/keys.js';
import type { StoreClient } from '../store/store-client.js';
import { LIMITS, MESSAGES, parseKeyIds, parseKeyRequest } from './etsi-requests.js';
import { type Answer, refusal } from './http.js';
import { issueKeys } from './issue.js';
import { type KmeLink, NoKeys } from './kme-link.js';

/** Where the standard's paths begin. */
export const ETSI_PATH = '/api/v1/keys/';

/** A request, already freed from HTTP. */
export interface EtsiRequest {
  readonly method: string;
  /** The SAE in the path, and what is asked. */
  readonly sae: string;
  readonly action: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** The SAE ID in the caller's certificate. */
  readonly caller: string;
}

/** A key container, section 6.3. */
const container = (keys: readonly DeliveredKey[]): Answer => ({
  status: 200,
  body: { keys: keys.map(({ keyId, key }) => ({ key_ID: keyId, key: Buffer.from(key).toString('base64') })) },
});

export class EtsiApi {
  readonly #site: SiteConfig;
  readonly #store: StoreClient;
  readonly #links: readonly KmeLink[];
  readonly #log: Log;

  constructor(site: SiteConfig, store: StoreClient, links: readonly KmeLink[], log: Log) {
    this.#site = site;
    this.#store = store;
    this.#links = links;
    this.#log = log;
  }

  async answer(request: EtsiRequest): Promise<Answer> {
    const { caller, sae, action, method } = request;
    if (!this.#site.saeIds.includes(caller)) return refusal(401, 'the certificate names no SAE of this KME');
    const link = this.#links.find(({ config }) => config.peerSaeIds.includes(sae));
    if (link === undefined) return refusal(400, `no SAE ${sae} is at the other end of a link of this KME`);
    if (action === 'status' && method === 'GET') return this.#status(link, caller, sae);
    if (action === 'enc_keys') return this.#encryptionKeys(link, request);
    if (action === 'dec_keys') return this.#decryptionKeys(request);
    return refusal(400, 'no such method');
  }

  #status(link: KmeLink, caller: string, sae: string): Answer {
    const status = link.status();
    return {
      status: 200,
      body: {
        source_KME_ID: this.#site.kmeId,
        target_KME_ID: link.config.peerKmeId,
        master_SAE_ID: caller,
        slave_SAE_ID: sae,
        key_size: LIMITS.keySize,
        stored_key_count: status.reason === undefined ? Math.min(status.storedKeys, link.maxKeys) : 0,
        max_key_count: link.maxKeys,
        max_key_per_request: LIMITS.maxKeysPerRequest,
        max_key_size: LIMITS.maxKeySize,
        min_key_size: LIMITS.minKeySize,
        max_SAE_ID_count: 0,
        status_extension: {
          epione_link: status.name,
          epione_state: status.state,
          epione_reason: status.reason,
          epione_qber: status.qber,
          epione_secret_key_rate_bps: status.keyRateBps,
          epione_blocks: status.blocks,
          epione_sifted_bits: status.siftedBits,
          epione_disclosed_bits: status.disclosedBits,
          epione_secret_bits: status.secretBits,
          epione_used_bits: status.usedBits,
          epione_aborts: status.aborts,
        },
      },
    };
  }

  async #encryptionKeys(link: KmeLink, { method, query, body, caller, sae }: EtsiRequest): Promise<Answer> {
    const asked = parseKeyRequest(method, query, body);
    if (typeof asked === 'string') return refusal(400, asked);
    try {
      const keys = await issueKeys({ ...asked, master: caller, slaves: [], links: [{ link, slaves: [sae] }], demand: {} }, this.#store, this.#log);
      return keys === undefined ? refusal(400, MESSAGES.extension) : container(keys);
    } catch (thrown) {
      if (thrown instanceof NoKeys) return refusal(503, thrown.message);
      throw thrown;
    }
  }

  /** Keys that were given out already are delivered even when their link has been aborted since: they were safe. */
  async #decryptionKeys({ method, query, body, caller, sae }: EtsiRequest): Promise<Answer> {
    const ids = parseKeyIds(method, query, body);
    if (typeof ids === 'string') return refusal(400, ids);
    const keys = await this.#store.call('deliver', sae, caller, ids);
    if (keys === 'not entitled') return refusal(401, 'the caller was not named when these keys were made');
    if (keys === 'unknown') return refusal(400, MESSAGES.notFound);
    return container(keys);
  }
}
