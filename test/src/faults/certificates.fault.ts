/** Certificates that have ended, and their renewal while the others go on. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueCertificate, NetworkError, readAuthority, renewCertificates, up, type CertificateRequest, type Organization } from '@epione/network';
import { expect } from 'chai';
import { repair, signal, stateDir } from './network-under-test.js';
import { scenario } from './scenario.js';

const ended = { notBefore: new Date(0), notAfter: new Date(86_400_000) };

/** Puts a certificate of the same key that has ended into the place of a good one. */
async function end(organization: Organization, authority: 'sign' | 'tls', request: Omit<CertificateRequest, 'validity' | 'organization'>, files: { certificate: string; key: string }): Promise<void> {
  const { certificate } = await issueCertificate(readAuthority(organization, authority), { ...request, organization: organization.mspId, validity: ended }, readFileSync(files.key, 'utf8'));
  writeFileSync(files.certificate, certificate);
}

describe('faults of certificates', () => {
  scenario('a peer whose enrolment and TLS certificates have ended, and are renewed', async ({ network, rounds }) => {
    const regulator = network.organizations.find(({ mspId }) => mspId === 'Regulator')!;
    const msp = join(regulator.dir, 'peer', 'msp');
    const enrolment = { certificate: join(msp, 'signcerts', 'cert.pem'), key: join(msp, 'keystore', 'key.pem') };
    const tls = { certificate: join(regulator.dir, 'tls', 'peer.pem'), key: join(regulator.dir, 'tls', 'peer.key') };
    await end(regulator, 'sign', { commonName: 'peer.Regulator', use: { kind: 'identity', organizationalUnit: 'peer' } }, enrolment);
    await end(regulator, 'tls', { commonName: 'peer-regulator', use: { kind: 'tls', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] } }, tls);
    await signal('peer.Regulator', 'SIGKILL');
    await rounds.play();
    const refused = await up({ stateDir }).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(NetworkError).with.property('code', 'CERTIFICATE_EXPIRED');
    for (const file of [enrolment.certificate, tls.certificate]) expect(String(refused)).to.contain(file);
    const { renewed } = await renewCertificates({ stateDir, withinDays: 1 });
    expect(renewed.map(({ mspId, kind, name }) => `${mspId} ${kind} ${name}`)).to.have.members(['Regulator peer peer', 'Regulator tls peer']);
    await repair();
  });
});
