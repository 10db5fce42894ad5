/** Metrics on real processes: every name that rules and dashboard use exists, and watch and doctor see what happens. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { deploy } from '../chaincode/deploy.js';
import { takeSnapshot } from '../channel/snapshots.js';
import { connectPeer } from '../connection/gateway.js';
import { doctor } from '../doctor/doctor.js';
import { run, type Finding } from '../doctor/finding.js';
import { membership } from '../doctor/membership.js';
import { snapshots } from '../doctor/snapshots.js';
import { clean } from '../down.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { operations, until } from '../nodes/health.js';
import { nodeOf, nodesOf } from '../nodes/nodes.js';
import { runningPid, stopProcess } from '../nodes/process.js';
import { startMissing } from '../nodes/start.js';
import { ordererOrganizations, type Network, type Organization } from '../state.js';
import { status } from '../status.js';
import { up } from '../up.js';
import { readSamples, total, writePage } from './metrics-page.js';
import { serveMetrics } from './metrics-server.js';
import { networkMetrics } from './network-metrics.js';
import { alertRulesFile, dashboardFile, writeScrapeFiles } from './scrape-files.js';
import { pulses, watch, type Tick } from './watch.js';

const fixture = fileURLToPath(new URL('../../test/fixture-chaincode', import.meta.url));

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string; readonly annotations: Record<string, string> }[] }[];
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}
const rules = (parse(readFileSync(alertRulesFile, 'utf8')) as Rules).groups.flatMap((group) => group.rules);
const panels = (JSON.parse(readFileSync(dashboardFile, 'utf8')) as Dashboard).panels;
const expressions = [...rules.map(({ expr }) => expr), ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))];

/** Names of metrics in an expression of PromQL: what is left without labels, groupings, functions and keywords. */
function namesIn(expression: string): string[] {
  const bare = expression.replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(by|on|group_left|group_right) *\([^)]*\)/g, ' ');
  return [...bare.matchAll(/[A-Za-z_:][\w:]*(?! *\()\b/g)].map(([name]) => name).filter((name) => !/^(and|or|unless|e\d+)$/.test(name) && !new RegExp(`\\b${name} *\\(`).test(bare));
}
const names = [...new Set(expressions.flatMap(namesIn))];

