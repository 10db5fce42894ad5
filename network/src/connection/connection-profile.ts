/** The connection profile of older Fabric SDKs (JSON), which the samples' test network still writes: organizations and their peers. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { PeerAddress } from './gateway.js';
import { NetworkError, sentenceOf } from '../error.js';

const certificates = z.union([z.object({ pem: z.union([z.string(), z.array(z.string())]) }), z.object({ path: z.string() })]);

const peer = z.object({
  url: z.string().regex(/^grpcs:\/\/[^/]+:\d+$/, 'must be grpcs://host:port'),
  tlsCACerts: certificates,
  grpcOptions: z.object({ 'ssl-target-name-override': z.string().optional(), hostnameOverride: z.string().optional() }).default({}),
});

// Lenient as a format of others: what is not needed here may be there.
const connectionProfile = z.object({
  client: z.object({ organization: z.string().optional() }).optional(),
  channels: z.record(z.string(), z.unknown()).default({}),
  organizations: z.record(z.string(), z.object({ mspid: z.string().min(1), peers: z.array(z.string()).min(1) })),
  peers: z.record(z.string(), peer),
});

/** What a connection profile says about the organization that it was written for. */
export interface ConnectionProfile {
  readonly mspId: string;
  readonly peers: readonly PeerAddress[];
  readonly channels: readonly string[];
}

/** Whether a parsed document is meant as a connection profile. */
export function isConnectionProfile(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'organizations' in document && !Array.isArray(document.organizations) && 'peers' in document;
}

/**
 * The organization of `client`, or the only one, with its peers. TLS roots may be texts or paths relative to the file.
 * @throws {NetworkError} PROFILE_INVALID with all faults
 */
export function parseConnectionProfile(document: unknown, file: string): ConnectionProfile {
  const invalid = (faults: readonly string[]): NetworkError => new NetworkError('PROFILE_INVALID', `${file} has ${faults.length} fault(s):\n${faults.map((fault) => `  ${fault}`).join('\n')}`, 'Correct it, or write a profile as docs/deploy.md shows.');
  const { data, error } = connectionProfile.safeParse(document);
  if (!data) throw invalid(error.issues.map((issue) => `${issue.path.join('.') || '(document)'}: ${issue.message}`));
  const names = Object.keys(data.organizations);
  const name = data.client?.organization ?? (names.length === 1 ? names[0] : undefined);
  const organization = Object.hasOwn(data.organizations, name ?? '') ? data.organizations[name ?? ''] : undefined;
  if (!organization) throw invalid(['client.organization: must name one of organizations']);
  const unknown = organization.peers.filter((peerName) => !Object.hasOwn(data.peers, peerName));
  if (unknown.length > 0) throw invalid(unknown.map((peerName) => `peers.${peerName}: is missing`));
  const roots = (from: z.infer<typeof certificates>): Buffer => {
    if ('pem' in from) return Buffer.from([from.pem].flat().join('\n'));
    try {
      return readFileSync(resolve(dirname(file), from.path));
    } catch (error) {
      throw invalid([`tlsCACerts.path: ${sentenceOf(error)}`]);
    }
  };
  const peers = organization.peers.flatMap((peerName) => {
    const found = data.peers[peerName];
    if (!found) return [];
    const override = found.grpcOptions['ssl-target-name-override'] ?? found.grpcOptions.hostnameOverride;
    return [{ mspId: organization.mspid, endpoint: found.url.slice('grpcs://'.length), tlsRoots: roots(found.tlsCACerts), ...(override === undefined ? {} : { hostnameOverride: override }) }];
  });
  return { mspId: organization.mspid, peers, channels: Object.keys(data.channels) };
}

/** @throws {NetworkError} PROFILE_INVALID when it cannot be read or has faults */
export function readConnectionProfile(file: string): ConnectionProfile {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new NetworkError('PROFILE_INVALID', `${file} cannot be read: ${sentenceOf(error)}`, 'Name an existing JSON file.', error);
  }
  return parseConnectionProfile(document, file);
}
