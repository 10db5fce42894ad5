/** The state folder: where everything of one network lies, which topology it was made from, and who takes part by now. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { NetworkError } from './error.js';
import { choosePorts } from './ports.js';
import { parseTopology, type Ports, type Topology } from './topology.js';

/** One organization of a network with its ports and its folder. */
export interface Organization {
  readonly mspId: string;
  /** From 1, never given twice; also the ID of its orderer among the consenters. */
  readonly number: number;
  /** Whether it runs an orderer of the channel. */
  readonly hasOrderer: boolean;
  /** What the sites call its peer's machine; absent where nobody outside this machine calls it. */
  readonly host?: string;
  readonly ports: Ports;
  readonly dir: string;
}

/** An organization as far as its own files go; all there is of a member without nodes. */
export type Site = Pick<Organization, 'mspId' | 'dir' | 'host'>;

/** An organization as network.json keeps it. */
type Member = Omit<Organization, 'dir'>;

/** A network as its state folder has it. */
export interface Network {
  /** Absolute path of the state folder. */
  readonly dir: string;
  /** What the network was made from. Who takes part by now is in `organizations`. */
  readonly topology: Topology;
  readonly organizations: readonly Organization[];
  /** One whose admission has begun and is not yet in the channel for sure. */
  readonly joining?: Organization;
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

interface Stored {
  readonly version: number;
  readonly topology: unknown;
  /** Of the topology's organizations, in their order. */
  readonly ports: readonly Ports[];
  /** Present from the first change on. */
  readonly organizations?: readonly Member[];
  readonly joining?: Member;
  /** Highest number that was ever given. */
  readonly lastNumber?: number;
}

function read(file: string): Stored {
  const stored = JSON.parse(readFileSync(file, 'utf8')) as Stored;
  if (stored.version === version) return stored;
  throw new NetworkError('STATE_MISSING', `${file} is of version ${stored.version}, this program writes version ${version}.`, 'Use the program that made it, or remove the state with fl-network clean.');
}

/** Where an organization's own files lie. */
export function organizationDir(networkDir: string, mspId: string): string {
  return join(networkDir, 'organizations', mspId);
}

const hosted = (host: string | undefined): { host?: string } => (host === undefined ? {} : { host });

function assemble(dir: string, topology: Topology, { ports, organizations, joining }: Stored): Network {
  const original = topology.organizations.map(({ mspId, host, orderer }, index): Member => {
    const own = ports[index];
    if (!own) throw new NetworkError('STATE_MISSING', `${join(dir, networkFile)} lacks the ports of ${mspId}.`, 'Remove the state with fl-network clean.');
    return { mspId, number: index + 1, hasOrderer: orderer ?? (topology.consensus === 'bft' || index === 0), ...hosted(host), ports: own };
  });
  const placed = (member: Member): Organization => ({ ...member, dir: organizationDir(dir, member.mspId) });
  return { dir, topology, organizations: (organizations ?? original).map(placed), ...(joining ? { joining: placed(joining) } : {}) };
}

/**
 * Opens the state of a network that was brought up before.
 * @param topology what the caller takes it for: the one that the network was made from, whatever was changed since; not compared when absent
 * @throws {NetworkError} STATE_MISSING when the folder holds none, STATE_OF_OTHER_TOPOLOGY when it was made from another
 */
export function openState(stateDir: string, topology?: Topology): Network {
  const dir = resolve(stateDir);
  const file = join(dir, networkFile);
  if (!existsSync(file)) throw new NetworkError('STATE_MISSING', `${dir} holds no network.`, 'Run fl-network up, or name the right folder with --state.');
  const stored = read(file);
  const network = assemble(dir, parseTopology(stored.topology, file), stored);
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
  const stored: Stored = { version, topology, ports: await choosePorts(dir, topology) };
  for (const folder of ['organizations', 'processes', 'profiles', 'ledgers']) mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
  writeJson(join(dir, networkFile), stored);
  return assemble(dir, topology, stored);
}

/** Records who takes part by now, and who is on the way in. */
export function recordMembers(network: Network, organizations: readonly Organization[], joining?: Organization): Network {
  const file = join(network.dir, networkFile);
  const { version: of, topology, ports, lastNumber = 0 } = read(file);
  const member = ({ mspId, number, hasOrderer, host, ports: own }: Organization): Member => ({ mspId, number, hasOrderer, ...hosted(host), ports: own });
  const highest = Math.max(lastNumber, ...[...network.organizations, ...organizations, ...(joining ? [joining] : [])].map(({ number }) => number));
  writeJson(file, { version: of, topology, ports, organizations: organizations.map(member), ...(joining ? { joining: member(joining) } : {}), lastNumber: highest } satisfies Stored);
  return openState(network.dir);
}

/** A new organization's place: a number that nobody had, and ports that are free now. */
export async function newOrganization(network: Network, mspId: string, hasOrderer: boolean, host?: string): Promise<Organization> {
  const { lastNumber = 0 } = read(join(network.dir, networkFile));
  const number = Math.max(lastNumber, ...network.organizations.map((organization) => organization.number)) + 1;
  const taken = network.organizations.flatMap(({ ports }) => Object.values(ports));
  const [ports] = await choosePorts(network.dir, { organizations: [{ mspId }] }, taken);
  if (!ports) throw new NetworkError('PORT_IN_USE', `No ports are left for ${mspId}.`, 'Stop what listens on this machine.');
  return { mspId, number, hasOrderer, ...hosted(host), ports, dir: organizationDir(network.dir, mspId) };
}

/** Where a certificate and its key lie: `peer`, `orderer` and the user names under `users`, service names under `tls`, `sign` and `tls` under `authorities`. */
export function credential(organization: Pick<Organization, 'dir'>, folder: 'users' | 'tls' | 'authorities', name: string): Credential {
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

/** The organizations that run an orderer: at first all with SmartBFT, and the first with Raft. */
export function ordererOrganizations(network: Network): readonly Organization[] {
  return network.organizations.filter(({ hasOrderer }) => hasOrderer);
}

/** The members without nodes. */
export function clientsOf({ dir, topology }: Network): readonly Site[] {
  return (topology.clients ?? []).map(({ mspId }) => ({ mspId, dir: organizationDir(dir, mspId) }));
}
