/** Certificates as Fabric and TLS read them, checked with OpenSSL through node:crypto. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { createAuthority, issueCertificate, validFor, type IssuedCertificate } from './certificate-authority.js';

const now = new Date('2026-01-15T12:00:00Z');
const validity = validFor(10, now);

describe('certificate authority', function () {
  // A loaded machine is slow, which is no fault of the code.
  this.timeout(120_000);
  let root: IssuedCertificate;
  before(async () => {
    root = await createAuthority('ca.Org', 'Org', validFor(100, now));
  });

  it('makes a root that may sign', () => {
    const certificate = new X509Certificate(root.certificate);
    expect(certificate.ca).to.equal(true);
    expect(certificate.verify(certificate.publicKey)).to.equal(true);
    expect(certificate.subject.split('\n')).to.have.members(['CN=ca.Org', 'O=Org']);
  });

  it('issues an identity with one unit and its attributes as raw JSON', async () => {
    const issued = await issueCertificate(root, {
      commonName: 'worker.Org',
      organization: 'Org',
      use: { kind: 'identity', organizationalUnit: 'client', attributes: { role: 'worker' } },
      validity,
    });
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.subject.split('\n')).to.have.members(['CN=worker.Org', 'OU=client', 'O=Org']);
    expect(certificate.raw.includes(Buffer.from('{"attrs":{"role":"worker"}}'))).to.equal(true);
    // OID 1.2.3.4.5.6.7.8.1, then an OCTET STRING that holds the JSON and nothing before it.
    expect(certificate.raw.includes(Buffer.concat([Buffer.from('06082a030405060708010 4 1b'.replaceAll(' ', ''), 'hex'), Buffer.from('{"attrs"')]))).to.equal(true);
    expect(certificate.checkIssued(new X509Certificate(root.certificate))).to.equal(true);
    expect(certificate.verify(new X509Certificate(root.certificate).publicKey)).to.equal(true);
    expect(certificate.checkPrivateKey(createPrivateKey(issued.privateKey))).to.equal(true);
    expect(certificate.ca).to.equal(false);
  });

  it('issues TLS certificates for both roles and the given names', async () => {
    const { certificate } = await issueCertificate(root, {
      commonName: 'peer-org',
      organization: 'Org',
      use: { kind: 'tls', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] },
      validity,
    });
    const parsed = new X509Certificate(certificate);
    expect(parsed.subjectAltName).to.equal('DNS:localhost, IP Address:127.0.0.1');
    expect(parsed.keyUsage).to.have.members(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(parsed.checkHost('localhost')).to.equal('localhost');
    expect(parsed.checkHost('elsewhere')).to.equal(undefined);
    expect(parsed.validToDate.toISOString()).to.equal('2026-01-25T12:00:00.000Z');
  });

  it('ends every PEM text in one newline, so that texts can be joined and compared with what Go writes', async () => {
    const request = { commonName: 'x', organization: 'Org', use: { kind: 'identity', organizationalUnit: 'peer' }, validity } as const;
    const issued = await Promise.all(Array.from({ length: 8 }, async () => issueCertificate(root, request)));
    for (const text of [root, ...issued].flatMap(({ certificate, privateKey }) => [certificate, privateKey])) {
      expect(text).to.match(/^-----BEGIN [A-Z ]+-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END [A-Z ]+-----\n$/);
    }
    const serials = new Set(issued.map(({ certificate }) => new X509Certificate(certificate).serialNumber));
    expect(serials.size).to.equal(8);
  });

  it('is not taken for another authority of the same name', async () => {
    const other = await createAuthority('ca.Org', 'Org', validFor(100, now));
    const { certificate } = await issueCertificate(other, { commonName: 'x', organization: 'Org', use: { kind: 'identity', organizationalUnit: 'client' }, validity });
    expect(new X509Certificate(certificate).verify(new X509Certificate(root.certificate).publicKey)).to.equal(false);
  });
});
