/** The profile of a network that others run: one file that names its channel, its peers and the administrators who are here. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { isConnectionProfile, parseConnectionProfile, readConnectionProfile } from './connection-profile.js';
import { readMspFolder } from './msp-folder.js';
import type { PackageConnection, TargetOrganization, TargetProfile } from './target.js';
import { NetworkError, sentenceOf } from '../error.js';
import type { IssuedCertificate } from '../identities/certificate-authority.js';

const file = z.string().min(1);
const files = z.strictObject({ certificateFile: file, privateKeyFile: file });
const identity = z.union([files, z.strictObject({ mspDir: file })]);
const peer = z.strictObject({ endpoint: z.string().regex(/^[^/\s]+:\d{1,5}$/, 'must be host:port'), tlsCaFile: file, hostnameOverride: z.string().min(1).optional() });
const credentials = { admin: identity, operator: identity.optional(), clientTls: files.optional() };
const packageConnection = z.strictObject({
  address: z.string().min(1),
  dial_timeout: z.string().default('10s'),
  tls_required: z.boolean().default(false),
  client_auth_required: z.boolean().optional(),
  client_key: z.string().optional(),
  client_cert: z.string().optional(),
  root_cert: z.string().optional(),
});
const profile = z.strictObject({
  channel: z.string().min(1),
  chaincode: z.string().min(1).default('epione'),
  packageConnection: packageConnection.optional(),
  organizations: z.array(z.union([z.strictObject({ mspId: z.string().min(1), peers: z.array(peer).min(1), ...credentials }), z.strictObject({ connectionProfile: file, ...credentials })])).min(1),
});
type Organization = z.infer<typeof profile>['organizations'][number];

// Absent members must be absent, not undefined: they are compared and written as JSON.
const withoutUndefined = (value: z.infer<typeof packageConnection>): PackageConnection => JSON.parse(JSON.stringify(value)) as PackageConnection;

/**
 * A parsed connection.json.
 * @throws {z.ZodError} what is wrong with it
 */
export function parsePackageConnection(document: unknown): PackageConnection {
  return withoutUndefined(packageConnection.parse(document));
}

/** What the command line may say instead of the profile. */
export interface ProfileOverrides {
  readonly channel?: string;
  readonly chaincode?: string;
}

function readOrganization(entry: Organization, at: (path: string) => string): TargetOrganization {
  const credential = (value: z.infer<typeof files>): IssuedCertificate => ({ certificate: readFileSync(at(value.certificateFile), 'utf8'), privateKey: readFileSync(at(value.privateKeyFile), 'utf8') });
  const read = (value: z.infer<typeof identity>): IssuedCertificate => ('mspDir' in value ? readMspFolder(at(value.mspDir)) : credential(value));
  const { admin, operator, clientTls } = entry;
  const { mspId, peers } =
    'connectionProfile' in entry
      ? readConnectionProfile(at(entry.connectionProfile))
      : {
          mspId: entry.mspId,
          peers: entry.peers.map(({ endpoint, tlsCaFile, hostnameOverride }) => ({ mspId: entry.mspId, endpoint, tlsRoots: readFileSync(at(tlsCaFile)), ...(hostnameOverride === undefined ? {} : { hostnameOverride }) })),
        };
  const tls = clientTls && credential(clientTls);
  return { mspId, peers: tls ? peers.map((address) => ({ ...address, clientTls: tls })) : peers, admin: read(admin), ...(operator ? { operator: read(operator) } : {}) };
}

// connection-org1.json lies in its organization's folder, the administrator below it.
function fromConnectionProfile(document: unknown, source: string, { channel, chaincode = 'epione' }: ProfileOverrides): TargetProfile {
  const found = parseConnectionProfile(document, source);
  const only = found.channels.length === 1 ? found.channels[0] : undefined;
  const name = channel ?? only;
  if (name === undefined) throw new NetworkError('PROFILE_INVALID', `${source} does not tell which channel.`, 'Name it with --channel.');
  const home = dirname(source);
  const msp = join(home, 'users', `Admin@${basename(home)}`, 'msp');
  if (!existsSync(msp)) throw new NetworkError('PROFILE_INVALID', `${source} names no administrator, and ${msp} does not exist.`, 'Write a profile with "connectionProfile" and "admin", as docs/deploy.md shows.');
  return { channel: name, chaincode, organizations: [{ mspId: found.mspId, peers: found.peers, admin: readMspFolder(msp) }] };
}

/**
 * Reads a profile (YAML or JSON); its paths are relative to it. A connection profile of the samples does too, where its
 * administrator lies beside it.
 * @throws {NetworkError} PROFILE_INVALID with all faults
 */
export function readTargetProfile(path: string, overrides: ProfileOverrides = {}): TargetProfile {
  const source = resolve(path);
  const cannot = (error: unknown): NetworkError => new NetworkError('PROFILE_INVALID', `${source} cannot be read: ${sentenceOf(error)}`, 'Name an existing file with --profile, and existing files in it.', error);
  let document: unknown;
  try {
    document = parse(readFileSync(source, 'utf8'), { logLevel: 'error' });
  } catch (error) {
    throw cannot(error);
  }
  if (isConnectionProfile(document)) return fromConnectionProfile(document, source, overrides);
  const { data, error } = profile.safeParse(document);
  if (!data) {
    const faults = error.issues.map((issue) => `  ${issue.path.join('.') || '(document)'}: ${issue.message}`);
    throw new NetworkError('PROFILE_INVALID', `${source} has ${faults.length} fault(s):\n${faults.join('\n')}`, 'Correct the lines named above; docs/deploy.md shows a whole profile.');
  }
  try {
    const organizations = data.organizations.map((entry) => readOrganization(entry, (name) => resolve(dirname(source), name)));
    const { packageConnection: connection } = data;
    return {
      channel: overrides.channel ?? data.channel,
      chaincode: overrides.chaincode ?? data.chaincode,
      organizations,
      ...(connection ? { packageConnection: withoutUndefined(connection) } : {}),
    };
  } catch (error) {
    throw error instanceof NetworkError ? error : cannot(error);
  }
}
