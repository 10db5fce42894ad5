/** Looks for what keeps a network from working: one line a finding, with its remedy. */
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { certificateStatus } from '../identities/certificates.js';
import { packChaincode } from '../chaincode/chaincode-package.js';
import { readDeployment } from '../nodes/deployment.js';
import { NetworkError, sentenceOf } from '../error.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { leftovers } from '../nodes/leftovers.js';
import { processOf } from '../nodes/node-process.js';
import { nodesOf } from '../nodes/nodes.js';
import type { NetworkOptions } from '../options.js';
import { isFree } from '../ports.js';
import { runningPid } from '../nodes/process.js';
import { checkSpace, freeBytes, isWanted } from '../nodes/start.js';
import { openState, type Network } from '../state.js';
import { status } from '../status.js';

/** One line of the doctor's. A `fault` keeps the network from working, a `warning` will. */
export interface Finding {
  readonly check: 'programs' | 'node' | 'disk' | 'state' | 'ports' | 'processes' | 'chaincode' | 'certificates' | 'clock' | 'channel';
  readonly level: 'ok' | 'warning' | 'fault';
  readonly sentence: string;
  readonly remedy?: string;
}

const dayMs = 86_400_000;
const warnDays = 30;
const leastNode = [24, 16] as const;
// Peers refuse proposals whose time is further off than this (authentication.timewindow).
const windowMs = 15_000;

const ok = (check: Finding['check'], sentence: string): Finding => ({ check, level: 'ok', sentence });
const fault = (check: Finding['check'], sentence: string, remedy: string): Finding => ({ check, level: 'fault', sentence, remedy });

/** Turns a check that throws into a finding. */
function attempt(check: Finding['check'], work: () => string): Finding {
  try {
    return ok(check, work());
  } catch (error) {
    return fault(check, sentenceOf(error), error instanceof NetworkError ? error.remedy : 'Correct what the sentence names.');
  }
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const good = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  const sentence = `Node ${process.versions.node}`;
  return good ? ok('node', sentence) : fault('node', `${sentence} is too old`, `Use Node ${leastNode.join('.')} or later.`);
}

function disk(stateDir: string): Finding {
  let dir = resolve(stateDir);
  while (!existsSync(dir)) dir = dirname(dir);
  return attempt('disk', () => {
    checkSpace(dir);
    return `${Math.floor(freeBytes(dir) / 1e6)} MB free`;
  });
}

async function ports(network: Network): Promise<Finding[]> {
  const findings: Finding[] = [];
  let free = 0;
  for (const node of nodesOf(network)) {
    if (runningPid(network, node.name) !== undefined) continue;
    for (const [use, port] of Object.entries(processOf(network, node, findBinaries()).ports)) {
      if (await isFree(port)) free += 1;
      else findings.push(fault('ports', `port ${port} (ports.${use} of ${node.name}) is in use by another program`, 'Stop that program, or set another port in the topology file and start with a new --state folder.'));
    }
  }
  return findings.length > 0 ? findings : [ok('ports', free > 0 ? `${free} ports of stopped processes are free` : 'all ports are held by the network')];
}

function chaincode(network: Network): Finding {
  const deployment = readDeployment(network);
  if (!deployment) return ok('chaincode', 'none deployed');
  if (!deployment.inForce) return fault('chaincode', `${deployment.label} is deployed half way`, 'fl-network deploy');
  return attempt('chaincode', () => {
    const { version } = packChaincode(deployment.path, network.topology.chaincode);
    if (version === deployment.version) return `version ${version}, sequence ${deployment.sequence}`;
    throw new NetworkError('CHAINCODE_INVALID', `${deployment.path} is at version ${version}, deployed is ${deployment.version}`, 'fl-network deploy');
  });
}

