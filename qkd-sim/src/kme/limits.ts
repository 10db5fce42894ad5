/** What one caller may ask of a key server: sizes, counts and rates, so that no SAE keeps the others from their keys. */
import { z } from 'zod';

/** Bits of a key when the caller names no size. */
export const KEY_BITS = 256;
/** The smallest key. */
export const MIN_KEY_BITS = 64;
/** The largest key that a site may allow. */
export const MAX_KEY_BITS = 8192;
/** The most keys in one request that a site may allow. */
export const MAX_KEYS_PER_REQUEST = 1000;

const count = z.int().min(1);

/** Limits of a site, each with a default. */
export const limitsConfig = z.strictObject({
  /** Keys in one request. */
  maxKeysPerRequest: count.max(MAX_KEYS_PER_REQUEST).default(128),
  /** Bits of one key, a multiple of 8. */
  maxKeyBits: z.int().min(KEY_BITS).max(MAX_KEY_BITS).multipleOf(8).default(MAX_KEY_BITS),
  /** Slaves of one key besides the one in the path; 0 switches multicast off. */
  maxAdditionalSaeIds: z.int().min(0).max(64).default(16),
  /** Requests a second of one SAE in the long run, and how many it may send at once after a pause. */
  requestsPerSecond: count.default(1000),
  burst: count.default(2000),
  /** Requests of one SAE that are answered at the same time. */
  concurrentRequests: count.default(256),
  /** TLS connections of all callers. */
  connections: count.default(1024),
  /** Bytes of the body of an SAE's request. */
  maxBodyBytes: count.default(65_536),
  /** Time for the TLS handshake, for the headers and for a whole request; a slower caller is cut off. */
  requestTimeoutMs: count.default(10_000),
}).prefault({});

export type Limits = z.output<typeof limitsConfig>;

/** One SAE's tokens and open requests. */
interface Account {
  tokens: number;
  atMs: number;
  open: number;
}

/** Lets an SAE's requests in by a token bucket, and a number of them at a time. */
export class Gate {
  readonly #limits: Limits;
  readonly #accounts = new Map<string, Account>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Asks for entry; whoever gets in must `leave`.
   * @param nowMs time that only grows
   * @returns undefined when the request is let in, else after how many seconds to ask again
   */
  enter(sae: string, nowMs: number): number | undefined {
    const { requestsPerSecond, burst, concurrentRequests } = this.#limits;
    const account = this.#accounts.get(sae) ?? { tokens: burst, atMs: nowMs, open: 0 };
    this.#accounts.set(sae, account);
    account.tokens = Math.min(burst, account.tokens + (requestsPerSecond * (nowMs - account.atMs)) / 1000);
    account.atMs = nowMs;
    if (account.tokens < 1) return Math.ceil((1 - account.tokens) / requestsPerSecond);
    if (account.open >= concurrentRequests) return 1;
    account.tokens -= 1;
    account.open += 1;
    return undefined;
  }

  leave(sae: string): void {
    const account = this.#accounts.get(sae);
    if (account !== undefined) account.open -= 1;
  }
}
