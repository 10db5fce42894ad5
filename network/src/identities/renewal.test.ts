/** Renewal on files: the new certificate waits beside the old one, and a stop at any place is gone on from. */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { establishState, type Organization } from '../state.js';
import { parseTopology } from '../topology.js';
import { certificatePlan, issueIdentities, type PlannedCertificate } from './identities.js';
import { applyStaged, endStage, isStaged, stageCertificate, stagedFiles } from './renewal.js';

const issuedAt = new Date('2024-03-01T00:00:00Z');
const now = new Date('2025-03-01T00:00:00Z');

describe('renewal of a certificate', function () {
  // A loaded machine is slow, which is no fault of the code.
  this.timeout(120_000);
  let dir: string;
  let organization: Organization;
  let planned: PlannedCertificate;
  const text = (): string => readFileSync(planned.files.certificateFile, 'utf8');
  const fits = (): boolean => new X509Certificate(text()).checkPrivateKey(createPrivateKey(readFileSync(planned.files.privateKeyFile)));

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'epione-renewal-'));
    const network = await establishState(dir, parseTopology({ consensus: 'raft', organizations: [{ mspId: 'A' }] }));
    await issueIdentities(network, issuedAt);
    const [first] = network.organizations;
    const [peer] = first ? certificatePlan(first) : [];
    if (!first || !peer) throw new Error('no organization');
    organization = first;
    planned = peer;
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it('keeps subject and key, and changes nothing until it is put into place', async () => {
    const former = new X509Certificate(text());
    await stageCertificate(organization, planned, { newKey: false, now });
    expect(text()).to.equal(former.toString());
    await stageCertificate(organization, planned, { newKey: true, now });
    applyStaged(organization, planned);
    const renewed = new X509Certificate(text());
    expect(renewed.subject).to.equal(former.subject);
    expect(renewed.publicKey.equals(former.publicKey)).to.equal(true);
    expect(renewed.validToDate.toISOString()).to.equal('2027-03-01T00:00:00.000Z');
    expect(isStaged(organization, planned)).to.equal(false);
    expect(fits()).to.equal(true);
  });

  it('goes on after a stop between key and certificate', async () => {
    const former = new X509Certificate(text());
    await stageCertificate(organization, planned, { newKey: true, now });
    renameSync(stagedFiles(organization, planned).privateKeyFile, planned.files.privateKeyFile);
    expect(fits()).to.equal(false);
    await stageCertificate(organization, planned, { newKey: true, now });
    applyStaged(organization, planned);
    applyStaged(organization, planned);
    expect(fits()).to.equal(true);
    expect(new X509Certificate(text()).publicKey.equals(former.publicKey)).to.equal(false);
    endStage(organization);
    expect(existsSync(stagedFiles(organization, planned).certificateFile)).to.equal(false);
  });

  it('ends no later than its authority, and an orderer\'s enrolment no earlier', () => {
    const ends = certificatePlan(organization).map(({ kind, files }) => [kind, new X509Certificate(readFileSync(files.certificateFile)).validToDate.getTime()] as const);
    const authority = new X509Certificate(readFileSync(join(organization.dir, 'authorities', 'sign.pem'))).validToDate.getTime();
    for (const [kind, end] of ends) expect(end === authority).to.equal(kind === 'orderer');
  });
});
