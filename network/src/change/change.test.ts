/** A running channel is changed on real processes: members, orderers, endorsement, certificates before and after their end. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readFileSync, rmSync } from 'node:fs';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  addOrderer,
  addOrganization,
  clean,
  connectPeer,
  deploy,
  down,
  issueCertificate,
  NetworkError,
  parseTopology,
  readAuthority,
  readTopology,
  removeOrderer,
  removeOrganization,
  renewCertificates,
  setEndorsementPolicy,
  status,
  up,
  type Network,
  type NetworkStatus,
  type Profile,
} from '../index.js';
import { changeConfiguration } from '../channel/change-configuration.js';
import { putConsenter } from '../channel/consenters.js';
import { sentenceOf } from '../error.js';
import { certificatePlan, putCredential, readCredential, type CertificateKind } from '../identities/identities.js';
import { until } from '../nodes/health.js';
import { openState, organizationOf } from '../state.js';
import { consenterDefinition } from './orderers.js';

const packageDir = fileURLToPath(new URL('../..', import.meta.url));
// Below the package, so that the chaincode finds its dependencies.
const workDir = join(packageDir, '.state', 'change-test');
const fixture = join(packageDir, 'test', 'fixture-chaincode');
// Within the validity of the authorities, which begins a day ago.
const past = { notBefore: new Date(Date.now() - 23 * 3_600_000), notAfter: new Date(Date.now() - 3_600_000) };

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing was thrown',
    (error: unknown) => (error instanceof NetworkError ? error.code : sentenceOf(error)),
  );
}

/** Puts a value through an organization's peer, endorsed by the given organizations or by those that the gateway finds. */
async function put(network: Network, mspId: string, value: string, endorsers: string[] = []): Promise<void> {
  const { gateway, close } = connectPeer(organizationOf(network, mspId), 'worker');
  try {
    const contract = gateway.getNetwork(network.topology.channel).getContract(network.topology.chaincode);
    await contract.submit('put', { arguments: ['n', value], ...(endorsers.length > 0 ? { endorsingOrganizations: endorsers } : {}) });
  } finally {
    close();
  }
}

/** A transaction through every member's peer. */
async function works(stateDir: string): Promise<void> {
  const network = openState(stateDir);
  for (const { mspId } of network.organizations) {
    await until(`a transaction through ${mspId}`, 30_000, async () => {
      await put(network, mspId, mspId);
      return true;
    }, '');
  }
}

/** Waits until all processes say that they serve: on a loaded machine one may be late with its answer. */
async function serves(options: { readonly stateDir: string }): Promise<void> {
  await until('the service of all processes', 60_000, async () => (await status(options)).healthy, '');
}

const consenters = ({ processes }: NetworkStatus): string[] => processes.filter(({ relation }) => relation === 'consenter').map(({ name }) => name.replace('orderer.', ''));

/** Puts certificates that have ended into the place of good ones, of the same keys. */
async function expire(network: Network, kinds: readonly CertificateKind[], mspIds = network.organizations.map(({ mspId }) => mspId)): Promise<void> {
  for (const organization of network.organizations.filter(({ mspId }) => mspIds.includes(mspId))) {
    for (const { kind, authority, request, files } of certificatePlan(organization)) {
      if (kinds.includes(kind)) putCredential(files, await issueCertificate(readAuthority(organization, authority), { ...request, validity: past }, readCredential(files).privateKey));
    }
  }
}

/** Runs the command line and kills it when it reports the end of a step. */
async function killedAfter(step: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(packageDir, 'bin', 'fl-network.mjs'), ...args, '--json'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<NodeJS.Signals | null>((done) => child.once('exit', (_, signal) => { done(signal); }));
  for await (const line of createInterface({ input: child.stderr })) {
    const event = JSON.parse(line) as { step?: string; elapsedMs?: number };
    if (event.step === step && event.elapsedMs !== undefined) child.kill('SIGKILL');
  }
  expect(await ended).to.equal('SIGKILL');
}

