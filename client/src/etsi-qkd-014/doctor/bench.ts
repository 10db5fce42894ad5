/** What the probes work with: the callers, every answer so far, and the keys taken on the way. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { containerSchema, jsonOf, statusSchema, type KmeStatus } from '../messages.js';
import { retryAfter } from '../retry.js';
import type { Answer, TlsConnection, TlsIdentity, Transport } from '../transport.js';

/** An answer, parsed where it is JSON. */
export interface Reply {
  readonly status: number;
  readonly json: unknown;
  readonly contentType: string | undefined;
  /** Bytes of the body. */
  readonly size: number;
}

/** One request of a probe. */
export interface Question {
  readonly sae: string;
  readonly action: 'status' | 'enc_keys' | 'dec_keys';
  readonly query?: Readonly<Record<string, string>>;
  /** A string is sent as it is; with undefined the request has no body. */
  readonly body?: unknown;
  readonly method?: 'GET' | 'POST';
  /** Default `master`. */
  readonly as?: Role;
  /** The SAE in the path stands there as it is. */
  readonly encoded?: boolean;
}

/** Who asks: the SAE whose certificate was given first, its slave, and one that is named in no request. */
export type Role = 'master' | 'slave' | 'third';

/** An SAE with access to its key management entity. */
export interface Party {
  readonly saeId: string;
  readonly transport: Transport;
}

/** A key as it was delivered. */
export interface Delivered {
  readonly id: string;
  readonly key: string;
}

const longestWaitMs = 5000;
const methodOf = ({ method, body }: Question): 'GET' | 'POST' => method ?? (body === undefined ? 'GET' : 'POST');

/** SAE IDs that a certificate may stand for: common name and alternative names. */
export function namesIn(certificate: string | Buffer): string[] {
  const { subject, subjectAltName } = new X509Certificate(certificate);
  return [...subject.matchAll(/^CN=(.+)$/gm), ...(subjectAltName ?? '').matchAll(/(?:URI|DNS):([^,]+)/g)].map((match) => match[1] ?? '');
}

export interface BenchOptions {
  readonly slaveId: string;
  /** What the master's certificate may name. */
  readonly masterNames: readonly string[];
  readonly parties: Partial<Record<Role, Party>> & { readonly master: Party };
  /** A connection to the same server as somebody else; as nobody with undefined. */
  readonly connect: (identity: Pick<TlsIdentity, 'cert' | 'key'> | undefined) => Transport;
  readonly uuid: () => string;
  /** ms since 1970 UTC. */
  readonly now: () => number;
}

export class Bench {
  readonly slaveId: string;
  readonly masterNames: readonly string[];
  readonly connect: BenchOptions['connect'];
  readonly now: () => number;
  /** A new key_ID, which no server knows. */
  readonly uuid: () => string;
  /** Every answer to a party. */
  readonly replies: { readonly asked: string; readonly reply: Reply }[] = [];
  readonly #parties: BenchOptions['parties'];
  #status: Promise<Reply> | undefined;
  #keysTaken = 0;

  constructor({ slaveId, masterNames, parties, connect, uuid, now }: BenchOptions) {
    this.slaveId = slaveId;
    this.masterNames = masterNames;
    this.connect = connect;
    this.uuid = uuid;
    this.now = now;
    this.#parties = parties;
  }

  get keysTaken(): number {
    return this.#keysTaken;
  }

  get host(): string {
    return this.#parties.master.transport.host;
  }

  /** How the master reached the server; undefined while it has not. */
  get connection(): TlsConnection | undefined {
    return this.#parties.master.transport.connection;
  }

  /** The SAE ID of a party; undefined where no access was given. */
  idOf(role: Role): string | undefined {
    return this.#parties[role]?.saeId;
  }

  /** One request; a 503 with a short `Retry-After` is asked again. @throws Unanswered. */
  async ask(question: Question): Promise<Reply> {
    for (let left = 2; ; left--) {
      const answer = await this.#send(question);
      const wait = answer.status === 503 ? retryAfter(answer.headers['retry-after'], this.now()) : undefined;
      if (wait === undefined || wait > longestWaitMs || left === 0) return this.#note(`${methodOf(question)} ${question.action}`, answer);
      await after(wait);
    }
  }

  async #send(question: Question): Promise<Answer> {
    const { sae, action, query = {}, body, as = 'master', encoded = false } = question;
    const transport = this.#parties[as]?.transport;
    if (transport === undefined) throw new Error(`no access of the ${as} SAE was given`);
    const search = new URLSearchParams(query).toString();
    const path = `${encoded ? sae : encodeURIComponent(sae)}/${action}${search === '' ? '' : `?${search}`}`;
    return transport.send(methodOf(question), path, body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
  }

  #note(asked: string, { status, headers, body }: Answer): Reply {
    const reply = { status, json: jsonOf(body), contentType: headers['content-type'], size: body.length };
    body.fill(0);
    this.#keysTaken += containerSchema.safeParse(reply.json).data?.keys.length ?? 0;
    this.replies.push({ asked, reply });
    return reply;
  }

  /** The answer to the first "Get status", asked once. */
  async statusReply(): Promise<Reply> {
    this.#status ??= this.ask({ sae: this.slaveId, action: 'status' });
    return this.#status;
  }

  /** The status, if it is the standard's. */
  async status(): Promise<KmeStatus | undefined> {
    return statusSchema.safeParse((await this.statusReply()).json).data;
  }

  /** The master's SAE ID: what status tells, else what its certificate names. */
  async masterId(): Promise<string> {
    return (await this.status())?.master_SAE_ID ?? this.masterNames[0] ?? '';
  }

  /** Takes keys as the master. @returns undefined where the server gives none. */
  async take(body: object): Promise<Delivered[] | undefined> {
    const found = containerSchema.safeParse((await this.ask({ sae: this.slaveId, action: 'enc_keys', body })).json).data;
    return found?.keys.map(({ key_ID: id, key }) => ({ id, key }));
  }

  /** Asks for keys that the master took. */
  async fetch(as: Role, ids: readonly string[], form: 'GET' | 'POST' = 'POST'): Promise<Reply> {
    const question = { sae: await this.masterId(), action: 'dec_keys', as } as const;
    return this.ask(form === 'GET' ? { ...question, query: { key_ID: ids[0] ?? '' } } : { ...question, body: { key_IDs: ids.map((id) => ({ key_ID: id })) } });
  }
}

/** The keys of a reply by key_ID in lower case; empty where it is no key container. */
export const keysOf = ({ json }: Reply): Map<string, string> => new Map(containerSchema.safeParse(json).data?.keys.map(({ key_ID: id, key }) => [id.toLowerCase(), key]));
