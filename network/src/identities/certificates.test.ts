/** Validity of a network's certificates: nothing issued twice, expired ones named before anything starts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { certificateStatus, checkNodeCertificates } from './certificates.js';
import { NetworkError } from '../error.js';
import { issueIdentities } from './identities.js';
import { credential, establishState, type Network } from '../state.js';
import { parseTopology } from '../topology.js';

const issuedAt = new Date('2024-03-01T00:00:00Z');
const later = (days: number): Date => new Date(issuedAt.getTime() + days * 86_400_000);

describe('certificates', function () {
  // A loaded machine is slow, which is no fault of the code.
  this.timeout(120_000);
  let dir: string;
  let network: Network;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'epione-certificates-'));
    network = await establishState(dir, parseTopology({ consensus: 'raft', organizations: [{ mspId: 'A' }, { mspId: 'B' }] }));
    await issueIdentities(network, issuedAt);
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it('are issued once', async () => {
    const [organization] = network.organizations;
    if (!organization) throw new Error('no organization');
    const text = (): string => readFileSync(credential(organization, 'users', 'worker').certificateFile, 'utf8');
    const former = text();
    await issueIdentities(network, later(1));
    expect(text()).to.equal(former);
  });

  it('are all listed, the first to end first', () => {
    const all = certificateStatus(network);
    // For each organization two authorities, five users, six for TLS, a peer; and one orderer.
    expect(all).to.have.length(2 * (2 + 5 + 6 + 1) + 1);
    expect(all[0]?.notAfter).to.deep.equal(later(730));
    expect(all.at(-1)?.notAfter).to.deep.equal(later(3650));
  });

  it('stop a start when expired, by name', () => {
    checkNodeCertificates(network, later(729));
    expect(() => {
      checkNodeCertificates(network, later(731));
    })
      .to.throw(NetworkError, join('A', 'peer', 'msp', 'signcerts', 'cert.pem'))
      .with.property('code', 'CERTIFICATE_EXPIRED');
  });
});
