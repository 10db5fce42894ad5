/** Sockets of the emulated channels. */
import { type Server, type Socket, connect, createServer } from 'node:net';
import { QkdError } from '../error.js';

/** Where a socket is. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const CONNECT_TIMEOUT_MS = 5000;
const KEEP_ALIVE_MS = 10_000;

/** Connects, or says that nobody is there. The protocols take turns, so that nothing may wait to be sent. */
export const connectTo = async ({ host, port }: Endpoint, what: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, timeout: CONNECT_TIMEOUT_MS });
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new QkdError('CHANNEL', `the ${what} to ${host}:${port} cannot be opened: ${reason}`));
    };
    socket.once('timeout', () => { fail('no answer'); });
    socket.once('error', (error) => { fail(error.message); });
    socket.once('connect', () => {
      socket.removeAllListeners();
      socket.setTimeout(0);
      // Whoever reads or writes next meets the error; here it must only not end the process.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });

/** Listens, and hands over every connection. @throws QkdError PORT_IN_USE */
export const listenAt = async ({ host, port }: Endpoint, what: string, accept: (socket: Socket) => void): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
      socket.on('error', () => undefined);
      accept(socket);
    });
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'EADDRINUSE'
        ? new QkdError('PORT_IN_USE', `the ${what} cannot listen: port ${port} of ${host} is in use`, { cause, remedy: 'Stop what uses it, or configure another port.' })
        : new QkdError('CHANNEL', `the ${what} cannot listen at ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen(port, host, () => { resolve(server); });
  });
