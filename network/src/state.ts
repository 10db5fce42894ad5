/** The state folder: where everything of one network lies, and which topology it belongs to. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { NetworkError } from './error.js';
import { choosePorts } from './ports.js';
import { parseTopology, type Ports, type Topology } from './topology.js';

/** One organization of a network with its ports and its folder. */
export interface Organization {
  readonly mspId: string;
  /** From 1, the place in the topology; also the ID of its orderer among the consenters. */
  readonly number: number;
  readonly ports: Ports;
  readonly dir: string;
}

/** A network as its state folder has it. */
export interface Network {
  /** Absolute path of the state folder. */
  readonly dir: string;
  readonly topology: Topology;
  readonly organizations: readonly Organization[];
}

/** Files of a certificate and its key, both PEM, the key PKCS #8. */
export interface Credential {
  readonly certificateFile: string;
  readonly privateKeyFile: string;
}

const networkFile = 'network.json';
const version = 1;

/** Writes a file so that it is there whole or not at all, readable by its owner only. */
export function writeWhole(file: string, content: string | Uint8Array, mode = 0o600): void {
  const partial = `${file}.partial`;
  writeFileSync(partial, content, { mode });
  renameSync(partial, file);
}

/** Writes JSON with two spaces and a newline at the end. */
export function writeJson(file: string, value: unknown): void {
  writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);
}

function assemble(dir: string, topology: Topology, ports: readonly Ports[]): Network {
  const organizations = topology.organizations.map(({ mspId }, index) => {
    const own = ports[index];
    if (!own) throw new NetworkError('STATE_MISSING', `${join(dir, networkFile)} lacks the ports of ${mspId}.`, 'Remove the state with fl-network clean.');
    return { mspId, number: index + 1, ports: own, dir: join(dir, 'organizations', mspId) };
  });
  return { dir, topology, organizations };
}

/**
 * Opens the state of a network that was brought up before.
 * @param topology what the caller takes it for; not compared when absent
 * @throws {NetworkError} STATE_MISSING when the folder holds none, STATE_OF_OTHER_TOPOLOGY when it was made from another
 */
export function openState(stateDir: string, topology?: Topology): Network {
  const dir = resolve(stateDir);
  const file = join(dir, networkFile);
  if (!existsSync(file)) throw new NetworkError('STATE_MISSING', `${dir} holds no network.`, 'Run fl-network up, or name the right folder with --state.');
  const stored = JSON.parse(readFileSync(file, 'utf8')) as { version: number; topology: unknown; ports: Ports[] };
  if (stored.version !== version) throw new NetworkError('STATE_MISSING', `${file} is of version ${stored.version}, this program writes version ${version}.`, 'Use the program that made it, or remove the state with fl-network clean.');
  const network = assemble(dir, parseTopology(stored.topology, file), stored.ports);
  if (topology && !isDeepStrictEqual(network.topology, topology)) {
    throw new NetworkError('STATE_OF_OTHER_TOPOLOGY', `${dir} was made from another topology.`, 'Use the topology of that network, another --state folder, or remove the state with fl-network clean --confirm.');
  }
  return network;
}

/**
 * Opens the state, or lays it down with ports chosen free when the folder is new.
 * @throws {NetworkError} STATE_OF_OTHER_TOPOLOGY when it was made from another topology
 */
export async function establishState(stateDir: string, topology: Topology): Promise<Network> {
  const dir = resolve(stateDir);
  if (existsSync(join(dir, networkFile))) return openState(dir, topology);
  const ports = await choosePorts(dir, topology);
  for (const folder of ['organizations', 'processes', 'profiles', 'ledgers']) mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
  writeJson(join(dir, networkFile), { version, topology, ports });
  return assemble(dir, topology, ports);
}

/** Where a certificate and its key lie: `peer`, `orderer` and the user names under `users`, service names under `tls`, `sign` and `tls` under `authorities`. */
export function credential(organization: Organization, folder: 'users' | 'tls' | 'authorities', name: string): Credential {
  const base = join(organization.dir, folder, name);
  return { certificateFile: `${base}.pem`, privateKeyFile: `${base}.key` };
}

/**
 * The organization of an MSP ID.
 * @throws {NetworkError} USAGE with the names that there are
 */
export function organizationOf(network: Network, mspId: string): Organization {
  const organization = network.organizations.find((entry) => entry.mspId === mspId);
  if (organization) return organization;
  throw new NetworkError('USAGE', `There is no organization ${mspId}.`, `Name one of ${network.organizations.map((entry) => entry.mspId).join(', ')}.`);
}

/** Where a peer or orderer of that name, such as `peer.HospitalA`, keeps its ledger. */
export function ledgerDir(network: Network, name: string): string {
  return join(network.dir, 'ledgers', name);
}

/** The orderers' organizations: all with SmartBFT, the first with Raft. */
export function ordererOrganizations(network: Network): readonly Organization[] {
  return network.topology.consensus === 'bft' ? network.organizations : network.organizations.slice(0, 1);
}
