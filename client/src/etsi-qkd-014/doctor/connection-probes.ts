/** Probes of the connection (clause 5.1): TLS, and mutual authentication. */
import { Unanswered, type TlsIdentity } from '../transport.js';
import type { Bench } from './bench.js';
import { conforms, deviates, unclear, type Outcome, type Probe } from './probe.js';
import { selfSigned } from './self-signed.js';

/** Tries to connect without right, and to read the status. */
async function asStranger(bench: Bench, identity: Pick<TlsIdentity, 'cert' | 'key'> | undefined): Promise<Outcome> {
  using stranger = bench.connect(identity);
  try {
    const { status, body } = await stranger.send('GET', `${encodeURIComponent(bench.slaveId)}/status`);
    body.fill(0);
    return deviates(`the connection stands; it is answered with ${status}`);
  } catch (error) {
    if (error instanceof Unanswered) return conforms('rejected');
    throw error;
  }
}

export const connectionProbes: readonly Probe[] = [
  {
    name: 'connection', clause: '5.1', expectation: 'TLS 1.2 or later, accepted by both sides', depth: 'status',
    run: async (bench: Bench): Promise<Outcome> => {
      await bench.statusReply();
      const connection = bench.connection;
      return connection === undefined ? unclear('no connection') : conforms(`${connection.protocol}, ${connection.group}, ${connection.postQuantum ? 'post-quantum' : 'not post-quantum'}`);
    },
  },
  {
    name: 'no certificate', clause: '5.1', expectation: 'the connection is rejected', depth: 'requests',
    run: (bench: Bench): Promise<Outcome> => asStranger(bench, undefined),
  },
  {
    name: 'certificate of nobody', clause: '5.1', expectation: 'a certificate of the same name that no authority signed is rejected', depth: 'requests',
    run: (bench: Bench): Promise<Outcome> => asStranger(bench, selfSigned(bench.masterNames[0] ?? 'sae', bench.now())),
  },
];
