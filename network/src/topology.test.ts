/** The topology file: defaults, and all faults at once with their paths. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NetworkError } from './error.js';
import { parseTopology, readTopology } from './topology.js';

const four = ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'].map((mspId) => ({ mspId }));

function faultsOf(work: () => unknown): NetworkError {
  try {
    work();
  } catch (error) {
    if (error instanceof NetworkError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('topology', () => {
  it('ships with four organizations and SmartBFT', () => {
    const { channel, chaincode, consensus, organizations } = readTopology();
    expect({ channel, chaincode, consensus }).to.deep.equal({ channel: 'epione', chaincode: 'epione', consensus: 'bft' });
    expect(organizations).to.deep.equal(four);
  });

  it('fills in names and consensus', () => {
    expect(parseTopology({ organizations: four })).to.deep.equal({ channel: 'epione', chaincode: 'epione', consensus: 'bft', organizations: four });
  });

  it('takes members without nodes, each name once', () => {
    const clients = [{ mspId: 'HospitalD' }];
    expect(parseTopology({ organizations: [{ mspId: 'A', host: 'ledger.a.example' }, ...four.slice(1)] }).organizations[0]).to.have.property('host', 'ledger.a.example');
    for (const host of ['', 'a b', '-a.example', 'a..b', 'https://a', 'a:7051']) expect(faultsOf(() => parseTopology({ organizations: [{ mspId: 'A', host }, ...four.slice(1)] })).message, host).to.contain('organizations.0.host');
    expect(parseTopology({ organizations: four, clients }).clients).to.deep.equal(clients);
    expect(faultsOf(() => parseTopology({ organizations: four, clients: [...clients, { mspId: 'hospitald' }, { mspId: 'HospitalA' }] })).message)
      .to.contain('clients.1.mspId').and.contain('clients.2.mspId: HospitalA is taken already by organizations.0.mspId');
  });

  it('reports all faults together, those between entries too', () => {
    const error = faultsOf(() =>
      parseTopology({
        channel: 'Not Good',
        consensu: 'bft',
        organizations: [{ mspId: 'A', ports: { peer: 80, orderer: 7051 } }, { mspId: 'a', ports: { peer: 7051, telnet: 23000 } }, { mspId: '../up' }],
      }),
    );
    expect(error.code).to.equal('TOPOLOGY_INVALID');
    for (const part of [
      'channel: must start with',
      'consensu',
      'organizations.0.ports.peer:',
      'organizations.1.ports',
      'organizations.2.mspId: must be',
      'consensus: bft needs at least 4 organizations with an orderer, there are 3',
      'organizations.1.mspId: a is taken already by organizations.0.mspId',
      'organizations.1.ports.peer: port 7051 is taken already by organizations.0.ports.orderer',
    ]) {
      expect(error.message).to.contain(part);
    }
  });

  it('takes one organization with raft and none with bft', () => {
    expect(parseTopology({ consensus: 'raft', organizations: [{ mspId: 'Solo' }] }).organizations).to.have.length(1);
    expect(faultsOf(() => parseTopology({ consensus: 'raft', organizations: [] })).message).to.contain('organizations');
  });

  for (const document of [undefined, null, 7, 'text', [], {}, { organizations: 'HospitalA' }, { organizations: [null, 3] }]) {
    it(`refuses ${document === undefined ? 'nothing' : JSON.stringify(document)}`, () => {
      expect(faultsOf(() => parseTopology(document)).code).to.equal('TOPOLOGY_INVALID');
    });
  }

  it('names a file that is missing or no YAML', () => {
    const dir = mkdtempSync(join(tmpdir(), 'epione-topology-'));
    try {
      const file = join(dir, 'topology.yaml');
      expect(faultsOf(() => readTopology(file)).message).to.contain(file);
      writeFileSync(file, 'organizations: [}');
      expect(faultsOf(() => readTopology(file)).message).to.contain('is not YAML');
      writeFileSync(file, 'organizations: *nobody\n');
      expect(faultsOf(() => readTopology(file)).message).to.contain('is not YAML').and.to.contain('nobody');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
