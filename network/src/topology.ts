/** The topology file: who takes part and on which ports, checked whole, with all faults reported together. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { NetworkError, sentenceOf } from './error.js';

/** The topology that ships with this package. */
export const defaultTopologyFile = fileURLToPath(new URL('../topology.yaml', import.meta.url));

/** The TCP ports of one organization, each 1024 to 65535 on loopback. */
export const portNames = ['peer', 'peerChaincode', 'peerOperations', 'chaincode', 'orderer', 'ordererAdmin', 'ordererOperations'] as const;
export type PortName = (typeof portNames)[number];
export type Ports = Record<PortName, number>;

/** Fewest orderers with which SmartBFT bears a fault. */
export const leastBftOrderers = 4;

const port = z.number().int().min(1024).max(65535);
const channelName = z.string().regex(/^[a-z][a-z0-9.-]{0,63}$/, 'must start with a-z and hold at most 64 of a-z, 0-9, dot and hyphen');
const chaincodeName = z.string().regex(/^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/, 'must be letters and digits, joined by single hyphens or underscores');
/** An MSP ID. With `orderer-` before it, it still fits into a common name of 64 characters (RFC 5280). */
export const mspId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,55}$/, 'must be 1 to 56 of letters, digits, dot and hyphen, and start with a letter or digit');

/** A DNS name or an IPv4 address. */
export const hostName = z.string().max(253).regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/, 'must be a DNS name or an IPv4 address');

const organization = z.strictObject({
  mspId,
  /** What the sites call the machine on which its peer runs; the peer is for this machine alone when absent. */
  host: hostName.optional(),
  /** Whether it runs an orderer; by default all do with SmartBFT, and the first with Raft. */
  orderer: z.boolean().optional(),
  ports: z.partialRecord(z.enum(portNames), port).optional(),
});

const topology = z.strictObject({
  channel: channelName.default('epione'),
  chaincode: chaincodeName.default('epione'),
  consensus: z.enum(['bft', 'raft']).default('bft'),
  /** How long orderers collect transactions for a block, ms: short answers to a lone transaction, long ones carry more a second. 100 when absent. */
  batchIntervalMs: z.number().int().min(10).max(10_000).optional(),
  organizations: z.array(organization).min(1).max(64),
  /** Members without nodes: they endorse nothing, and their users transact through the others' peers. */
  clients: z.array(z.strictObject({ mspId })).min(1).max(64).optional(),
});

/** A checked topology. Ports that are absent are chosen free at the first `up` and then kept. */
export type Topology = z.infer<typeof topology>;

// What the rules between entries need, read leniently, so that they are checked even where an entry has a fault of its own.
const lenient = z.object({
  consensus: z.unknown().optional(),
  organizations: z.array(z.object({ mspId: z.string().catch(''), orderer: z.unknown().optional(), ports: z.record(z.string(), z.unknown()).catch({}) }).catch({ mspId: '', ports: {} })).catch([]),
  clients: z.array(z.object({ mspId: z.string().catch('') }).catch({ mspId: '' })).catch([]),
});

function conflicts(document: unknown): string[] {
  const { data } = lenient.safeParse(document);
  if (!data) return [];
  const faults: string[] = [];
  const { consensus = 'bft', organizations, clients } = data;
  const withOrderer = organizations.filter(({ orderer }) => orderer !== false).length;
  // With fewer than four, SmartBFT tolerates no fault at all, and raft is what was meant.
  if (consensus === 'bft' && withOrderer < leastBftOrderers) {
    faults.push(`consensus: bft needs at least ${leastBftOrderers} organizations with an orderer, there are ${withOrderer}; add some or set consensus: raft`);
  }
  if (consensus === 'raft' && organizations.length > 0 && organizations[0]?.orderer === false && organizations.every(({ orderer }) => orderer !== true)) {
    faults.push('consensus: raft needs an organization with an orderer; leave orderer out at the first one');
  }
  const holders = new Map<string | number, string>();
  const claim = (value: string | number, path: string, what: string): void => {
    const holder = holders.get(value);
    if (holder === undefined) holders.set(value, path);
    else faults.push(`${path}: ${what} is taken already by ${holder}; choose another`);
  };
  organizations.forEach(({ mspId: name, ports }, index) => {
    // Case is ignored because the names of site services are in lower case.
    if (name) claim(name.toLowerCase(), `organizations.${index}.mspId`, name);
    for (const [key, number] of Object.entries(ports)) {
      if (typeof number === 'number') claim(number, `organizations.${index}.ports.${key}`, `port ${number}`);
    }
  });
  clients.forEach(({ mspId: name }, index) => {
    if (name) claim(name.toLowerCase(), `clients.${index}.mspId`, name);
  });
  return faults;
}

/**
 * Checks a parsed topology document.
 * @throws {NetworkError} TOPOLOGY_INVALID with every fault and its path, one a line
 */
export function parseTopology(document: unknown, source = 'The topology'): Topology {
  const result = topology.safeParse(document);
  const shape = result.error?.issues.map((issue) => `${issue.path.join('.') || '(document)'}: ${issue.message}`) ?? [];
  const faults = [...shape, ...conflicts(document)];
  if (result.success && faults.length === 0) return result.data;
  throw new NetworkError('TOPOLOGY_INVALID', `${source} has ${faults.length} fault(s):\n${faults.map((fault) => `  ${fault}`).join('\n')}`, 'Correct the lines named above and run the command again.');
}

function yamlOf(text: string, file: string): unknown {
  const document = parseDocument(text);
  const faults = document.errors.map(({ message }) => message);
  try {
    if (faults.length === 0) return document.toJS();
  } catch (error) {
    // An alias without its anchor shows only here.
    faults.push(sentenceOf(error));
  }
  throw new NetworkError('TOPOLOGY_INVALID', `${file} is not YAML:\n${faults.map((fault) => `  ${fault}`).join('\n')}`, `Correct ${file}.`);
}

/**
 * Reads a topology file (YAML).
 * @throws {NetworkError} TOPOLOGY_INVALID when it cannot be read, is no YAML or has faults
 */
export function readTopology(file: string = defaultTopologyFile): Topology {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new NetworkError('TOPOLOGY_INVALID', `The topology file cannot be read: ${sentenceOf(error)}`, 'Name an existing file with --topology.', error);
  }
  return parseTopology(yamlOf(text, file), file);
}