function certificates(network: Network, now: Date): Finding[] {
  const all = certificateStatus(network);
  const findings = all.flatMap(({ file, notBefore, notAfter }): Finding[] => {
    const days = Math.floor((notAfter.getTime() - now.getTime()) / dayMs);
    const remedy = 'Remove the state with fl-network clean --confirm and bring the network up anew, after keeping a copy of the ledger.';
    if (days < 0) return [fault('certificates', `${file} expired ${-days} day(s) ago`, remedy)];
    if (notBefore > now) return [fault('certificates', `${file} is valid only from ${notBefore.toISOString()}`, 'Set this machine\'s clock.')];
    return days < warnDays ? [{ check: 'certificates', level: 'warning', sentence: `${file} expires in ${days} day(s)`, remedy }] : [];
  });
  const [first] = all;
  if (findings.length > 0 || !first) return findings;
  return [ok('certificates', `${all.length} valid, the first expires in ${Math.floor((first.notAfter.getTime() - now.getTime()) / dayMs)} days`)];
}

/** The time a peer's operations page gives, to the second. */
async function timeAt(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const request = get({ host: '127.0.0.1', port, path: '/healthz', timeout: 2000, agent: false }, (response) => {
      response.resume();
      done(Date.parse(response.headers.date ?? '') || undefined);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      done(undefined);
    });
  });
}

async function clock(network: Network): Promise<Finding> {
  const times = await Promise.all(network.organizations.map(async ({ ports: { peerOperations } }) => timeAt(peerOperations)));
  const offsets = times.filter((time) => time !== undefined).map((time) => Math.abs(time - Date.now()));
  if (offsets.length === 0) return ok('clock', 'no peer runs to compare with');
  const worst = Math.ceil(Math.max(...offsets) / 1000);
  const sentence = `peers' clocks differ from ours by at most ${worst} s`;
  return worst * 1000 < windowMs / 2 ? ok('clock', sentence) : fault('clock', `${sentence}; they refuse what differs by ${windowMs / 1000} s`, 'Set the clocks by NTP.');
}

async function processes(options: NetworkOptions, network: Network): Promise<Finding[]> {
  const left = leftovers(network).map(({ pid, command }) => fault('processes', `pid ${pid} belongs to this state but is on no record: ${command.slice(0, 80)}`, `kill ${pid}`));
  const wanted = isWanted(network);
  const { processes: all, healthy } = await status(options);
  const findings = all.flatMap(({ name, health, pid, relation }): Finding[] => {
    if (!wanted && pid !== undefined) return [fault('processes', `${name} (pid ${pid}) runs although the network was taken down`, 'fl-network down')];
    if (wanted && health === 'stopped') return [fault('processes', `${name} has stopped`, `fl-network up; its last words: fl-network logs ${name}`)];
    if (health === 'not serving') return [fault('processes', `${name} (pid ${pid ?? 0}) runs but does not serve`, `fl-network logs ${name}`)];
    if (relation !== undefined && relation !== 'consenter') return [fault('channel', `${name} is ${relation} and does not vote`, 'fl-network clean --confirm, then fl-network up')];
    return [];
  });
  if (left.length + findings.length > 0) return [...left, ...findings];
  return [ok('processes', wanted && healthy ? `${all.length} processes serve` : 'none runs, as wanted')];
}

/** Examines a network, or what there is to examine before the first `up`. */
export async function doctor(options: NetworkOptions): Promise<Finding[]> {
  const programs = attempt('programs', () => `Fabric's programs are in ${dirname(findBinaries().peer)}`);
  const machine = [programs, nodeVersion(), disk(options.stateDir)];
  if (!existsSync(join(options.stateDir, 'network.json'))) return [...machine, ok('state', `${resolve(options.stateDir)} holds no network yet`)];
  let network: Network;
  try {
    network = openState(options.stateDir, options.topology);
  } catch (error) {
    return [...machine, fault('state', sentenceOf(error), error instanceof NetworkError ? error.remedy : '')];
  }
  const held = programs.level === 'ok' ? await ports(network) : [];
  return [...machine, ok('state', network.dir), ...held, ...(await processes(options, network)), chaincode(network), ...certificates(network, new Date()), await clock(network)];
}
