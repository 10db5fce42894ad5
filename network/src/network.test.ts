/** The whole on real processes: one network of four organizations for the file, and what it survives and refuses. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { common } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import {
  clean,
  createAuthority,
  deploy,
  doctor,
  down,
  issueCertificate,
  NetworkError,
  parseTopology,
  readAuthority,
  status,
  supervise,
  up,
  validFor,
  type IssuedCertificate,
  type Network,
  type NetworkStatus,
  type Profile,
  type TrustRoot,
} from './index.js';
import { sentenceOf } from './error.js';
import { connectPeer } from './connection/gateway.js';
import { until } from './nodes/health.js';
import type { UserName } from './identities/identities.js';
import { headerDigest } from './channel/genesis.js';
import { leftovers } from './nodes/leftovers.js';
import { logs } from './nodes/logs.js';
import { credential, type Organization } from './state.js';

// Below the package, so that the copied chaincode finds its dependencies.
const workDir = fileURLToPath(new URL('../.state/test', import.meta.url));
const fixture = fileURLToPath(new URL('../test/fixture-chaincode', import.meta.url));
const stateDir = join(workDir, 'network');
const options = { stateDir };

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing was thrown',
    (error: unknown) => (error instanceof NetworkError ? error.code : sentenceOf(error)),
  );
}

function organizationOf(network: Network, mspId: string): Network['organizations'][number] {
  const organization = network.organizations.find((entry) => entry.mspId === mspId);
  if (!organization) throw new Error(`no ${mspId}`);
  return organization;
}

/** Calls the chaincode through one organization's peer. */
async function call(network: Network, mspId: string, user: UserName | IssuedCertificate, kind: 'submit' | 'evaluate', name: string, ...args: string[]): Promise<string> {
  const { gateway, close } = connectPeer(organizationOf(network, mspId), user);
  try {
    const contract = gateway.getNetwork(network.topology.channel).getContract(network.topology.chaincode);
    const bytes = kind === 'submit' ? await contract.submitTransaction(name, ...args) : await contract.evaluateTransaction(name, ...args);
    return Buffer.from(bytes).toString();
  } finally {
    close();
  }
}

function killNow(state: NetworkStatus, ...names: string[]): void {
  for (const { name, pid } of state.processes) if (names.includes(name) && pid !== undefined) process.kill(pid, 'SIGKILL');
}

const heights = ({ processes }: NetworkStatus): number[] => processes.filter(({ name }) => name.startsWith('peer.')).map(({ height }) => height ?? 0);