describe('monitoring', function () {
  this.timeout(120_000);
  const workDir = mkdtempSync(join(tmpdir(), 'epione-monitoring-'));
  const options = { stateDir: join(workDir, 'network') };
  let network: Network;

  async function submit(mspId: string): Promise<void> {
    const organization = network.organizations.find((entry) => entry.mspId === mspId)!;
    const { gateway, close } = connectPeer(organization, 'worker');
    await gateway.getNetwork('epione').getContract('epione').submitTransaction('put', mspId, '1').finally(close);
  }
  /** Looks on until something is so. */
  async function see(what: string, isSo: (tick: Tick) => boolean): Promise<Tick> {
    const stop = new AbortController();
    let last: Tick | undefined;
    const ticks = watch(options, 200, stop.signal);
    await until(what, 30_000, async () => {
      last = (await ticks.next()).value as Tick;
      return isSo(last);
    }, '');
    stop.abort();
    expect((await ticks.next()).done).to.equal(true);
    return last!;
  }

  before(async () => {
    ({ network } = await up(options));
    await deploy({ ...options, path: fixture });
  });
  after(async () => {
    await clean({ ...options, confirm: true });
    rmSync(workDir, { recursive: true });
  });

  it('uses only names of metrics that live pages have', async () => {
    await using server = await serveMetrics(0, async () => networkMetrics(options));
    const own = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    const pages = await Promise.all(nodesOf(network).map(async ({ operationsPort }) => (operationsPort === undefined ? '' : operations(operationsPort, '/metrics'))));
    // `up` is Prometheus' own; those of workers and key servers are the matter of their packages' tests.
    const wanted = names.filter((name) => name !== 'up' && !/^epione_(worker|qkd)_/.test(name));
    const known = new Set([own, ...pages].flatMap((page) => readSamples(page ?? '').map(({ name }) => name)));
    expect(wanted.filter((name) => !known.has(name))).to.deep.equal([]);
    expect(wanted).to.include.members(['participation_consensus_relation', 'consensus_smartbft_view_number', 'ledger_blockchain_height', 'endorser_proposals_received', 'epione_process_up']);
    expect(names.filter((name) => /^epione_(worker|qkd)_/.test(name))).to.have.length.greaterThan(8);
    const samples = readSamples(own);
    expect(total(samples, 'epione_process_up')).to.equal(12);
    expect(total(samples, 'epione_process_restarts_total')).to.equal(0);
    expect(total(samples, 'epione_ledger_height', { process: 'peer.HospitalA' })).to.be.greaterThan(1);
    expect(total(samples, 'epione_certificate_expiry_timestamp_seconds', { certificate: 'organizations/HospitalA/tls/peer.pem' })).to.be.greaterThan(Date.now() / 1000);
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).to.equal(404);
    const error = await serveMetrics(server.port, async () => Promise.resolve('')).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'PORT_IN_USE');
  });

  it('writes targets for every page of Fabric\'s, beside rules and dashboard', () => {
    const files = writeScrapeFiles(network, join(workDir, 'files'), { supervisor: '127.0.0.1:9460', workers: [{ mspId: 'HospitalA', address: 'a:9470' }], keyServers: [] });
    const config = parse(readFileSync(files[0]!, 'utf8')) as { rule_files: string[]; scrape_configs: { file_sd_configs: { files: string[] }[] }[] };
    const named = [...config.rule_files, ...config.scrape_configs.flatMap((job) => job.file_sd_configs.flatMap((entry) => entry.files))];
    expect(files).to.include.members(named.map((file) => join(workDir, 'files', file)));
    const fabric = JSON.parse(readFileSync(join(workDir, 'files', 'targets', 'fabric.json'), 'utf8')) as { targets: string[]; labels: Record<string, string> }[];
    expect(fabric).to.have.length(8);
    expect(fabric[0]).to.deep.equal({ targets: [`127.0.0.1:${network.organizations[0]!.ports.ordererOperations}`], labels: { org: 'HospitalA', kind: 'orderer', process: 'orderer.HospitalA' } });
    expect(JSON.parse(readFileSync(join(workDir, 'files', 'targets', 'epione.json'), 'utf8'))).to.deep.equal([
      { targets: ['127.0.0.1:9460'], labels: { kind: 'network' } },
      { targets: ['a:9470'], labels: { org: 'HospitalA', kind: 'worker' } },
    ]);
  });

  it('documents every alert', () => {
    const page = readFileSync(fileURLToPath(new URL('../../../docs/operate/watch.md', import.meta.url)), 'utf8');
    for (const { alert, annotations } of rules) {
      expect(page, alert).to.contain(`\`${alert}\``);
      expect(annotations).to.have.all.keys('summary', 'action');
    }
  });

  it('prints look after look into a pipe until SIGINT, and ends well', async () => {
    const program = fileURLToPath(new URL('../../bin/fl-network.mjs', import.meta.url));
    const child = spawn(process.execPath, [program, 'status', '--watch', '--interval', '1', '--json', '--state', options.stateDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const looks: Tick[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      looks.push(JSON.parse(line) as Tick);
      if (looks.length === 2) break;
    }
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    expect(await ended).to.deep.equal([0, null]);
    expect(looks.map(({ channel, processes }) => [channel, processes.length])).to.deep.equal([['epione', 12], ['epione', 12]]);
    expect(looks[0]?.processes[0]).not.to.have.property('cpu');
    expect(looks[1]?.processes[0]).to.have.property('cpu');
  });

  it('sees transactions, load, and a new leader when the old one was killed', async () => {
    const first = await see('a look', () => true);
    const pulse = ({ processes }: Tick, name: string): Tick['processes'][number] => processes.find((entry) => entry.name === name)!;
    const { leader } = pulse(first, 'orderer.HospitalA');
    expect(network.organizations.map(({ mspId }) => mspId)).to.include(leader);
    await submit('HospitalB');
    const second = await see('equal heights', ({ processes }) => processes.every(({ kind, lag }) => kind === 'chaincode' || lag === 0));
    expect(pulse(second, 'peer.HospitalC').height).to.be.greaterThan(pulse(first, 'peer.HospitalC').height!);
    for (const { residentBytes, cpuSeconds } of second.processes) expect([residentBytes! > 1e7, cpuSeconds! > 0]).to.deep.equal([true, true]);

    process.kill(runningPid(network, `orderer.${leader!}`)!, 'SIGKILL');
    await see('another leader', ({ processes }) => processes.some((entry) => entry.kind === 'orderer' && entry.pid !== undefined && entry.leader !== leader && (entry.view ?? 0) > 0));
    expect((await doctor(options)).filter(({ level }) => level !== 'ok').map(({ check, level }) => `${check} ${level}`)).to.deep.equal(['processes fault', 'quorum warning']);
    await up(options);
    expect(pulse(await see('a look', () => true), `orderer.${leader!}`).restarts).to.equal(1);
  });

  it('compares the snapshots that peers have really made', async () => {
    const made = await Promise.all(['HospitalA', 'HospitalB'].map(async (mspId) => takeSnapshot({ ...options, mspId, out: join(workDir, `snapshot-${mspId}`) })));
    const look = async (): Promise<string[]> => (await run(snapshots, { network, status: await status(options), now: new Date() })).map(({ level, sentence }) => `${level} ${sentence}`);
    expect(await look()).to.deep.equal(['ok equal at 1 block(s)']);
    const file = join(network.dir, 'ledgers', 'peer.HospitalB', 'snapshots', 'completed', 'epione', String(made[0]!.block), '_snapshot_additional_metadata.json');
    const metadata = readFileSync(file, 'utf8');
    writeFileSync(file, metadata.replace(made[0]!.hash, 'f'.repeat(64)));
    expect(await look()).to.deep.equal([`fault the states of peers differ at block ${made[0]!.block}: HospitalA ${made[0]!.hash.slice(0, 12)}…; HospitalB ffffffffffff…`]);
    writeFileSync(file, metadata);
  });

  it('names who is not in the channel, and an orderer that is not its consenter any more', async () => {
    const [first, second] = network.organizations as [Organization, Organization];
    const file = join(first.dir, 'orderer', 'msp', 'signcerts', 'cert.pem');
    const certificate = readFileSync(file);
    const look = async (of: Network): Promise<string[]> => (await run(membership, { network: of, status: await status(options), now: new Date() })).map(({ sentence }) => sentence);
    writeFileSync(file, certificate.toString().replace(/\n$/, ''));
    expect(await look(network)).to.deep.equal(['orderer.HospitalA has another certificate than the channel\'s consenter, so it follows and does not vote']);
    writeFileSync(file, certificate);
    expect(await look({ ...network, organizations: [first, { ...second, mspId: 'Stranger' }] })).to.include('Stranger is not an organization of the channel');
  });

  it('names a peer that is behind, and orderers out of quorum', async () => {
    const late = network.organizations.at(-1)!;
    const peer = nodeOf(late, 'peer');
    await stopProcess(network, peer.name);
    await submit('HospitalA');
    await see('the block at the other peers', ({ processes }) => processes.every(({ kind, lag, pid }) => kind !== 'peer' || pid === undefined || lag === 0));
    const orderers = ordererOrganizations(network).map((organization) => nodeOf(organization, 'orderer').name);
    await Promise.all(orderers.map(async (name) => stopProcess(network, name)));
    await startMissing(network, [peer], findBinaries());
    let findings: Finding[] = [];
    const fault = (name: string): string | undefined => findings.find(({ check, level }) => check === name && level === 'fault')?.sentence;
    // A peer that has just started tells no height before it has opened its channel.
    await until('a doctor that sees the late peer', 60_000, async () => {
      findings = await doctor(options);
      return fault('heights') !== undefined;
    }, '');
    expect(fault('heights')).to.match(/^peer\.Regulator holds \d+ blocks, others \d+, and does not catch up$/);
    expect(fault('quorum')).to.match(/^0 of 4 orderers serve and vote, 3 are needed: nothing is ordered until 3 more/);
    await up(options);
    await until('a doctor without findings', 30_000, async () => (await doctor(options)).every(({ level }) => level === 'ok'), '');
  });
});

