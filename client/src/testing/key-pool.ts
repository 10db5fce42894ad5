/** Answers of a conforming key management entity over one pool in memory, and the quirks that public implementations have (tests of the doctor). */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Asked, Reply } from './key-server.js';

/** Each is a deviation that was found in a server somebody uses. */
export type Quirk =
  | 'counts are zero' | 'a count is a string' | 'size is ignored' | 'query is ignored' | 'number is not limited' | 'Keys is capitalised' | 'delivers again'
  | 'no 401' | '404 for unknown keys' | 'detail instead of message' | 'details are strings' | 'own words for sizes' | 'unknown extensions are met'
  | 'any extension is refused' | 'empty body is refused' | 'SAE ID is not decoded' | 'text/plain' | 'crashes on bad JSON' | 'same key twice' | 'no multicast';

interface Held {
  readonly key: string;
  readonly master: string;
  readonly waiting: Set<string>;
}

const limits = { key_size: 256, max_key_per_request: 8, max_key_size: 1024, min_key_size: 64, max_SAE_ID_count: 1 };
const messages = {
  size: 'size shall be a multiple of 8', unsupported: 'not all extension_mandatory parameters are supported', notFound: 'one or more keys specified are not found on KME',
};

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const refuse = (status: number, message: string): never => { throw new Refused(status, message); };

/** @param saes those that are served. */
export function keyPool(saes: readonly string[], quirks: ReadonlySet<Quirk> = new Set()): (asked: Asked) => Reply {
  const held = new Map<string, Held>();
  const has = (quirk: Quirk): boolean => quirks.has(quirk);

  const status = (master: string, slave: string): object => ({
    source_KME_ID: 'kme-1', target_KME_ID: 'kme-1', master_SAE_ID: master, slave_SAE_ID: slave, stored_key_count: has('a count is a string') ? '50' : 50, max_key_count: 100, ...limits,
    ...(has('counts are zero') ? { key_size: 0, max_key_per_request: 0, max_key_size: 0, min_key_size: 0, max_SAE_ID_count: 0 } : {}),
    ...(has('no multicast') ? { max_SAE_ID_count: 0 } : {}),
  });

  const checkNumbers = (number: unknown, size: unknown): void => {
    if (!Number.isInteger(number) || (number as number) < 1 || ((number as number) > limits.max_key_per_request && !has('number is not limited'))) refuse(400, 'number is out of range');
    if (has('size is ignored')) return;
    if (!Number.isInteger(size) || (size as number) < limits.min_key_size || (size as number) > limits.max_key_size) refuse(400, 'size is out of range');
    if ((size as number) % 8 !== 0) refuse(400, has('own words for sizes') ? 'bad size' : messages.size);
  };

  const encKeys = (master: string, slave: string, body: Record<string, unknown>): object => {
    const { number = 1, size = limits.key_size, additional_slave_SAE_IDs: more = [], extension_mandatory: mandatory = [], extension_optional: optional = [] } = body;
    checkNumbers(number, size);
    const others = more as string[];
    if (others.length > (has('no multicast') ? 0 : 1) || others.some((id) => !saes.includes(id))) refuse(400, 'additional_slave_SAE_IDs are out of range');
    if ((mandatory as unknown[]).length > 0 && !has('unknown extensions are met')) refuse(400, messages.unsupported);
    if ((optional as unknown[]).length > 0 && has('any extension is refused')) refuse(400, 'no extensions');
    const one = randomBytes(32);
    const keys = Array.from({ length: number as number }, () => {
      const key = (has('same key twice') ? one.subarray(0, (size as number) / 8) : randomBytes(has('size is ignored') ? 32 : (size as number) / 8)).toString('base64');
      const id = randomUUID();
      held.set(id, { key, master, waiting: new Set([slave, ...others]) });
      return { key_ID: id, key };
    });
    return { [has('Keys is capitalised') ? 'Keys' : 'keys']: keys };
  };

  const decKeys = (slave: string, master: string, { key_IDs: asked }: { key_IDs?: unknown }): object => {
    if (!Array.isArray(asked) || asked.length === 0) refuse(400, 'key_IDs: a list');
    const ids = (asked as { key_ID: string }[]).map(({ key_ID: id }) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? id.toLowerCase() : refuse(400, 'key_ID: a UUID')));
    const found = ids.map((id) => {
      const entry = held.get(id);
      if (entry === undefined) return refuse(has('404 for unknown keys') ? 404 : 400, messages.notFound);
      if (entry.master !== master || (!entry.waiting.has(slave) && !has('no 401') && !has('delivers again'))) return refuse(401, 'not entitled');
      return { id, entry };
    });
    for (const { id, entry } of found) {
      entry.waiting.delete(slave);
      if (entry.waiting.size === 0 && !has('delivers again')) held.delete(id);
    }
    return { keys: found.map(({ id, entry }) => ({ key_ID: id, key: entry.key })) };
  };

  const bodyOf = ({ method, url, body }: Asked): Record<string, unknown> => {
    const query = new URL(url, 'https://kme').searchParams;
    const id = query.get('key_ID');
    const numbers = has('query is ignored') ? [] : ['number', 'size'].flatMap((name) => (query.has(name) ? [[name, Number(query.get(name))]] : []));
    if (method === 'GET') return { ...Object.fromEntries(numbers) as object, ...(id === null ? {} : { key_IDs: [{ key_ID: id }] }) };
    if (body === '') return has('empty body is refused') ? refuse(400, 'no body') : {};
    try {
      return JSON.parse(body) as Record<string, unknown>;
    } catch {
      return refuse(has('crashes on bad JSON') ? 500 : 400, 'no JSON');
    }
  };

  const errorBody = (message: string): object => (has('detail instead of message') ? { detail: message } : { message, ...(has('details are strings') ? { details: ['more'] } : {}) });

  return (asked) => {
    const headers = has('text/plain') ? { 'content-type': 'text/plain' } : {};
    try {
      const [, raw = '', action = ''] = /^\/api\/v1\/keys\/([^/]+)\/(\w+)/.exec(asked.url) ?? [];
      const sae = has('SAE ID is not decoded') ? raw : decodeURIComponent(raw);
      if (!saes.includes(asked.caller) || !saes.includes(sae)) refuse(400, 'no such SAE');
      const body = bodyOf(asked);
      const answer = action === 'status' ? status(asked.caller, sae) : action === 'enc_keys' ? encKeys(asked.caller, sae, body) : decKeys(asked.caller, sae, body);
      return { status: 200, body: answer, headers };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { status: error.status, body: errorBody(error.message), headers };
    }
  };
}
