/** TCP ports on loopback: choosing free ones and telling which are taken. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { NetworkError } from './error.js';
import { portNames, type Ports, type Topology } from './topology.js';

// Below the range from which Linux takes ports of outgoing connections (32768 up), so that no client connection
// can sit on a node's port while the node is down.
const lowest = 20000;
const count = 12000;

/** Whether nothing listens on a loopback port. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((done) => {
    server.once('error', () => {
      done(false);
    });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.close(() => {
        done(true);
      });
    });
  });
}

/**
 * Chooses a free port for everything that the topology leaves open, in the order of its organizations.
 * The search starts at a place derived from `seed` (the state folder), so that networks started at once stay apart.
 * @param taken ports that belong to the network already, even if nothing listens there now
 * @throws {NetworkError} PORT_IN_USE when no free port is left
 */
export async function choosePorts(seed: string, topology: Pick<Topology, 'organizations'>, taken: readonly number[] = []): Promise<Ports[]> {
  const configured = new Set([...taken, ...topology.organizations.flatMap(({ ports }) => Object.values(ports ?? {}))]);
  const start = createHash('sha256').update(seed).digest().readUInt32BE() % count;
  let tried = 0;
  const next = async (): Promise<number> => {
    while (tried < count) {
      const port = lowest + ((start + tried++) % count);
      if (!configured.has(port) && (await isFree(port))) return port;
    }
    throw new NetworkError('PORT_IN_USE', `No free port is left from ${lowest} to ${lowest + count - 1}.`, 'Stop what listens there, or set ports in the topology file.');
  };
  const all: Ports[] = [];
  for (const { ports } of topology.organizations) {
    const own: Partial<Ports> = { ...ports };
    for (const name of portNames) own[name] ??= await next();
    all.push(own as Ports);
  }
  return all;
}
