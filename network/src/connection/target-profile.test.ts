/** Profiles of networks that others run: what is read, and that all faults are told. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NetworkError } from '../error.js';
import { createAuthority, issueCertificate, validFor, type IssuedCertificate } from '../identities/certificate-authority.js';
import { readConnectionProfile } from './connection-profile.js';
import { readSamples } from './samples.js';
import { parsePackageConnection, readTargetProfile } from './target-profile.js';

describe('profile of a network that others run', () => {
  let dir: string;
  let admin: IssuedCertificate;
  let other: IssuedCertificate;

  before(async () => {
    const authority = await createAuthority('ca', 'Org1', validFor(1, new Date()));
    const request = { commonName: 'Admin', organization: 'Org1', use: { kind: 'identity', organizationalUnit: 'admin' }, validity: validFor(1, new Date()) } as const;
    admin = await issueCertificate(authority, request);
    other = await issueCertificate(authority, request);
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'epione-profile-'));
    writeFileSync(join(dir, 'ca.pem'), 'CA');
    writeFileSync(join(dir, 'admin.pem'), admin.certificate);
    writeFileSync(join(dir, 'admin.key'), admin.privateKey);
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const write = (document: unknown, name = 'profile.json'): string => {
    const file = join(dir, name);
    writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document));
    return file;
  };

  it('names an organization that is none, and TLS roots that are not there, in a profile of older SDKs', () => {
    const older = (organization: string, path: string): unknown => ({
      client: { organization }, organizations: { Org1: { mspid: 'Org1MSP', peers: ['peer0'] } }, peers: { peer0: { url: 'grpcs://localhost:7051', tlsCACerts: { path } } },
    });
    expect(readConnectionProfile(write(older('Org1', 'ca.pem')))).to.have.property('mspId', 'Org1MSP');
    const refusal = (document: unknown): string => {
      try {
        readConnectionProfile(write(document));
        return 'none';
      } catch (error) {
        expect(error).to.be.instanceOf(NetworkError);
        return (error as Error).message;
      }
    };
    for (const name of ['Org2', 'constructor', '__proto__']) expect(refusal(older(name, 'ca.pem')), name).to.contain('client.organization: must name one of organizations');
    expect(refusal(older('Org1', 'none.pem'))).to.match(/tlsCACerts\.path: .*none\.pem/);
  });

  const files = { certificateFile: 'admin.pem', privateKeyFile: 'admin.key' };

  /** An MSP folder with one certificate and these keys. */
  function mspFolder(path: string, ...keys: readonly string[]): string {
    mkdirSync(join(path, 'signcerts'), { recursive: true });
    mkdirSync(join(path, 'keystore'));
    writeFileSync(join(path, 'signcerts', 'cert.pem'), admin.certificate);
    keys.forEach((key, index) => {
      writeFileSync(join(path, 'keystore', `${index}_sk`), key);
    });
    return path;
  }

  function faultOf(work: () => unknown): NetworkError {
    try {
      work();
    } catch (error) {
      if (error instanceof NetworkError) return error;
      throw error;
    }
    throw new Error('nothing was thrown');
  }

  it('reads YAML with paths relative to it', () => {
    const profile = readTargetProfile(write("channel: c\norganizations:\n  - mspId: A\n    peers: [{ endpoint: 'h:1', tlsCaFile: ca.pem, hostnameOverride: p }]\n    admin: { certificateFile: admin.pem, privateKeyFile: admin.key }\n    clientTls: { certificateFile: admin.pem, privateKeyFile: admin.key }\n", 'p.yaml'));
    expect(profile).to.deep.equal({ channel: 'c', chaincode: 'epione', organizations: [{ mspId: 'A', peers: [{ mspId: 'A', endpoint: 'h:1', tlsRoots: Buffer.from('CA'), hostnameOverride: 'p', clientTls: admin }], admin }] });
  });

  it('lets the command line say the channel and the name', () => {
    const file = write({ channel: 'c', packageConnection: { address: 'a:1' }, organizations: [{ mspId: 'A', peers: [{ endpoint: 'h:1', tlsCaFile: 'ca.pem' }], admin: files }] });
    const profile = readTargetProfile(file, { channel: 'd', chaincode: 'n' });
    expect(profile).to.include({ channel: 'd', chaincode: 'n' });
    expect(profile.packageConnection).to.deep.equal({ address: 'a:1', dial_timeout: '10s', tls_required: false });
    expect(parsePackageConnection({ address: 'a:1', tls_required: true, root_cert: '{{.root}}' })).to.deep.equal({ address: 'a:1', dial_timeout: '10s', tls_required: true, root_cert: '{{.root}}' });
  });

  it('takes the key that fits the certificate from an MSP folder, and no other', () => {
    mspFolder(join(dir, 'msp'), other.privateKey, admin.privateKey);
    const organizations = [{ mspId: 'A', peers: [{ endpoint: 'h:1', tlsCaFile: 'ca.pem' }], admin: { mspDir: 'msp' } }];
    expect(readTargetProfile(write({ channel: 'c', organizations })).organizations[0]?.admin).to.deep.equal(admin);
    mspFolder(join(dir, 'wrong'), other.privateKey);
    expect(faultOf(() => readTargetProfile(write({ channel: 'c', organizations: [{ ...organizations[0], admin: { mspDir: 'wrong' } }] }))).message).to.contain('keystore has no key of its certificate');
  });

  it('tells all faults at once', () => {
    const { code, message } = faultOf(() => readTargetProfile(write({ chanel: 'c', organizations: [{ mspId: 'A', peers: [], admin: files }] })));
    expect(code).to.equal('PROFILE_INVALID');
    expect(message).to.match(/has \d fault/).and.contain('\n  channel: ').and.contain('chanel').and.contain('organizations.0');
    expect(faultOf(() => readTargetProfile(join(dir, 'none.yaml'))).code).to.equal('PROFILE_INVALID');
    expect(faultOf(() => readTargetProfile(write({ channel: 'c', organizations: [{ mspId: 'A', peers: [{ endpoint: 'h:1', tlsCaFile: 'none.pem' }], admin: files }] }))).message).to.contain('none.pem');
  });

  const peers = { p: { url: 'grpcs://localhost:7051', tlsCACerts: { pem: 'ROOT' }, grpcOptions: { hostnameOverride: 'peer0.org1.example.com' } } };
  const connection = { name: 'test-network-org1', client: { organization: 'Org1' }, organizations: { Org1: { mspid: 'Org1MSP', peers: ['p'] } }, peers, certificateAuthorities: {} };

  it('reads a connection profile where the administrator lies beside it', () => {
    const home = join(dir, 'org1.example.com');
    mspFolder(join(home, 'users', 'Admin@org1.example.com', 'msp'), admin.privateKey);
    const file = write(connection, 'org1.example.com/connection-org1.json');
    const address = { mspId: 'Org1MSP', endpoint: 'localhost:7051', tlsRoots: Buffer.from('ROOT'), hostnameOverride: 'peer0.org1.example.com' };
    expect(readTargetProfile(file, { channel: 'mychannel' })).to.deep.equal({ channel: 'mychannel', chaincode: 'epione', organizations: [{ mspId: 'Org1MSP', peers: [address], admin }] });
    expect(faultOf(() => readTargetProfile(file)).remedy).to.contain('--channel');
    expect(faultOf(() => readTargetProfile(write(connection), { channel: 'c' })).message).to.contain('names no administrator');
    expect(faultOf(() => readTargetProfile(write({ ...connection, peers: {} }), { channel: 'c' })).message).to.contain('peers.p: is missing');
    expect(faultOf(() => readTargetProfile(write({ ...connection, peers: { p: { ...peers.p, url: 'grpc://localhost:7051' } } }), { channel: 'c' })).message).to.contain('must be grpcs://host:port');
  });

  it("finds the organizations of the samples' test network, with the ports of its compose files where no connection profile is", () => {
    for (const name of ['org1', 'org2', 'org3', 'org9']) {
      const home = join(dir, 'organizations', 'peerOrganizations', `${name}.example.com`);
      mspFolder(join(home, 'users', `Admin@${name}.example.com`, 'msp'), admin.privateKey);
      mkdirSync(join(home, 'peers', `peer0.${name}.example.com`, 'tls'), { recursive: true });
      cpSync(join(dir, 'ca.pem'), join(home, 'peers', `peer0.${name}.example.com`, 'tls', 'ca.crt'));
    }
    expect(faultOf(() => readSamples(dir)).message).to.contain('connection-org9.json');
    rmSync(join(dir, 'organizations', 'peerOrganizations', 'org9.example.com'), { recursive: true });
    const profile = readSamples(dir);
    expect(profile).to.include({ channel: 'mychannel', chaincode: 'epione' });
    expect(profile.packageConnection).to.deep.equal({ address: '{{.peername}}_epione_ccaas:9999', dial_timeout: '10s', tls_required: false });
    expect(profile.organizations.map(({ mspId, peers: [peer] }) => [mspId, peer?.endpoint, peer?.hostnameOverride])).to.deep.equal([
      ['Org1MSP', 'localhost:7051', 'peer0.org1.example.com'],
      ['Org2MSP', 'localhost:9051', 'peer0.org2.example.com'],
      ['Org3MSP', 'localhost:11051', 'peer0.org3.example.com'],
    ]);
    expect(faultOf(() => readSamples(join(dir, 'none'))).remedy).to.contain('--samples');
  });
});
