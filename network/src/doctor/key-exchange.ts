/** The key exchange of every TLS port that serves: tried, because versions only promise it. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { postQuantumGroup as group, postQuantumOnly } from '../connection/post-quantum.js';
import { readCredential } from '../identities/identities.js';
import { runningPid } from '../nodes/process.js';
import { nodesOf } from '../nodes/nodes.js';
import { credential, type Network, type Organization } from '../state.js';
import { fault, ok, unlessAny, type Check, type Examined, type Remark } from './finding.js';

const timeoutMs = 3000;

/** Why a port does not agree on a post-quantum key; undefined when it does. */
export async function refusalOf(port: number, tls: { readonly ca: string; readonly cert: string; readonly key: string }): Promise<string | undefined> {
  return new Promise((done) => {
    const socket = connect({ host: 'localhost', port, ...tls, ...postQuantumOnly, ALPNProtocols: ['h2', 'http/1.1'], timeout: timeoutMs });
    const end = (reason?: string): void => {
      socket.destroy();
      done(reason);
    };
    socket.once('secureConnect', () => {
      end();
    });
    socket.once('timeout', () => {
      end(`no answer within ${timeoutMs / 1000} s`);
    });
    socket.once('error', (error: Error) => {
      end(error.message);
    });
  });
}

function tlsPorts(network: Network): { name: string; organization: Organization; port: number }[] {
  return nodesOf(network)
    .filter(({ name }) => runningPid(network, name) !== undefined)
    .flatMap(({ kind, name, organization, port }) => {
      const own = { name, organization, port };
      return kind === 'orderer' ? [own, { ...own, port: organization.ports.ordererAdmin }] : [own];
    });
}

export const keyExchange: Check<Examined> = {
  name: 'key-exchange',
  examine: async ({ network }) => {
    const ports = tlsPorts(network);
    if (ports.length === 0) return [ok('no node runs to try')];
    const tried = await Promise.all(
      ports.map(async ({ name, organization, port }): Promise<Remark[]> => {
        const { certificate, privateKey } = readCredential(credential(organization, 'tls', 'admin'));
        const reason = await refusalOf(port, { ca: readFileSync(credential(organization, 'authorities', 'tls').certificateFile, 'utf8'), cert: certificate, key: privateKey });
        return reason === undefined ? [] : [fault(`port ${port} of ${name} does not agree on a key with ${group}: ${reason}`, 'If it serves at all, it was built with Go before 1.24 or its certificate is not valid: see the lines above.')];
      }),
    );
    return unlessAny(tried.flat(), `${ports.length} TLS ports agree on keys with ${group}`);
  },
};
