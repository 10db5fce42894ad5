// A site's kit holds what its worker needs and no key of another's, and its sums are what sha256sum checks.
import { spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { makeGenesis } from '../channel/genesis.js';
import { NetworkError } from '../error.js';
import { issueIdentities } from '../identities/identities.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { peerSettings } from '../nodes/node-settings.js';
import { writeProfiles } from '../profile.js';
import { credential, establishState, openState, type Organization } from '../state.js';
import { parseTopology } from '../topology.js';
import { makeKit, type Kit } from './kit.js';

describe('kit', function () {
  this.timeout(120_000);
  const dir = mkdtempSync(join(tmpdir(), 'epione-kit-'));
  const stateDir = join(dir, 'network');
  const output = join(dir, 'kits');
  let kit: Kit;
  before(async () => {
    const network = await establishState(stateDir, parseTopology({ consensus: 'raft', organizations: [{ mspId: 'A', host: 'ledger.a.example' }, { mspId: 'B' }] }));
    await issueIdentities(network, new Date());
    await makeGenesis(network, findBinaries().configtxgen);
    writeProfiles(network);
    mkdirSync(output);
    kit = await makeKit({ stateDir, mspId: 'A', output, host: 'epione.a.example', port: 7444, study: `sha256:${'1'.repeat(64)}` });
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });
  const read = (name: string): string => readFileSync(join(kit.folder, name), 'utf8');

  it('holds its own keys and nobody else’s, for their owner only', () => {
    const keysOf = (mspId: string): string[] => readdirSync(join(stateDir, 'organizations', mspId), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.key')).map((name) => readFileSync(join(stateDir, 'organizations', mspId, name), 'utf8'));
    const held = kit.files.filter((name) => read(name).includes('PRIVATE KEY'));
    expect(held).to.deep.equal(['identities/worker.key', 'identities/auditor.key', 'tls/kme.key', 'tls/site.key']);
    for (const name of held) expect(keysOf('B')).not.to.include(read(name));
    for (const name of kit.files) expect(statSync(join(kit.folder, name)).mode & 0o777, name).to.equal(0o600);
    expect(statSync(kit.archive).mode & 0o777).to.equal(0o600);
  });

  it('has a certificate for the name that others call, profiles with files of its own, and the configuration', () => {
    const certificate = new X509Certificate(read('tls/site.pem'));
    expect(certificate.checkHost('epione.a.example')).to.equal('epione.a.example');
    expect(certificate.verify(new X509Certificate(read('tls/peer-A.pem')).publicKey)).to.equal(true);
    const profile = JSON.parse(read('profile.json')) as { peers: { tlsCaFile: string }[]; identities: object };
    for (const { tlsCaFile } of profile.peers) expect(existsSync(join(kit.folder, tlsCaFile))).to.equal(true);
    expect(profile.identities).to.have.all.keys('worker', 'auditor');
    expect(JSON.stringify(profile)).not.to.include(stateDir);
    expect(parse(read('worker.yaml'))).to.deep.include({ mspId: 'A', study: `sha256:${'1'.repeat(64)}` }).and.have.property('blobServer').that.deep.includes({ host: '0.0.0.0', port: 7444, publicUrl: 'https://epione.a.example:7444' });
  });

  it('names peers by the host of the topology, for which their certificates are; others by loopback, and says whose', () => {
    const { peers } = JSON.parse(read('profile.json')) as { peers: { mspId: string; endpoint: string }[] };
    const { organizations } = openState(stateDir);
    expect(peers.map(({ endpoint }) => endpoint)).to.deep.equal([`ledger.a.example:${organizations[0]!.ports.peer}`, `localhost:${organizations[1]!.ports.peer}`]);
    expect(kit.loopback).to.deep.equal(['B']);
    const peer = (organization: Organization): X509Certificate => new X509Certificate(readFileSync(credential(organization, 'tls', 'peer').certificateFile));
    const [a, b] = organizations.map(peer);
    expect([a!.checkHost('ledger.a.example'), a!.checkHost('localhost'), b!.checkHost('ledger.a.example')]).to.deep.equal(['ledger.a.example', 'localhost', undefined]);
    expect(organizations.map((organization) => (peerSettings(openState(stateDir), organization) as { peer: { listenAddress: string } }).peer.listenAddress.split(':')[0])).to.deep.equal(['0.0.0.0', '127.0.0.1']);
    // On this machine all goes on by loopback.
    expect((JSON.parse(readFileSync(join(stateDir, 'profiles', 'A.json'), 'utf8')) as { peers: { endpoint: string }[] }).peers[0]!.endpoint).to.match(/^localhost:/);
  });

  it('has sums that sha256sum agrees with, in the archive too', () => {
    const copy = join(dir, 'unpacked');
    mkdirSync(copy);
    expect(spawnSync('tar', ['-xzf', kit.archive, '-C', copy]).status).to.equal(0);
    for (const folder of [kit.folder, join(copy, 'A')]) expect(spawnSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder }).status).to.equal(0);
    expect(statSync(join(copy, 'A', 'tls', 'site.key')).mode & 0o777).to.equal(0o600);
    expect(kit.digest).to.equal(createHash('sha256').update(read('SHA256SUMS')).digest('hex'));
    expect(read('SHA256SUMS').trimEnd().split('\n')).to.have.length(kit.files.length - 1);
  });

  it('is not made over another, nor for whom there is not', async () => {
    for (const mspId of ['A', 'C']) {
      const error: unknown = await makeKit({ stateDir, mspId, output }).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(NetworkError).with.property('code', 'USAGE');
    }
  });
});
