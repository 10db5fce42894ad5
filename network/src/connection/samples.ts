/** The folder of Fabric's samples' test network, read as a profile: organizations, their peers and administrators where its scripts put them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConnectionProfile } from './connection-profile.js';
import { readMspFolder } from './msp-folder.js';
import type { PackageConnection, TargetOrganization, TargetProfile } from './target.js';
import { NetworkError } from '../error.js';

// The ports of its compose files; addOrg3 brings the third.
const ports: Readonly<Record<string, number>> = { org1: 7051, org2: 9051, org3: 11051 };

/** connection.json for chaincode containers named as the samples name them, without TLS as there. */
export function plainConnection(address: string): PackageConnection {
  return { address, dial_timeout: '10s', tls_required: false };
}

function organizationIn(dir: string, domain: string): TargetOrganization {
  const name = domain.split('.')[0] ?? domain;
  const home = join(dir, domain);
  const admin = readMspFolder(join(home, 'users', `Admin@${domain}`, 'msp'));
  const profile = join(home, `connection-${name}.json`);
  if (existsSync(profile)) return { ...readConnectionProfile(profile), admin };
  const mspId = `${name.charAt(0).toUpperCase()}${name.slice(1)}MSP`;
  const host = `peer0.${domain}`;
  const roots = join(home, 'peers', host, 'tls', 'ca.crt');
  const port = ports[name];
  if (port === undefined || !existsSync(roots)) {
    throw new NetworkError('PROFILE_INVALID', `${home} has neither connection-${name}.json nor a peer whose port is known.`, 'Bring the test network up first, or write a profile as docs/deploy.md shows.');
  }
  return { mspId, peers: [{ mspId, endpoint: `localhost:${port}`, tlsRoots: readFileSync(roots), hostnameOverride: host }], admin };
}

/**
 * Reads a `fabric-samples/test-network` that is up, or was.
 * @throws {NetworkError} PROFILE_INVALID when its folders are missing or an identity is incomplete
 */
export function readSamples(dir: string, { channel = 'mychannel', chaincode = 'epione' }: { readonly channel?: string; readonly chaincode?: string } = {}): TargetProfile {
  const home = join(dir, 'organizations', 'peerOrganizations');
  const domains = existsSync(home) ? readdirSync(home, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort() : [];
  if (domains.length === 0) throw new NetworkError('PROFILE_INVALID', `${home} has no organization.`, 'Name the folder test-network of the samples with --samples, after ./network.sh up createChannel.');
  return { channel, chaincode, organizations: domains.map((domain) => organizationIn(home, domain)), packageConnection: plainConnection(`{{.peername}}_${chaincode}_ccaas:9999`) };
}
