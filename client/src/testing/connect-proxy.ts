/** An HTTP proxy that tunnels (CONNECT) to this machine whatever name is asked for, and whose manners a test decides. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** `open` for all, `ask` for credentials, `refuse` all, never answer. */
export type Manners = 'open' | 'ask' | 'refuse' | 'hang';

export interface ConnectProxy extends AsyncDisposable {
  readonly port: number;
  /** `host:port` of every tunnel that was dug. */
  readonly tunnels: string[];
  /** Bytes that went to the servers, to look for what must not be readable. */
  readonly seen: Buffer[];
  manners: Manners;
}

/** @param password of the user `worker`. */
export async function startProxy(password = 'secret'): Promise<ConnectProxy> {
  const expected = `Basic ${Buffer.from(`worker:${password}`).toString('base64')}`;
  const sockets = new Set<Socket>();
  const server = createServer().listen(0, '127.0.0.1');
  server.on('connection', (socket: Socket) => { sockets.add(socket); });
  await once(server, 'listening');
  const proxy: ConnectProxy = {
    port: (server.address() as AddressInfo).port, tunnels: [], seen: [], manners: 'open',
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('connect', (request, socket: Socket) => {
    socket.on('error', () => undefined);
    if (proxy.manners === 'hang') return;
    if (proxy.manners === 'refuse') return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    if (proxy.manners === 'ask' && request.headers['proxy-authorization'] !== expected) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n\r\n');
    proxy.tunnels.push(request.url ?? '');
    const onward = connect(Number(request.url?.split(':').at(-1)), 'localhost', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => { proxy.seen.push(bytes); });
    socket.pipe(onward).pipe(socket);
    return undefined;
  });
  return proxy;
}
