/** Answers of a key management entity as values or coded errors. */
import type { z } from 'zod';
import { EtsiQkd014Error, type EtsiQkd014Code } from './error.js';
import { PRESCRIBED, containerSchema, errorSchema, jsonOf } from './messages.js';
import { KeyContainer, QkdKey } from './qkd-key.js';
import { retryAfter } from './retry.js';
import type { Answer } from './transport.js';

const longestWords = 200;

/** Parses a good answer and overwrites its bytes. @throws EtsiQkd014Error MALFORMED_ANSWER naming the members at fault. */
export function parseAnswer<T extends z.ZodType>({ body }: Answer, action: string, schema: T): z.output<T> {
  const found = schema.safeParse(jsonOf(body));
  body.fill(0);
  if (found.success) return found.data;
  const members = found.error.issues.map(({ path }) => path.join('.') || 'the whole');
  throw new EtsiQkd014Error('MALFORMED_ANSWER', `the answer to ${action} is not the standard's: ${members.join(', ')}`, { server: { status: 200 } });
}

/** @throws EtsiQkd014Error MALFORMED_ANSWER. */
export function readContainer(answer: Answer, action: string): KeyContainer {
  const { keys, ...members } = parseAnswer(answer, action, containerSchema);
  return new KeyContainer(keys.map(({ key_ID: id, key, ...rest }) => new QkdKey({ id, bytes: new Uint8Array(Buffer.from(key, 'base64')), members: rest })), members);
}

/** The same keys in the order of their key_IDs. @throws EtsiQkd014Error MALFORMED_ANSWER when they are not exactly those. */
export function inOrder(container: KeyContainer, keyIds: readonly string[]): KeyContainer {
  const byId = new Map(container.keys.map((key) => [key.id.toLowerCase(), key]));
  const keys = keyIds.flatMap((id) => byId.get(id.toLowerCase()) ?? []);
  if (keys.length === keyIds.length && keys.length === container.keys.length) return new KeyContainer(keys, container.members);
  container[Symbol.dispose]();
  throw new EtsiQkd014Error('MALFORMED_ANSWER', 'dec_keys delivered other keys than those asked for', { server: { status: 200 } });
}

/** What status 400 means is in its message, which clauses 5.3 and 5.4 prescribe. */
function codeOf400(action: string, message: string): EtsiQkd014Code {
  const text = message.trim().toLowerCase();
  if (text === PRESCRIBED.unsupported.toLowerCase() || text === PRESCRIBED.unmet.toLowerCase()) return 'EXTENSION_REFUSED';
  return action === 'dec_keys' && text === PRESCRIBED.notFound.toLowerCase() ? 'NOT_FOUND' : 'BAD_REQUEST';
}

/** An answer with another status than 200 as an error. @param now ms since 1970 UTC. */
export function refusal({ status, headers, body }: Answer, action: string, now: number): EtsiQkd014Error {
  const { message, details } = errorSchema.safeParse(jsonOf(body)).data ?? {};
  const said = message?.slice(0, longestWords);
  const code: EtsiQkd014Code =
    status === 503 ? 'UNAVAILABLE'
    : status === 401 ? 'NOT_ENTITLED'
    : status === 400 ? codeOf400(action, message ?? '')
    : status === 404 && action === 'dec_keys' ? 'NOT_FOUND' // not the standard's, and what several servers answer
    : 'MALFORMED_ANSWER';
  const wait = retryAfter(headers['retry-after'], now);
  return new EtsiQkd014Error(code, `the key management entity answered ${action} with ${status}: ${said ?? 'no message'}`, {
    server: {
      status,
      ...(said === undefined ? {} : { message: said }),
      ...(details === undefined ? {} : { details }),
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    },
  });
}
