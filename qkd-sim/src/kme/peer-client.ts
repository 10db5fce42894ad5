/** The way to another site's key server, over mutual TLS. */
import { Agent, request } from 'node:https';
import { checkServerIdentity } from 'node:tls';
import { z } from 'zod';
import { QkdError, messageOf } from '../error.js';
import type { LinkConfig } from '../config.js';
import type { BlockOffer } from '../store/blocks.js';
import type { Reservation } from '../store/key-store.js';
import type { Mark } from '../store/pools.js';
import { KMAPI_PATH, PEER_PATH } from './peer-messages.js';

const TIMEOUT_MS = 5000;
const matchAnswer = z.object({ same: z.array(z.int().nonnegative()) });

/** TLS settings as `tlsOptions` gives them. */
type TlsOptions = Readonly<Record<'cert' | 'key' | 'ca', Buffer>> & { readonly minVersion: 'TLSv1.3'; readonly ecdhCurve: string };

export class PeerClient {
  readonly #link: LinkConfig;
  readonly #agent: Agent;

  constructor(link: LinkConfig, tls: TlsOptions) {
    this.#link = link;
    this.#agent = new Agent({
      ...tls, keepAlive: true, maxSockets: 8,
      checkServerIdentity: (host, certificate) => checkServerIdentity(host, certificate)
        ?? (certificate.subject.CN === link.peerKmeId ? undefined : new Error(`the server at ${link.peerUrl} is not ${link.peerKmeId}`)),
    });
  }

  /** Offers blocks. @returns the numbers of those that the other end has as well. @throws QkdError PEER */
  async match(offers: readonly BlockOffer[]): Promise<number[]> {
    const blocks = offers.map(({ confirmation, ...offer }) => ({ ...offer, confirmation: Buffer.from(confirmation).toString('hex') }));
    return matchAnswer.parse(await this.#post('match', { link: this.#link.name, blocks })).same;
  }

  /** Has keys noted at the other end, durably. @throws QkdError PEER when it did not answer, or refused */
  async reserve(reservations: readonly Reservation[]): Promise<void> {
    const keys = reservations.map(({ masked, ...key }) => ({ ...key, masked: masked === undefined ? undefined : Buffer.from(masked).toString('hex') }));
    await this.#post('reserve', { link: this.#link.name, keys });
  }

  /** Tells how far one's own pool is used up, and how much it should hold. @throws QkdError PEER */
  async agree(mark: Mark | undefined, wantedBytes: number): Promise<void> {
    await this.#post('mark', { link: this.#link.name, mark, wantedBytes });
  }

  /** Passes keys on. @throws QkdError PEER when it did not take them */
  async passOn(request: object): Promise<void> {
    await this.#post('ext_keys', request, new URL(`${KMAPI_PATH}ext_keys`, this.#link.peerUrl));
  }

  /** Acknowledges keys at the URL that came with them. @throws QkdError PEER */
  async acknowledge(url: string, ack: object): Promise<void> {
    await this.#post('an acknowledgement', ack, new URL(url));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(action: string, body: object, url = new URL(`${PEER_PATH}${action}`, this.#link.peerUrl)): Promise<unknown> {
    try {
      return await this.#exchange(url, JSON.stringify(body));
    } catch (cause) {
      throw new QkdError('PEER', `the key server ${this.#link.peerKmeId} did not take ${action}: ${messageOf(cause)}`, { cause });
    }
  }

  async #exchange(url: URL, body: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', agent: this.#agent, timeout: TIMEOUT_MS, headers: { 'content-type': 'application/json' } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode === 200 || response.statusCode === 202) resolve(JSON.parse(text) as unknown);
          else reject(new Error(`status ${response.statusCode ?? 0}: ${text.slice(0, 200)}`));
        });
      });
      sent.on('timeout', () => { sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)); });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}
