/** A key management entity for tests: the delivery interface of ETSI GS QKD 014 over one pool in memory, every key delivered once to each end. */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Tls } from '../site/https.js';

interface HeldKey {
  readonly master: string;
  readonly slave: string;
  readonly key: string;
}

/** What a test may set and see. */
export interface TestKeyEntity extends AsyncDisposable {
  readonly url: string;
  /** Answers every request for this pair with 503 while it is set. */
  readonly cut: Set<string>;
  /** How many of the next requests of a slave SAE lose their keys on the way. */
  readonly lose: Map<string, number>;
  /** Keys left for every link. */
  stock: number;
  /** Size limits that status tells, in bits. */
  maxKeySize: number;
  /** Every key_ID that enc_keys has delivered. */
  readonly delivered: string[];
  /** The key behind every key_ID that it has ever delivered, base64. */
  readonly secrets: Map<string, string>;
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The name of a link, both ways alike. */
export const linkOf = (a: string, b: string): string => [a, b].sort().join('|');

/** Starts an entity that serves every SAE with a certificate of the test authority. */
export async function startKeyEntity(tls: Tls, port = 0): Promise<TestKeyEntity> {
  const held = new Map<string, HeldKey>();
  const entity = { cut: new Set<string>(), lose: new Map<string, number>(), stock: 1000, maxKeySize: 1024, delivered: [] as string[], secrets: new Map<string, string>() };

  const status = (master: string, slave: string): object => ({
    source_KME_ID: 'kme-1', target_KME_ID: 'kme-2', master_SAE_ID: master, slave_SAE_ID: slave, key_size: 256, stored_key_count: entity.stock,
    max_key_count: 1000, max_key_per_request: 128, max_key_size: entity.maxKeySize, min_key_size: 8, max_SAE_ID_count: 0, status_extension: { vendor_extra: 1 },
  });
  const encKeys = (master: string, slave: string, { number = 1, size = 256 }: { number?: number; size?: number }): object => {
    if (size % 8 !== 0) throw new Refused(400, 'size shall be a multiple of 8');
    if (entity.stock < number) throw new Refused(503, 'not enough keys');
    entity.stock -= number;
    const keys = Array.from({ length: number }, () => ({ key_ID: randomUUID(), key: randomBytes(size / 8).toString('base64') }));
    for (const { key_ID, key } of keys) held.set(key_ID, { master, slave, key });
    for (const { key_ID, key } of keys) entity.secrets.set(key_ID, key);
    entity.delivered.push(...keys.map((entry) => entry.key_ID));
    return { keys };
  };
  const decKeys = (slave: string, master: string, { key_IDs = [] }: { key_IDs?: { key_ID: string }[] }): object => {
    const keys = key_IDs.map(({ key_ID }) => {
      const found = held.get(key_ID);
      if (found === undefined) throw new Refused(400, 'one or more keys specified are not found on KME');
      if (found.master !== master || found.slave !== slave) throw new Refused(401, 'not entitled');
      return { key_ID, key: found.key };
    });
    for (const { key_ID } of keys) held.delete(key_ID);
    const losses = entity.lose.get(slave) ?? 0;
    entity.lose.set(slave, Math.max(0, losses - 1));
    if (losses > 0) throw new Refused(400, 'one or more keys specified are not found on KME');
    return { keys };
  };

  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { socket } = request;
      const caller = socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : '';
      const [, other = '', method = ''] = /^\/api\/v1\/keys\/([^/]+)\/(status|enc_keys|dec_keys)$/.exec(request.url ?? '') ?? [];
      const body = (parts.length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString())) as object;
      try {
        if (entity.cut.has(linkOf(caller, other))) throw new Refused(503, 'link aborted');
        const answer = method === 'status' ? status(caller, other) : method === 'enc_keys' ? encKeys(caller, other, body) : decKeys(caller, other, body);
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      } catch (error) {
        const refused = error as Refused;
        response.writeHead(refused.status, { 'content-type': 'application/json' }).end(refused.status === 401 ? '' : JSON.stringify({ message: refused.message }));
      }
    });
  });
  await new Promise<void>((resolve) => { server.listen(port, '127.0.0.1', resolve); });
  return Object.assign(entity, {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