describe('a network of four organizations', function () {
  this.timeout(120_000);
  let network: Network;
  let writes = 0;

  /** A transaction through each peer, read back through the next one. */
  async function works(): Promise<void> {
    for (const { mspId } of network.organizations) {
      writes += 1;
      // After a leader was killed the first attempt may end in the middle of its replacement.
      await until(`a transaction through ${mspId}`, 30_000, async () => (await call(network, mspId, 'worker', 'submit', 'put', 'n', String(writes))) !== '', '');
    }
  }

  before(async () => {
    rmSync(workDir, { recursive: true, force: true });
    mkdirSync(workDir, { recursive: true });
    ({ network } = await up(options));
    await deploy({ ...options, path: fixture });
  });

  after(async () => {
    await clean({ ...options, confirm: true });
    rmSync(workDir, { recursive: true, force: true });
  });

  it('serves, and every orderer votes', async () => {
    const state = await status(options);
    expect(state.healthy).to.equal(true);
    expect(state.processes).to.have.length(12);
    expect(state.processes.filter(({ relation }) => relation === 'consenter')).to.have.length(4);
    expect(state.chaincode).to.include({ label: 'epione_1.0.0', sequence: 1 });
  });

  it('commits transactions of every organization, and the role attribute reaches the chaincode', async () => {
    await works();
    const roles = { worker: 'worker', operator: 'operator', officer: 'dpo', auditor: 'auditor', admin: '' } as const;
    for (const user of Object.keys(roles) as UserName[]) expect(await call(network, 'HospitalB', user, 'evaluate', 'role')).to.equal(roles[user]);
  });

  it('writes profiles and the root of trust', async () => {
    const profile = JSON.parse(readFileSync(join(stateDir, 'profiles', 'HospitalB.json'), 'utf8')) as Profile;
    expect(profile).to.have.all.keys('channel', 'chaincode', 'genesis', 'mspId', 'peers', 'identities', 'tls');
    expect(profile.peers.map(({ mspId }) => mspId)).to.deep.equal(['HospitalB', 'HospitalA', 'HospitalC', 'Regulator']);
    expect(Object.keys(profile.identities)).to.have.members(['worker', 'operator', 'officer', 'auditor', 'admin']);
    expect(new X509Certificate(readFileSync(profile.tls.worker.certificateFile)).subject).to.contain('CN=sae-hospitalb');
    expect(new X509Certificate(readFileSync(profile.tls.kme.certificateFile)).subject).to.contain('CN=kme-hospitalb');
    expect(readFileSync(profile.tls.caBundleFile, 'utf8').match(/-----BEGIN CERTIFICATE-----\n/g)).to.have.length(4);

    const root = JSON.parse(readFileSync(join(stateDir, 'trust-root.json'), 'utf8')) as TrustRoot;
    expect(root.endorsement).to.deep.equal({ minimum: 3, mspIds: ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'] });
    expect(root.orderers.map(({ consenterId }) => consenterId)).to.deep.equal([1, 2, 3, 4]);
    expect(root.genesis).to.equal(profile.genesis);

    const { gateway, close } = connectPeer(organizationOf(network, 'HospitalA'), 'auditor');
    try {
      const bytes = await gateway.getNetwork('epione').getContract('qscc').evaluateTransaction('GetBlockByNumber', 'epione', '1');
      const header = common.Block.deserializeBinary(bytes).getHeader();
      expect(root.genesis).to.equal(`sha256:${Buffer.from(header?.getPreviousHash_asU8() ?? []).toString('hex')}`);
      const own = headerDigest(1, header?.getPreviousHash_asU8() ?? new Uint8Array(), header?.getDataHash_asU8() ?? new Uint8Array());
      const next = common.Block.deserializeBinary(await gateway.getNetwork('epione').getContract('qscc').evaluateTransaction('GetBlockByNumber', 'epione', '2'));
      expect(own).to.equal(`sha256:${Buffer.from(next.getHeader()?.getPreviousHash_asU8() ?? []).toString('hex')}`);
    } finally {
      close();
    }
  });

  it('agrees on keys with X25519MLKEM768 on every TLS port', async () => {
    for (const organization of network.organizations) {
      const ca = readFileSync(join(organization.dir, 'authorities', 'tls.pem'));
      const [cert, key] = [readFileSync(join(organization.dir, 'tls', 'admin.pem')), readFileSync(join(organization.dir, 'tls', 'admin.key'))];
      const { peer, orderer, ordererAdmin, chaincode } = organization.ports;
      for (const port of [peer, orderer, ordererAdmin, chaincode]) {
        const protocol = await new Promise<string | null>((done, failed) => {
          const socket = connectTls({ host: 'localhost', port, ca, cert, key, ecdhCurve: 'X25519MLKEM768', minVersion: 'TLSv1.3', ALPNProtocols: ['h2', 'http/1.1'] }, () => {
            done(socket.getProtocol());
            socket.destroy();
          });
          socket.on('error', failed);
        });
        expect(protocol).to.equal('TLSv1.3');
      }
    }
  });

  it('does nothing the second time', async () => {
    const before = readFileSync(join(stateDir, 'organizations', 'HospitalA', 'users', 'worker.pem'), 'utf8');
    const state = await status(options);
    expect((await up(options)).started).to.deep.equal([]);
    expect(await deploy({ ...options, path: fixture })).to.include({ changed: false, sequence: 1 });
    expect(readFileSync(join(stateDir, 'organizations', 'HospitalA', 'users', 'worker.pem'), 'utf8')).to.equal(before);
    const after = await status(options);
    expect(after.processes.map(({ pid }) => pid)).to.deep.equal(state.processes.map(({ pid }) => pid));
    expect(heights(after)).to.deep.equal(heights(state));
  });

  for (const names of [['peer.HospitalB'], ['orderer.HospitalA'], ['chaincode.HospitalC'], ['everything']]) {
    it(`recovers from kill -9 of ${names.join()} with its ledger`, async () => {
      const before = await status(options);
      const victims = names[0] === 'everything' ? before.processes.map(({ name }) => name) : names;
      killNow(before, ...victims);
      await until('the end of the killed', 10_000, async () => (await status(options)).processes.filter(({ health }) => health === 'stopped').length === victims.length, '');
      const found = await doctor(options);
      const faults = found.filter(({ check, level }) => check === 'processes' && level === 'fault');
      const voting = 4 - victims.filter((name) => name.startsWith('orderer.')).length;
      expect(found.find(({ check }) => check === 'quorum')).to.have.property('level', voting === 4 ? 'ok' : voting === 3 ? 'warning' : 'fault');
      expect(faults.map(({ sentence }) => sentence)).to.have.members(victims.map((name) => `${name} has stopped`));
      const { started } = await up(options);
      expect(started).to.have.members(victims);
      const after = await status(options);
      expect(after.healthy).to.equal(true);
      for (const [index, height] of heights(after).entries()) expect(height).to.be.at.least(heights(before)[index] ?? 0);
      await works();
    });
  }

  it('is restarted by the supervisor, until it is taken down', async () => {
    const stop = new AbortController();
    const restarted: string[] = [];
    const supervision = supervise({ ...options, report: ({ step }) => restarted.push(step) }, stop.signal);
    try {
      for (const name of ['chaincode.HospitalA', 'peer.Regulator', 'orderer.HospitalB', 'peer.Regulator']) {
        const former = (await status(options)).processes.find((entry) => entry.name === name)?.pid;
        killNow(await status(options), name);
        await until(`the restart of ${name}`, 30_000, async () => {
          const { processes, healthy } = await status(options);
          return healthy && processes.find((entry) => entry.name === name)?.pid !== former;
        }, '');
      }
      expect(restarted.map((step) => step.split(' ')[0])).to.deep.equal(['chaincode.HospitalA', 'peer.Regulator', 'orderer.HospitalB', 'peer.Regulator']);
      await works();
    } finally {
      stop.abort();
      await supervision;
    }
    // Supervision that runs while the network is taken down ends by itself, and starts nothing again.
    const second = supervise(options, new AbortController().signal);
    expect(await down(options)).to.have.length(12);
    await second;
    await sleep(300);
    expect((await status(options)).processes.every(({ health }) => health === 'stopped')).to.equal(true);
    expect(leftovers(network)).to.deep.equal([]);
  });

  it('names the port that another program holds, and the process that needs it', async () => {
    const { ports } = organizationOf(network, 'HospitalC');
    const server = createServer();
    await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: ports.orderer }, done));
    try {
      const error = await up(options).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(NetworkError).with.property('code', 'PORT_IN_USE');
      expect(sentenceOf(error)).to.contain(`${ports.orderer}: ports.orderer of orderer.HospitalC`);
      const found = (await doctor(options)).find(({ check, level }) => check === 'ports' && level === 'fault');
      expect(found?.sentence).to.contain(String(ports.orderer));
    } finally {
      await new Promise((done) => server.close(done));
    }
    expect((await up(options)).started).to.have.length(12);
    await works();
    expect((await doctor(options)).filter(({ level }) => level !== 'ok')).to.deep.equal([]);
  });

  it('upgrades when the code changes, and keeps the state', async () => {
    const changed = join(workDir, 'changed-chaincode');
    cpSync(fixture, changed, { recursive: true });
    const file = join(changed, 'index.js');
    const code = readFileSync(file, 'utf8');
    writeFileSync(file, code.replace("?? ''", "?? 'none'"));
    await works();
    const before = await call(network, 'Regulator', 'auditor', 'evaluate', 'get', 'n');
    const upgraded = await deploy({ ...options, path: changed });
    expect(upgraded).to.include({ changed: true, sequence: 2 });
    for (const { mspId } of network.organizations) expect(await call(network, mspId, 'admin', 'evaluate', 'role')).to.equal('none');
    expect(await call(network, 'Regulator', 'auditor', 'evaluate', 'get', 'n')).to.equal(before);
    await works();
    writeFileSync(file, code);
    const found = (await doctor(options)).find(({ check }) => check === 'chaincode');
    expect(found).to.include({ level: 'fault', remedy: 'fl-network deploy' });
  });

  it('refuses an expired certificate and one of a foreign authority of the same name', async () => {
    const organization = organizationOf(network, 'HospitalA');
    const now = new Date();
    const use = { kind: 'identity', organizationalUnit: 'client', attributes: { role: 'worker' } } as const;
    const request = { commonName: 'worker.HospitalA', organization: 'HospitalA', use };
    const good = await issueCertificate(readAuthority(organization), { ...request, validity: validFor(1, now) });
    const expired = await issueCertificate(readAuthority(organization), { ...request, validity: { notBefore: new Date(now.getTime() - 2e9), notAfter: new Date(now.getTime() - 1000) } });
    const foreign = await issueCertificate(await createAuthority('ca.HospitalA', 'HospitalA', validFor(10, now)), { ...request, validity: validFor(1, now) });
    expect(await call(network, 'HospitalA', good, 'evaluate', 'role')).to.equal('worker');
    expect(await codeOf(call(network, 'HospitalA', expired, 'submit', 'put', 'n', 'expired'))).to.contain('expired');
    expect(await codeOf(call(network, 'HospitalA', foreign, 'submit', 'put', 'n', 'foreign'))).to.match(/creator|access denied/);
    expect(await codeOf(call(network, 'HospitalB', good, 'submit', 'put', 'n', 'borrowed'))).to.match(/creator|access denied/);
  });

  it('refuses a state of another topology, unknown processes and an unconfirmed removal', async () => {
    const other = parseTopology({ consensus: 'raft', organizations: [{ mspId: 'Solo' }] });
    expect(await codeOf(up({ ...options, topology: other }))).to.equal('STATE_OF_OTHER_TOPOLOGY');
    expect(await codeOf(clean({ ...options, confirm: false }))).to.equal('NOT_CONFIRMED');
    expect(await codeOf(clean({ stateDir: workDir, confirm: true }))).to.equal('STATE_MISSING');
    expect(await codeOf(logs({ ...options, name: 'peer.Nobody', lines: 1 }).next())).to.equal('USAGE');
    const last = await logs({ ...options, name: 'peer.HospitalA', lines: 2 }).next();
    expect(last.value?.toString().trimEnd().split('\n')).to.have.length(2);
  });
});

