/** A network as a stranger sees it, by endpoints and administrators only: deployed to, changed, upgraded with a migration, for real. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { connectPeer } from '../connection/gateway.js';
import { readSamples } from '../connection/samples.js';
import type { TargetProfile } from '../connection/target.js';
import { readTargetProfile } from '../connection/target-profile.js';
import { clean } from '../down.js';
import { NetworkError, sentenceOf } from '../error.js';
import { readCredential } from '../identities/identities.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { answersTls, until } from '../nodes/health.js';
import { credential, type Network, type Organization } from '../state.js';
import { parseTopology } from '../topology.js';
import { up } from '../up.js';
import { packChaincode } from './chaincode-package.js';
import { defaultChaincodeDir, deploy, planDeployment } from './deploy.js';
import { deployRemote, planRemoteDeployment } from './deploy-remote.js';
import { writeStandalone } from './standalone.js';

// Below the package, so that the fixtures find their dependencies.
const workDir = fileURLToPath(new URL('../../.state/deploy-test', import.meta.url));
const fixture = fileURLToPath(new URL('../../test/fixture-chaincode', import.meta.url));
const nextFixture = fileURLToPath(new URL('../../test/fixture-migration', import.meta.url));
const program = fileURLToPath(new URL('../../bin/fl-network.mjs', import.meta.url));
const options = { stateDir: join(workDir, 'network'), topology: parseTopology({ consensus: 'raft', channel: 'others', organizations: [{ mspId: 'A' }, { mspId: 'B' }, { mspId: 'C' }] }) };
const standalone = join(workDir, 'standalone');

describe('a deployment to a network that others run', function () {
  this.timeout(120_000);
  let network: Network;
  let servers: ChildProcess[] = [];

  const organization = (mspId: string): Organization => {
    const found = network.organizations.find((entry) => entry.mspId === mspId);
    if (!found) throw new Error(`no ${mspId}`);
    return found;
  };

  /** A profile that names peers by endpoint and administrators by files, B's peer by a connection profile. */
  function profileOf(...mspIds: readonly string[]): string {
    const file = join(workDir, `${mspIds.join('')}.yaml`);
    const entry = (mspId: string): object => {
      const own = organization(mspId);
      const admin = credential(own, 'users', 'admin');
      if (mspId === 'B') return { connectionProfile: connectionProfile(own, join(workDir, 'b.json')), admin };
      return { mspId, peers: [{ endpoint: `localhost:${own.ports.peer}`, tlsCaFile: credential(own, 'authorities', 'tls').certificateFile }], admin };
    };
    writeFileSync(file, stringify({ channel: 'others', organizations: mspIds.map(entry) }));
    return file;
  }

  function connectionProfile(own: Organization, file: string): string {
    const peer = { url: `grpcs://localhost:${own.ports.peer}`, tlsCACerts: { pem: readFileSync(credential(own, 'authorities', 'tls').certificateFile, 'utf8') }, grpcOptions: { 'ssl-target-name-override': 'localhost', hostnameOverride: 'localhost' } };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ name: 'n', client: { organization: own.mspId }, organizations: { [own.mspId]: { mspid: own.mspId, peers: ['p'], certificateAuthorities: [] } }, peers: { p: peer } }));
    return file;
  }

  /** The folders that the samples' scripts write, for these organizations. */
  function layOut(dir: string): string {
    for (const [index, own] of network.organizations.entries()) {
      const domain = `org${index + 1}.example.com`;
      const home = join(dir, 'organizations', 'peerOrganizations', domain);
      const msp = join(home, 'users', `Admin@${domain}`, 'msp');
      const { certificateFile, privateKeyFile } = credential(own, 'users', 'admin');
      for (const folder of ['signcerts', 'keystore']) mkdirSync(join(msp, folder), { recursive: true });
      cpSync(certificateFile, join(msp, 'signcerts', `Admin@${domain}-cert.pem`));
      cpSync(privateKeyFile, join(msp, 'keystore', 'priv_sk'));
      connectionProfile(own, join(home, `connection-org${index + 1}.json`));
    }
    return dir;
  }

  /** Runs `peer lifecycle chaincode` as an organization's administrator. */
  function fabricPeer(mspId: string, ...args: readonly string[]): string {
    const own = organization(mspId);
    const msp = join(workDir, `msp-${mspId}`);
    cpSync(join(own.dir, 'peer', 'msp'), msp, { recursive: true });
    const { certificateFile, privateKeyFile } = credential(own, 'users', 'admin');
    cpSync(certificateFile, join(msp, 'signcerts', 'cert.pem'));
    cpSync(privateKeyFile, join(msp, 'keystore', 'key.pem'));
    const env = {
      FABRIC_CFG_PATH: join(own.dir, 'peer'),
      CORE_PEER_ADDRESS: `localhost:${own.ports.peer}`,
      CORE_PEER_LOCALMSPID: mspId,
      CORE_PEER_MSPCONFIGPATH: msp,
      CORE_PEER_TLS_ENABLED: 'true',
      CORE_PEER_TLS_ROOTCERT_FILE: credential(own, 'authorities', 'tls').certificateFile,
    };
    const { status, stdout, stderr } = spawnSync(findBinaries().peer, ['lifecycle', 'chaincode', ...args], { env, encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    return stdout.trim();
  }

  /** Runs the command of the Dockerfile as ./network.sh deployCCAAS does, with TLS added, at each of these organizations. */
  async function serve(packageId: string, ...mspIds: readonly string[]): Promise<void> {
    const line = /^CMD (\[.*\])$/m.exec(readFileSync(join(standalone, 'Dockerfile'), 'utf8'))?.[1] ?? '[]';
    const [command = '', ...args] = JSON.parse(line) as string[];
    for (const own of mspIds.map(organization)) {
      const { certificateFile, privateKeyFile } = credential(own, 'tls', 'chaincode');
      const tls = { CORE_CHAINCODE_TLS_KEY_FILE: privateKeyFile, CORE_CHAINCODE_TLS_CERT_FILE: certificateFile, CORE_CHAINCODE_TLS_CLIENT_CACERT_FILE: credential(own, 'authorities', 'tls').certificateFile };
      const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, CHAINCODE_SERVER_ADDRESS: `127.0.0.1:${own.ports.chaincode}`, CHAINCODE_ID: packageId, CORE_CHAINCODE_ID_NAME: packageId, CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR', ...tls };
      servers.push(spawn(command, args, { cwd: standalone, env, stdio: 'ignore' }));
      await until(`the chaincode of ${own.mspId}`, 60_000, async () => answersTls(own, own.ports.chaincode), '');
    }
  }

  async function stopServing(): Promise<void> {
    await Promise.all(
      servers.map(async (server) => {
        server.kill('SIGKILL');
        if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      }),
    );
    servers = [];
  }

  async function call(mspId: string, kind: 'submit' | 'evaluate', chaincode: string, name: string, ...args: string[]): Promise<string> {
    const { gateway, close } = connectPeer(organization(mspId), 'worker');
    try {
      const contract = gateway.getNetwork('others').getContract(chaincode);
      return Buffer.from(kind === 'submit' ? await contract.submitTransaction(name, ...args) : await contract.evaluateTransaction(name, ...args)).toString();
    } catch (error) {
      throw new Error(sentenceOf(error), { cause: error });
    } finally {
      close();
    }
  }

  before(async () => {
    rmSync(workDir, { recursive: true, force: true });
    mkdirSync(workDir, { recursive: true });
    ({ network } = await up(options));
    writeStandalone(defaultChaincodeDir, standalone, 'epione');
    const npm = spawnSync('npm', ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: standalone, encoding: 'utf8' });
    expect(npm.status, npm.stderr).to.equal(0);
  });

  afterEach(stopServing);

  after(async () => {
    await clean({ ...options, confirm: true });
    rmSync(workDir, { recursive: true, force: true });
  });

  it('approves for those who are here, and names those who are missing', async () => {
    const profile = readTargetProfile(profileOf('A'));
    const plan = await planRemoteDeployment({ profile });
    expect(plan.differences.map(({ field }) => field)).to.deep.equal(['version', 'sequence', 'endorsement policy', 'collections', 'package of A']);
    const error = await deployRemote({ profile }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(NetworkError).with.property('code', 'NOT_APPROVED');
    const { status, stderr } = spawnSync(process.execPath, [program, 'deploy', '--profile', join(workDir, 'A.yaml'), '--json'], { encoding: 'utf8' });
    expect(status).to.equal(1);
    expect(JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '')).to.include({ code: 'NOT_APPROVED', message: (error as Error).message });
    expect((error as Error).message).to.match(/is approved by 1 of 3 organizations, and 2 must; B, C did not approve yet/);
  });

  it('names the peer that cannot be reached, and says when an administrator is not one', async () => {
    const profile = readTargetProfile(profileOf('A'));
    const change = (member: object): TargetProfile => ({ ...profile, organizations: profile.organizations.map((own) => ({ ...own, ...member })) });
    const peers = profile.organizations[0]?.peers ?? [];
    const codeOf = async (changed: TargetProfile): Promise<string> => deployRemote({ profile: changed }).then(() => 'nothing', (error: unknown) => `${(error as NetworkError).code}: ${sentenceOf(error)}`);
    expect(await codeOf(change({ peers: peers.map((peer) => ({ ...peer, endpoint: 'localhost:1' })) }))).to.match(/^NOT_HEALTHY: The peer localhost:1 of A does not serve/);
    expect(await codeOf(change({ admin: readCredential(credential(organization('A'), 'users', 'worker')) }))).to.match(/^PEER_REFUSED: The peer of A refused QueryInstalledChaincodes: Failed to authorize/);
  });

  it("completes a majority with an approval that Fabric's own program made of the same texts", async () => {
    const name = 'mixed';
    const endorsementPolicy = "OR('A.peer', AND('B.peer', 'C.peer'))";
    const collectionsFile = join(workDir, 'collections.json');
    const collection = { name: 'pair', policy: "OR('A.member', 'B.member')", requiredPeerCount: 0, maxPeerCount: 2, blockToLive: 100, memberOnlyRead: true, endorsementPolicy: { signaturePolicy: "OR('A.peer', 'B.peer')" } };
    writeFileSync(collectionsFile, JSON.stringify([collection]));
    const { packageId, version, bytes } = packChaincode(defaultChaincodeDir, name);
    const packageFile = join(workDir, 'mixed.tar.gz');
    writeFileSync(packageFile, bytes);
    expect(fabricPeer('B', 'calculatepackageid', packageFile)).to.equal(packageId);
    const orderer = ['-o', `localhost:${organization('A').ports.orderer}`, '--tls', '--cafile', credential(organization('A'), 'authorities', 'tls').certificateFile];
    fabricPeer('B', 'approveformyorg', ...orderer, '--channelID', 'others', '--name', name, '--version', version, '--sequence', '1', '--package-id', packageId, '--signature-policy', endorsementPolicy, '--collections-config', collectionsFile);
    const profile = readTargetProfile(profileOf('A'), { chaincode: name });
    const plan = await planRemoteDeployment({ profile, endorsementPolicy, collectionsFile });
    expect(plan.differences.find(({ field }) => field === 'collections')?.next).to.match(/^pair: OutOf\(1, 'A.member', 'B.member'\), to 0-2 peers, for 100 blocks, members read/);
    expect(await deployRemote({ profile, endorsementPolicy, collectionsFile })).to.include({ changed: true, sequence: 1, packageId });
    expect((await planRemoteDeployment({ profile })).differences).to.deep.equal([]);
  });

  it('commits with a majority, and a folder of its own serves as containers would', async () => {
    const profile = readTargetProfile(profileOf('A', 'B'));
    const first = await deployRemote({ profile });
    expect(first).to.include({ changed: true, sequence: 1, chaincode: 'epione' });
    expect(first.peers.map(({ answers }) => answers)).to.deep.equal([false, false]);
    await serve(first.packageId, 'A', 'B');
    const second = await deployRemote({ profile });
    expect(second).to.include({ changed: false, sequence: 1, packageId: first.packageId });
    expect(second.peers.map(({ answers }) => answers)).to.deep.equal([true, true]);
    expect((await planRemoteDeployment({ profile })).differences).to.deep.equal([]);
    expect(JSON.parse(await call('A', 'submit', 'epione', 'org.hyperledger.fabric:GetMetadata'))).to.have.property('contracts').that.includes.keys('Study', 'Round');
  });

  it("reads the folders of Fabric's samples, and changes the policy alone", async () => {
    const dir = layOut(join(workDir, 'test-network'));
    const profile = readSamples(dir, { channel: 'others', chaincode: 'second' });
    expect(profile.packageConnection?.address).to.equal('{{.peername}}_second_ccaas:9999');
    const { packageId, sequence } = await deployRemote({ profile });
    expect(sequence).to.equal(1);
    await serve(packageId, 'A', 'B', 'C');
    const endorsementPolicy = "AND('A.peer', 'C.peer')";
    const plan = await planRemoteDeployment({ profile, endorsementPolicy });
    expect(plan.differences).to.deep.equal([
      { field: 'sequence', inForce: '1', next: '2' },
      { field: 'endorsement policy', inForce: '/Channel/Application/Endorsement', next: "OutOf(2, 'A.peer', 'C.peer')" },
    ]);
    for (const never of ['/Channel/Application/Endorsment', "OR('Org1MSP.peer')"]) {
      expect(await planRemoteDeployment({ profile, endorsementPolicy: never }).catch((error: unknown) => error)).to.be.instanceOf(NetworkError).with.property('code', 'DEFINITION_INVALID');
    }
    const changed = await deployRemote({ profile, endorsementPolicy });
    expect(changed).to.include({ changed: true, sequence: 2, packageId });
    expect(changed.peers.every(({ answers }) => answers)).to.equal(true);
    // What is not named stays.
    expect((await planRemoteDeployment({ profile })).differences).to.deep.equal([]);
    expect(await call('B', 'submit', 'second', 'org.hyperledger.fabric:GetMetadata')).to.contain('Study');
    // One connection profile alone is enough where its administrator lies beside it.
    const one = readTargetProfile(join(dir, 'organizations/peerOrganizations/org1.example.com/connection-org1.json'), { channel: 'others', chaincode: 'second' });
    expect(one.organizations.map(({ mspId }) => mspId)).to.deep.equal(['A']);
  });

  it('takes the deployment over on this machine, upgrades it, and goes on with a migration that was killed', async () => {
    const taken = await deploy({ ...options, path: fixture });
    expect(taken).to.include({ changed: true, sequence: 2, migrated: 0 });
    const entries = 600;
    await call('A', 'submit', 'epione', 'fill', String(entries));
    await call('A', 'submit', 'epione', 'put', 'old~stuck', 'x');
    expect((await planDeployment({ ...options, path: nextFixture })).differences.map(({ field }) => field)).to.deep.equal(['version', 'sequence', 'package of A', 'package of B', 'package of C']);

    const command = spawn(process.execPath, [program, 'deploy', '--state', options.stateDir, '--path', nextFixture, '--json'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    for await (const piece of command.stderr) {
      said += String(piece);
      if (said.includes('Migrated')) command.kill('SIGKILL');
    }
    expect(said).to.contain('"Migrated 100 entries, 501 left"');

    const steps: string[] = [];
    const stuck = await deploy({ ...options, path: nextFixture, report: ({ step }) => steps.push(step) }).catch((error: unknown) => error);
    expect(stuck).to.be.instanceOf(NetworkError).with.property('code', 'MIGRATION_FAILED');
    expect((stuck as Error).message).to.contain('1 entries are left');
    const left = steps.flatMap((step) => /^Migrated (\d+) entries, (\d+) left$/.exec(step)?.slice(1).map(Number) ?? []);
    expect((left[0] ?? 0) + (left[1] ?? 0), 'what the killed run left').to.be.within(2, entries - 99);
    for (const index of [0, 299, 599]) {
      const key = String(index).padStart(4, '0');
      expect(await call('C', 'evaluate', 'epione', 'get', `new~${key}`)).to.equal(String(index));
      expect(await call('C', 'evaluate', 'epione', 'get', `old~${key}`)).to.equal('');
    }
    await call('B', 'submit', 'epione', 'forget', 'old~stuck');
    expect(await deploy({ ...options, path: nextFixture })).to.include({ changed: false, sequence: 3, migrated: 0 });
  });
});