describe('changes of a running channel', function () {
  this.timeout(300_000);
  const stateDir = join(workDir, 'bft');
  const options = { stateDir };

  before(async () => {
    rmSync(workDir, { recursive: true, force: true });
    await up(options);
    await deploy({ ...options, path: fixture });
  });

  after(async () => {
    await clean({ ...options, confirm: true });
    rmSync(workDir, { recursive: true, force: true });
  });

  it('shows an admission without making it', async () => {
    const heights = (await status(options)).processes.map(({ height }) => height);
    const { dryRun, changed, differences } = await addOrganization({ ...options, mspId: 'HospitalD', dryRun: true });
    expect({ dryRun, changed }).to.deep.equal({ dryRun: true, changed: true });
    const at = (path: string): object | undefined => differences.find((difference) => difference.path === path);
    const peers = "'HospitalA.peer', 'HospitalB.peer', 'HospitalC.peer', 'Regulator.peer'";
    expect(at('/Channel/Application/policies/Endorsement')).to.deep.include({ before: `OutOf(3, ${peers})`, after: `OutOf(3, ${peers}, 'HospitalD.peer')` });
    expect(at('/Channel/Orderer/policies/BlockValidation')).to.deep.include({ before: '3 of 4 certificates', after: '4 of 5 certificates' });
    expect(at('/Channel/Orderer/Orderers 5 identity')).to.have.property('after').that.matches(/^CN=orderer\.HospitalD,OU=orderer,O=HospitalD sha256:[0-9a-f]{32} until /);
    expect((await status(options)).processes.map(({ height }) => height)).to.deep.equal(heights);
  });

  it('takes an organization in, although the command is killed half way', async () => {
    const trustRoot = readFileSync(join(stateDir, 'trust-root.json'), 'utf8');
    await killedAfter('Peer started', ['organization', 'add', 'HospitalD', '--state', stateDir]);
    expect(await codeOf(addOrganization({ ...options, mspId: 'HospitalE' }))).to.equal('CHANGE_REFUSED');
    expect((await addOrganization({ ...options, mspId: 'HospitalD' })).changed).to.equal(true);
    await serves(options);
    const state = await status(options);
    expect(state.processes).to.have.length(15);
    expect(consenters(state)).to.have.members(['HospitalA', 'HospitalB', 'HospitalC', 'HospitalD', 'Regulator']);
    await works(stateDir);
    await put(openState(stateDir), 'HospitalA', 'endorsed by the new one', ['HospitalA', 'HospitalB', 'HospitalD']);
    for (const mspId of ['HospitalA', 'HospitalD']) {
      const profile = JSON.parse(readFileSync(join(stateDir, 'profiles', `${mspId}.json`), 'utf8')) as Profile;
      expect(profile.peers.map((peer) => peer.mspId)).to.have.members(['HospitalA', 'HospitalB', 'HospitalC', 'HospitalD', 'Regulator']);
    }
    expect(readFileSync(join(stateDir, 'trust-root.json'), 'utf8')).to.equal(trustRoot);
  });

  it('does nothing the second time, and refuses names that cannot be', async () => {
    expect(await addOrganization({ ...options, mspId: 'HospitalD' })).to.deep.include({ changed: false, differences: [] });
    expect(await codeOf(addOrganization({ ...options, mspId: 'hospitald' }))).to.equal('USAGE');
    expect(await codeOf(addOrganization({ ...options, mspId: '../up' }))).to.equal('USAGE');
    expect(await codeOf(addOrderer({ ...options, mspId: 'Nobody' }))).to.equal('USAGE');
  });

  it('changes the endorsement policy and back', async () => {
    const policy = "AND('HospitalA.peer', 'HospitalD.peer')";
    expect((await setEndorsementPolicy({ ...options, policy, dryRun: true })).differences).to.have.length(1);
    await setEndorsementPolicy({ ...options, policy });
    const network = openState(stateDir);
    await put(network, 'HospitalA', 'two are enough', ['HospitalA', 'HospitalD']);
    expect(await codeOf(put(network, 'HospitalA', 'three others are not', ['HospitalA', 'HospitalB', 'HospitalC']))).to.match(/ENDORSEMENT_POLICY_FAILURE/);
    expect(await codeOf(removeOrganization({ ...options, mspId: 'HospitalD', dryRun: true }))).to.equal('CHANGE_REFUSED');
    expect(await codeOf(setEndorsementPolicy({ ...options, policy: "OR('Nobody.peer')" }))).to.equal('USAGE');
    expect((await setEndorsementPolicy({ ...options, policy: 'majority' })).changed).to.equal(true);
    expect((await setEndorsementPolicy({ ...options, policy: 'majority' })).changed).to.equal(false);
  });

  it('takes an orderer out while all are well, and none when too few would be left', async () => {
    const pid = (await status(options)).processes.find(({ name }) => name === 'orderer.HospitalB')?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    expect(await codeOf(removeOrderer({ ...options, mspId: 'HospitalD' }))).to.equal('CHANGE_REFUSED');
    // The topology that the network was made from still names it.
    await up({ ...options, topology: readTopology() });
    expect((await removeOrderer({ ...options, mspId: 'HospitalD' })).changed).to.equal(true);
    expect(consenters(await status(options))).to.have.members(['HospitalA', 'HospitalB', 'HospitalC', 'Regulator']);
    await works(stateDir);
    expect(await codeOf(removeOrderer({ ...options, mspId: 'HospitalA' }))).to.equal('CHANGE_REFUSED');
  });

  it('puts an organization out', async () => {
    expect((await removeOrganization({ ...options, mspId: 'HospitalD' })).changed).to.equal(true);
    expect((await removeOrganization({ ...options, mspId: 'HospitalD' })).changed).to.equal(false);
    await serves(options);
    const state = await status(options);
    expect(state.processes).to.have.length(12);
    await works(stateDir);
  });

  it('renews certificates of one organization while all work, with the same keys', async () => {
    const plan = certificatePlan(organizationOf(openState(stateDir), 'HospitalB'));
    const read = (): X509Certificate[] => plan.map(({ files }) => new X509Certificate(readFileSync(files.certificateFile)));
    const before = read();
    expect((await renewCertificates({ ...options, mspId: 'HospitalB', withinDays: 30 })).renewed).to.deep.equal([]);
    const { renewed, differences } = await renewCertificates({ ...options, mspId: 'HospitalB' });
    expect(renewed).to.have.length(plan.length);
    expect(differences.map(({ path }) => path)).to.deep.equal(['/Channel/Orderer/Orderers 2 TLS', '/Channel/Orderer/Orderers 2 identity']);
    for (const [index, certificate] of read().entries()) {
      expect(certificate.fingerprint256).to.not.equal(before[index]?.fingerprint256);
      expect(certificate.subject).to.equal(before[index]?.subject);
      expect(createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' })).equals(before[index]?.publicKey ?? certificate.publicKey)).to.equal(true);
    }
    await serves(options);
    await works(stateDir);
  });

  it('recovers when certificates have ended, those of one voting orderer among them', async () => {
    // Into the channel with a certificate that has ended already: its orderer then does not start.
    expect(await codeOf(renewCertificates({ ...options, mspId: 'HospitalC', only: ['orderer'], validity: past }))).to.equal('PROCESS_FAILED');
    await down(options);
    await expire(openState(stateDir), ['peer', 'users', 'tls']);
    expect(await codeOf(up(options))).to.equal('CERTIFICATE_EXPIRED');
    const { renewed } = await renewCertificates({ ...options, withinDays: 1 });
    expect(renewed.filter(({ kind }) => kind === 'orderer').map(({ mspId }) => mspId)).to.deep.equal(['HospitalC']);
    await serves(options);
    await works(stateDir);
    await down(options);
    await up({ ...options, topology: readTopology() });
    await serves(options);
    await works(stateDir);
  });

  it('recovers when the certificates of all voting orderers have ended', async () => {
    const network = openState(stateDir);
    const endedCertificates = await Promise.all(
      network.organizations.map(async (organization) => {
        const planned = certificatePlan(organization).find(({ kind }) => kind === 'orderer');
        if (!planned) throw new Error('no orderer in the plan');
        const issued = await issueCertificate(readAuthority(organization), { ...planned.request, validity: past }, readCredential(planned.files).privateKey);
        return { organization, files: planned.files, issued };
      }),
    );
    await changeConfiguration(network, (tree) => {
      for (const { organization, issued } of endedCertificates) putConsenter(tree, { ...consenterDefinition(organization), identity: issued.certificate });
    });
    await down(options);
    for (const { files, issued } of endedCertificates) putCredential(files, issued);
    expect(await codeOf(up(options))).to.equal('CERTIFICATE_EXPIRED');
    expect((await renewCertificates({ ...options, withinDays: 1 })).renewed).to.have.length(4);
    await serves(options);
    await works(stateDir);
  });
});

describe('changes of a channel with Raft', function () {
  this.timeout(300_000);
  const stateDir = join(workDir, 'raft');
  const options = { stateDir, topology: parseTopology({ consensus: 'raft', organizations: [{ mspId: 'A' }, { mspId: 'B' }], clients: ['G', 'H', 'I'].map((mspId) => ({ mspId })) }) };

  after(async () => {
    await clean({ ...options, confirm: true });
    rmSync(workDir, { recursive: true, force: true });
  });

  it('adds an orderer, renews certificates, and takes the first orderer out, whoever has no node has no vote on it', async () => {
    await up(options);
    await deploy({ ...options, path: fixture });
    await addOrderer({ ...options, mspId: 'B' });
    expect(consenters(await status(options))).to.have.members(['A', 'B']);
    await works(stateDir);
    const { renewed } = await renewCertificates({ ...options, only: ['orderer', 'tls'] });
    expect(new Set(renewed.map(({ mspId }) => mspId))).to.deep.equal(new Set(['A', 'B', 'G', 'H', 'I']));
    await works(stateDir);
    await removeOrderer({ ...options, mspId: 'A' });
    expect(consenters(await status(options))).to.deep.equal(['B']);
    expect(await codeOf(removeOrderer({ ...options, mspId: 'B' }))).to.equal('CHANGE_REFUSED');
    await works(stateDir);
  });
});
