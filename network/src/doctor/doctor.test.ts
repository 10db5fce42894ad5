/** Each fault that the doctor names, really produced in a state folder; the network itself is down. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { makeGenesis } from '../channel/genesis.js';
import { createAuthority, issueCertificate, validFor, type CertificateUse, type IssuedCertificate } from '../identities/certificate-authority.js';
import { issueIdentities, readAuthority, readCredential } from '../identities/identities.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { writeSettings } from '../nodes/node-files.js';
import { setWanted } from '../nodes/start.js';
import { credential, establishState, type Network, type Organization } from '../state.js';
import { status } from '../status.js';
import { parseTopology } from '../topology.js';
import { builder } from './builder.js';
import { certificates } from './certificates.js';
import { clock } from './clock.js';
import { foldersOfOtherDisks, roomRemarks } from './disk.js';
import { doctor } from './doctor.js';
import { run, type Check, type Examined, type Finding } from './finding.js';
import { goVersion, isKeptClassical } from './go-build-info.js';
import { refusalOf } from './key-exchange.js';
import { membership } from './membership.js';
import { privateData } from './private-data.js';
import { fabricRemark, goRemark, nodeRemark } from './programs.js';
import { quorumRemarks } from './quorum.js';
import { snapshots } from './snapshots.js';

describe('doctor', function () {
  this.timeout(120_000);
  const workDir = mkdtempSync(join(tmpdir(), 'epione-doctor-'));
  const sound = join(workDir, 'sound');
  const topology = parseTopology({ consensus: 'raft', organizations: [{ mspId: 'A' }, { mspId: 'B' }] });
  let network: Network;
  let first: Organization;

  before(async () => {
    network = await establishState(sound, topology);
    await issueIdentities(network, new Date());
    await makeGenesis(network, findBinaries().configtxgen);
    writeSettings(network);
    first = network.organizations[0]!;
    cpSync(sound, join(workDir, 'copy'), { recursive: true });
  });
  // Each test spoils the folder: the sound one is put back under the same path, which the settings name.
  afterEach(() => {
    rmSync(sound, { recursive: true });
    cpSync(join(workDir, 'copy'), sound, { recursive: true });
  });
  after(() => {
    rmSync(workDir, { recursive: true });
  });

  async function found(check: Check<Examined>, now = new Date()): Promise<Finding[]> {
    return run(check, { network, status: await status({ stateDir: sound }), now });
  }

  /** Checks that exactly one fault is found and names its cause. */
  async function expectFault(check: Check<Examined>, cause: RegExp): Promise<void> {
    const findings = await found(check);
    expect(findings, JSON.stringify(findings)).to.have.length(1);
    expect(findings[0]).to.include({ check: check.name, level: 'fault' });
    expect(findings[0]?.sentence).to.match(cause);
    expect(findings[0]?.remedy).to.match(/\w/);
  }

  function editYaml(file: string, change: (document: Record<string, never>) => void): void {
    const document = parse(readFileSync(file, 'utf8')) as Record<string, never>;
    change(document);
    writeFileSync(file, stringify(document));
  }
  const core = (): string => join(first.dir, 'peer', 'core.yaml');
  const peerMsp = (...path: string[]): string => join(first.dir, 'peer', 'msp', ...path);
  const peerCertificate = (authority: IssuedCertificate, unit: 'peer' | 'client'): Promise<IssuedCertificate> => {
    const use: CertificateUse = { kind: 'identity', organizationalUnit: unit };
    return issueCertificate(authority, { commonName: 'peer.A', organization: 'A', use, validity: validFor(10, new Date()) });
  };
  function putPeer({ certificate, privateKey }: IssuedCertificate): void {
    writeFileSync(peerMsp('signcerts', 'cert.pem'), certificate);
    writeFileSync(peerMsp('keystore', 'key.pem'), privateKey);
  }

  it('finds nothing in a sound state, and says so line by line', async () => {
    const findings = await doctor({ stateDir: sound });
    expect(findings.filter(({ level }) => level !== 'ok')).to.deep.equal([]);
    expect(findings.map(({ check }) => check)).to.include.members(['programs', 'node', 'disk', 'ports', 'certificates', 'membership', 'builder', 'private-data', 'quorum', 'clock', 'key-exchange']);
  });

  it('names a builder that is not there, that cannot run, or that is not told where the chaincode is', async () => {
    renameSync(join(sound, 'builder'), join(sound, 'gone'));
    const findings = await found(builder);
    expect(findings.map(({ sentence }) => sentence)).to.deep.equal(['A', 'B'].map((name) => `the builder epione of peer.${name} is not at ${join(sound, 'builder')} (chaincode.externalBuilders)`));
    renameSync(join(sound, 'gone'), join(sound, 'builder'));
    chmodSync(join(sound, 'builder', 'bin', 'detect'), 0o644);
    expect((await found(builder))[0]?.sentence).to.match(/cannot run .*builder\/bin\/detect$/);
    chmodSync(join(sound, 'builder', 'bin', 'detect'), 0o755);
    const text = readFileSync(core(), 'utf8');
    writeFileSync(core(), text.replace('- EPIONE_CHAINCODE_CONNECTION', '- OTHER'));
    await expectFault(builder, /does not pass EPIONE_CHAINCODE_CONNECTION/);
    writeFileSync(core(), text);
    rmSync(join(first.dir, 'chaincode', 'connection.json'));
    await expectFault(builder, /connection\.json is missing/);
    cpSync(join(workDir, 'copy', 'organizations', 'A', 'chaincode'), join(first.dir, 'chaincode'), { recursive: true });
    editYaml(core(), (document) => {
      (document as unknown as { chaincode: Record<string, unknown> }).chaincode['externalBuilders'] = [];
    });
    await expectFault(builder, /names no external builder/);
  });

  it('names the private data settings that are missing', async () => {
    const text = readFileSync(core(), 'utf8');
    writeFileSync(core(), text.replace(/^ *pushAckTimeout:.*\n/m, ''));
    await expectFault(privateData, /peer\.gossip\.pvtData\.pushAckTimeout/);
    writeFileSync(core(), text.replace('pushAckTimeout: 3s', 'pushAckTimeout: 3'));
    await expectFault(privateData, /pushAckTimeout/);
  });

  it('names an MSP ID, an authority, a unit, a key and node units that are wrong', async () => {
    const text = readFileSync(core(), 'utf8');
    writeFileSync(core(), text.replace('localMspId: A', 'localMspId: B'));
    await expectFault(membership, /core\.yaml says the MSP ID B, the organization is A/);
    writeFileSync(core(), text);
    putPeer(await peerCertificate(await createAuthority('ca.A', 'A', validFor(10, new Date())), 'peer'));
    await expectFault(membership, /cert\.pem was not issued by CN=ca\.A/);
    putPeer(await peerCertificate(readAuthority(first), 'client'));
    await expectFault(membership, /has the organizational unit client, Fabric wants exactly peer/);
    putPeer({ ...(await peerCertificate(readAuthority(first), 'peer')), privateKey: readCredential(credential(first, 'users', 'worker')).privateKey });
    await expectFault(membership, /key\.pem is not the key of the certificate beside it/);
    putPeer(await peerCertificate(readAuthority(first), 'peer'));
    expect((await found(membership))[0]).to.have.property('level', 'ok');
    writeFileSync(peerMsp('config.yaml'), readFileSync(peerMsp('config.yaml'), 'utf8').replace('Enable: true', 'Enable: false'));
    await expectFault(membership, /does not enable all node units/);
  });

  it('names an authority that the channel does not know', async () => {
    const other = join(workDir, 'other');
    const stranger = await establishState(other, parseTopology({ consensus: 'raft', organizations: [{ mspId: 'A' }, { mspId: 'C' }] }));
    await issueIdentities(stranger, new Date());
    await makeGenesis(stranger, findBinaries().configtxgen);
    cpSync(join(other, 'genesis.block'), join(sound, 'genesis.block'));
    await expectFault(membership, /^the channel knows another authority of A than .*authorities\/sign\.pem$/);
  });

  it('names what expires first, consenters specially, and what has expired', async () => {
    const soon = await issueCertificate(readAuthority(first), { commonName: 'orderer.A', organization: 'A', use: { kind: 'identity', organizationalUnit: 'orderer' }, validity: validFor(5, new Date()) });
    writeFileSync(join(first.dir, 'orderer', 'msp', 'signcerts', 'cert.pem'), soon.certificate);
    const findings = await found(certificates);
    expect(findings).to.have.length(1);
    expect(findings[0]).to.include({ level: 'warning', remedy: 'fl-network certificates renew A' });
    expect(findings[0]?.sentence).to.match(/^1 certificate\(s\) of A expire within 30 days, first .*orderer\/msp\/signcerts\/cert\.pem, a consenter's, in [45] day/);
    const later = await found(certificates, new Date(Date.now() + 6 * 86_400_000));
    expect(later).to.have.length(1);
    expect(later[0]).to.have.property('level', 'fault');
    expect(later[0]?.sentence).to.match(/^1 certificate\(s\) of A have expired: .*a consenter's$/);
    const earlier = await found(certificates, new Date(Date.now() - 3 * 86_400_000));
    expect(earlier.map(({ level, remedy }) => `${level} ${remedy ?? ''}`)).to.include('fault Set this machine\'s clock.');
  });

  it('names a port that another program holds', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(first.ports.peer, '127.0.0.1', done));
    const findings = await doctor({ stateDir: sound });
    server.close();
    expect(findings.filter(({ level }) => level !== 'ok').map(({ sentence }) => sentence)).to.deep.equal([`port ${first.ports.peer} (ports.peer of peer.A) is in use by another program`]);
  });

  it('names the clock that is off by more than half of what its node allows', async () => {
    let date = new Date();
    const server = createServer((_request, response) => response.writeHead(200, { date: date.toUTCString() }).end('{}'));
    await new Promise<void>((done) => server.listen(first.ports.peerOperations, '127.0.0.1', done));
    try {
      date = new Date(Date.now() - 20_000);
      await expectFault(clock, /^the clock of peer\.A is (19|20|21) s behind ours; it refuses what differs by 15s$/);
      date = new Date(Date.now() + 60_000);
      await expectFault(clock, /^the clock of peer\.A is (59|60|61) s ahead of ours/);
      editYaml(core(), (document) => {
        (document as unknown as { peer: Record<string, unknown> }).peer['authentication'] = {};
      });
      expect((await found(clock))[0]).to.have.property('level', 'ok');
      date = new Date(Date.now() - 10 * 60_000);
      await expectFault(clock, /it refuses what differs by 15m$/);
    } finally {
      server.close();
    }
  });

  it('names peers whose snapshots of one block differ', async () => {
    const put = (mspId: string, block: number, hash: string): void => {
      const folder = join(sound, 'ledgers', `peer.${mspId}`, 'snapshots', 'completed', 'epione', String(block));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, '_snapshot_signable_metadata.json'), JSON.stringify({ channel_name: 'epione', last_block_number: block }));
      writeFileSync(join(folder, '_snapshot_additional_metadata.json'), JSON.stringify({ snapshot_hash: hash.repeat(16), last_block_commit_hash: '' }));
    };
    put('A', 7, 'aa11');
    put('B', 9, 'bb22');
    expect((await found(snapshots))[0]).to.include({ level: 'ok', sentence: 'no two peers have a snapshot of the same block' });
    put('B', 7, 'aa11');
    expect((await found(snapshots))[0]).to.include({ level: 'ok', sentence: 'equal at 1 block(s)' });
    put('A', 9, 'cc33');
    await expectFault(snapshots, /^the states of peers differ at block 9: A cc33cc33cc33…; B bb22bb22bb22…$/);
  });

  it('names processes that should run, and orderers without a quorum', async () => {
    setWanted(network, true);
    const findings = (await doctor({ stateDir: sound })).filter(({ level }) => level === 'fault');
    expect(findings.map(({ sentence }) => sentence)).to.deep.equal([
      ...['orderer.A', 'peer.A', 'peer.B'].map((name) => `${name} has stopped`),
      '0 of 1 orderers serve and vote, 1 are needed: nothing is ordered until 1 more of orderer.A is back',
    ]);
  });

  it('counts votes as SmartBFT does', () => {
    const orderers = (...states: ('serving' | 'stopped' | 'follower')[]) =>
      quorumRemarks({
        consensus: 'bft',
        processes: states.map((state, index) => ({ name: `orderer.${index}`, port: 1, health: state === 'stopped' ? 'stopped' : 'serving', ...(state === 'stopped' ? {} : { relation: state === 'serving' ? 'consenter' : 'follower' }) })),
      }).map(({ level }) => level);
    expect(orderers('serving', 'serving', 'serving', 'serving')).to.deep.equal(['ok']);
    expect(orderers('serving', 'serving', 'serving', 'stopped')).to.deep.equal(['warning']);
    expect(orderers('serving', 'serving', 'stopped', 'stopped')).to.deep.equal(['fault']);
    expect(orderers('serving', 'serving', 'serving', 'follower')).to.deep.equal(['fault', 'warning']);
    // Five need four: with three, two that lie could make two blocks of one number.
    expect(orderers('serving', 'serving', 'serving', 'stopped', 'stopped')).to.deep.equal(['fault']);
  });

  it('names disks with too little room for bytes or files', () => {
    const level = (bytes: number, files?: number): string[] => roomRemarks({ folder: '/x', bytes, files }).map((remark) => remark.level);
    expect([level(1e10), level(1e10, 5e5), level(1e9), level(1e8), level(1e10, 9000)]).to.deep.equal([[], [], ['warning'], ['fault'], ['fault']]);
    expect(foldersOfOtherDisks(sound)).to.deep.equal([]);
    const elsewhere = join(sound, 'ledgers', 'peer.A');
    symlinkSync('/proc', elsewhere);
    expect(foldersOfOtherDisks(sound)).to.deep.equal([elsewhere]);
  });

  it('reads the Go of a program and names one that is too old, and a Node that is', () => {
    expect(goVersion(readFileSync(findBinaries().peer))).to.match(/^1\.\d+/);
    expect(goVersion(readFileSync(process.execPath))).to.equal(undefined);
    // As Go 1.22 writes it: at a multiple of 16, flags 2, the version after 32 bytes.
    const old = Buffer.alloc(128);
    old.write('\xff Go buildinf:\x08\x02', 16, 'latin1');
    old.write('\x08go1.22.3', 48, 'latin1');
    expect(goVersion(old)).to.equal('1.22.3');
    expect(goRemark('peer', '1.22.3')).to.have.property('level', 'fault');
    expect(goRemark('peer', undefined)).to.have.property('level', 'warning');
    expect(goRemark('peer', '1.24rc1')).to.equal(undefined);
    expect(nodeRemark({ node: '22.20.0', openssl: '3.5.2' }).level).to.equal('fault');
    expect(nodeRemark({ node: '24.21.0', openssl: '3.0.15' }).level).to.equal('fault');
    expect(nodeRemark({ node: '24.16.0', openssl: '3.5.0' }).level).to.equal('ok');
  });

  it('names a Fabric below 2.5.13 or 3.1.0, and one that a newer Go built with the older key exchange', () => {
    const level = (version: string): string | undefined => fabricRemark('peer', `peer:\n Version: ${version}\n Go version: go1.26.8`)?.level;
    for (const version of ['v2.4.9', 'v2.5.12', 'v3.0.0', '3.0.9']) expect(level(version), version).to.equal('fault');
    for (const version of ['v2.5.13', 'v2.5.16', 'v3.1.0', 'v3.2.0', 'v4.0.0', 'latest']) expect(level(version), version).to.equal(undefined);
    expect(isKeptClassical(readFileSync(findBinaries().peer))).to.equal(false);
    expect(isKeptClassical(Buffer.from('DefaultGODEBUG=a=1\nbuild\tDefaultGODEBUG=asynctimerchan=1,tlsmlkem=0,x=1\n'))).to.equal(true);
    expect(isKeptClassical(Buffer.from('DefaultGODEBUG=a=1\ntlsmlkem=0'))).to.equal(false);
  });

  it('tells a server that agrees on classical keys only from one that agrees on post-quantum ones', async () => {
    const { certificate: cert, privateKey: key } = readCredential(credential(first, 'tls', 'peer'));
    const ca = readFileSync(credential(first, 'authorities', 'tls').certificateFile, 'utf8');
    for (const [ecdhCurve, agrees] of [['X25519', false], ['X25519MLKEM768', true]] as const) {
      const server = createTls({ cert, key, ecdhCurve, minVersion: 'TLSv1.3' }, (socket) => socket.end());
      server.on('tlsClientError', () => undefined);
      await new Promise<void>((done) => server.listen(0, 'localhost', done));
      const refusal = await refusalOf((server.address() as AddressInfo).port, { ca, cert, key });
      server.close();
      expect(refusal === undefined, refusal).to.equal(agrees);
    }
  });
});