describe('a network with one Raft orderer', function () {
  this.timeout(120_000);
  const raft = { stateDir: join(workDir, 'raft'), topology: parseTopology({ consensus: 'raft', channel: 'raft.channel', organizations: [{ mspId: 'A', host: '127.0.0.2' }, { mspId: 'B' }] }) };

  afterEach(async () => {
    await clean({ ...raft, confirm: true });
    rmSync(workDir, { recursive: true, force: true });
  });

  it('comes up, takes a chaincode and commits', async () => {
    const { network } = await up(raft);
    await deploy({ ...raft, path: fixture });
    await call(network, 'B', 'worker', 'submit', 'put', 'n', '1');
    const state = await status(raft);
    expect(state).to.include({ healthy: true, consensus: 'raft' });
    expect(state.processes.map(({ name }) => name)).to.deep.equal(['orderer.A', 'peer.A', 'peer.B', 'chaincode.A', 'chaincode.B']);
    // The peer of A is called from outside, and shows a certificate for that; the peer of B is not there.
    const [a, b] = await Promise.all(network.organizations.map((organization) => answerAt('127.0.0.2', organization)));
    expect([a, b]).to.deep.equal(['authorized', 'ECONNREFUSED']);
  });

  /** How a peer answers a TLS client that calls it by a host: the client checks the name. */
  async function answerAt(host: string, organization: Organization): Promise<string> {
    const ca = readFileSync(credential(organization, 'authorities', 'tls').certificateFile);
    const socket = connectTls({ host, port: organization.ports.peer, ca, ALPNProtocols: ['h2'], minVersion: 'TLSv1.3' });
    const answer = await once(socket, 'secureConnect').then(() => 'authorized', (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error));
    socket.destroy();
    return answer;
  }
});