describe('pages of metrics', () => {
  it('are read as they are written', () => {
    const labels = { a: 'with "quotes", back\\slash, {braces} and\nbreak', b: '' };
    const page = writePage([
      { name: 'x_total', type: 'counter', help: 'An x.', samples: [{ labels, value: 3 }, { labels: { a: 'other' }, value: 4 }, { value: undefined }] },
      { name: 'y', type: 'gauge', help: 'A y.', samples: [{ value: 1e-9 }] },
    ]);
    expect(readSamples(page)).to.deep.equal([{ name: 'x_total', labels, value: 3 }, { name: 'x_total', labels: { a: 'other' }, value: 4 }, { name: 'y', labels: {}, value: 1e-9 }]);
    expect([total(readSamples(page), 'x_total'), total(readSamples(page), 'x_total', { a: 'other' }), total(readSamples(page), 'z')]).to.deep.equal([7, 4, undefined]);
    expect(readSamples('h_bucket{le="+Inf"} +Inf\n\n# HELP h x\nnot a sample\n')).to.deep.equal([{ name: 'h_bucket', labels: { le: '+Inf' }, value: Infinity }]);
  });

  it('give rates between two looks, none over a restart', () => {
    const seen = { name: 'peer.A', kind: 'peer', mspId: 'A', pid: 7, restarts: 0, transactions: 100, cpuSeconds: 5, height: 9 } as const;
    const higher = { ...seen, name: 'peer.B', height: 12 };
    const [after] = pulses([seen, higher], [{ ...seen, transactions: 150, cpuSeconds: 6 }, higher], 2);
    expect(after).to.include({ transactionsPerSecond: 25, cpu: 0.5, lag: 3 });
    expect(pulses([seen], [{ ...seen, pid: 8 }], 2)[0]).not.to.have.any.keys('transactionsPerSecond', 'cpu');
    expect(pulses([], [seen], 2)[0]).to.deep.equal({ ...seen, lag: 0 });
  });
});
