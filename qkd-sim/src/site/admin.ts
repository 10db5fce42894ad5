/**
 * The local door for the operator of a site: HTTP on loopback, with a token that only the owner of the state folder can
 * read. Not a Unix socket, because their paths are too short for some state folders. Only pages to look at need no token:
 * Prometheus and browsers ask for them.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { QkdError, type QkdErrorCode, messageOf } from '../error.js';
import { readBody } from '../kme/http.js';
import type { SiteConfig } from '../config.js';
import type { Page } from './view.js';

const address = z.object({ port: z.int(), token: z.string() });
const addressFile = (site: SiteConfig): string => join(site.state, 'admin.json');

const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/** One thing the operator can ask for; it may take a moment. */
export type AdminAction = (body: unknown) => unknown;

/** Nothing but the page's own files may run on it, and nothing on it may send elsewhere. */
const PAGE_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'";

/**
 * Starts the door and writes where it is.
 * @param pages what may be seen without a token, by its path
 * @throws QkdError PORT_IN_USE
 */
export const startAdmin = async (site: SiteConfig, actions: Readonly<Record<string, AdminAction>>, pages: ReadonlyMap<string, Page>): Promise<Server> => {
  const token = randomBytes(32).toString('hex');
  const server = createServer((request, response) => {
    const page = request.method === 'GET' ? pages.get(request.url ?? '') : undefined;
    // A name that a stranger's site gave to this address must not reach it through somebody's browser.
    if (page !== undefined && LOCAL_HOST.test(request.headers.host ?? '')) {
      response.writeHead(200, { 'content-type': page.type, 'content-security-policy': PAGE_POLICY, 'cache-control': 'no-store' }).end(page.body());
      return;
    }
    const answer = async (): Promise<[number, object]> => {
      const action = actions[(request.url ?? '').slice(1)];
      if (request.headers.authorization !== `Bearer ${token}`) return [401, { code: 'USAGE', message: 'not the operator of this site' }];
      if (action === undefined) return [400, { code: 'USAGE', message: 'no such action' }];
      try {
        return [200, (await action(await readBody(request))) as object];
      } catch (thrown) {
        return [400, { code: thrown instanceof QkdError ? thrown.code : 'USAGE', message: messageOf(thrown) }];
      }
    };
    void answer().then(([status, body]) => { response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)); });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new QkdError('PORT_IN_USE', `the operator's door cannot listen at port ${site.adminPort} of 127.0.0.1: ${cause.message}`, { cause, remedy: 'Stop what uses it, or configure another adminPort.' }));
    });
    server.listen(site.adminPort, '127.0.0.1', resolve);
  });
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  writeFileSync(addressFile(site), JSON.stringify({ port, token }), { mode: 0o600 });
  server.once('close', () => { rmSync(addressFile(site), { force: true }); });
  return server;
};

/** Asks a running site. @throws QkdError NOT_RUNNING, or the code that the site answered with */
export const askAdmin = async (site: SiteConfig, action: string, body: object = {}): Promise<unknown> => {
  const notRunning = (cause: unknown): QkdError =>
    new QkdError('NOT_RUNNING', `the site ${site.site} is not running`, { cause, remedy: 'Start it with qkd-sim run.' });
  let response: Response;
  try {
    const { port, token } = address.parse(JSON.parse(readFileSync(addressFile(site), 'utf8')));
    response = await fetch(`http://127.0.0.1:${port}/${action}`, {
      method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(body), signal: AbortSignal.timeout(5000),
    });
  } catch (cause) {
    throw notRunning(cause);
  }
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  const { code, message } = answer as { code: QkdErrorCode; message: string };
  throw new QkdError(code, message);
};
