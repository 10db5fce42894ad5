/** The start-up kit of one site: a folder, and the same as .tar.gz, with all that its worker needs of the network and of the operator. */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzip, tar } from '../chaincode/chaincode-package.js';
import { NetworkError } from '../error.js';
import { issueCertificate, validFor } from '../identities/certificate-authority.js';
import { readAuthority, readCredential, siteTls } from '../identities/identities.js';
import { profileFile, type Profile } from '../profile.js';
import { clientsOf, openState, organizationOf, type Credential, type Network, type Site } from '../state.js';
import type { NetworkOptions } from '../options.js';
import { readmeText, workerYaml, type KitSettings } from './texts.js';

export interface KitOptions extends NetworkOptions, Partial<Omit<KitSettings, 'mspId' | 'saeId' | 'seed'>> {
  readonly mspId: string;
  /** Folder in which the kit's folder and archive are made. */
  readonly output: string;
}

/** What was made. */
export interface Kit {
  readonly mspId: string;
  readonly folder: string;
  readonly archive: string;
  readonly files: readonly string[];
  /** Organizations whose peers nobody reaches but from this machine: the topology names no host for them. */
  readonly loopback: readonly string[];
  /** SHA-256 of SHA256SUMS, hex: what the operator tells the site by another way than the kit's. */
  readonly digest: string;
}

const certificateDays = 730;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function siteOf(network: Network, mspId: string): Site {
  const sites: readonly Site[] = [...network.organizations, ...clientsOf(network)];
  const site = sites.find((entry) => entry.mspId === mspId);
  if (site && existsSync(profileFile(network, mspId))) return site;
  throw new NetworkError('USAGE', `There is no organization ${mspId} with a profile.`, `Name one of ${sites.map((entry) => entry.mspId).join(', ')}; fl-network up writes the profiles.`);
}

/** The certificate that other members see, for the host that they call; what is there already where that is this machine. */
async function siteCertificate(site: Site, existing: Credential, host: string): Promise<{ certificate: string; privateKey: string }> {
  if (host === 'localhost') return readCredential(existing);
  return issueCertificate(readAuthority(site, 'tls'), { ...siteTls(site.mspId, host), validity: validFor(certificateDays, new Date()) });
}

/** All files but the list of sums, by name; those of private keys are named *.key. */
async function filesOf(network: Network, site: Site, settings: KitSettings): Promise<Map<string, string>> {
  const profile = JSON.parse(readFileSync(profileFile(network, site.mspId), 'utf8')) as Profile;
  const files = new Map<string, string>();
  const pair = (base: string, { certificate, privateKey }: { certificate: string; privateKey: string }): Credential => {
    files.set(`${base}.pem`, certificate).set(`${base}.key`, privateKey);
    return { certificateFile: `${base}.pem`, privateKeyFile: `${base}.key` };
  };
  const peers = profile.peers.map((peer) => {
    const tlsCaFile = `tls/peer-${peer.mspId}.pem`;
    files.set(tlsCaFile, readFileSync(peer.tlsCaFile, 'utf8'));
    const { host = 'localhost', ports } = organizationOf(network, peer.mspId);
    return { ...peer, endpoint: `${host}:${ports.peer}`, tlsCaFile };
  });
  const identities = { worker: pair('identities/worker', readCredential(profile.identities.worker)), auditor: pair('identities/auditor', readCredential(profile.identities.auditor)) };
  const tls = { caBundleFile: 'tls/members.pem', kme: pair('tls/kme', readCredential(profile.tls.kme)), worker: pair('tls/site', await siteCertificate(site, profile.tls.worker, settings.host)) };
  files.set('tls/members.pem', readFileSync(profile.tls.caBundleFile, 'utf8'));
  files.set('profile.json', `${JSON.stringify({ ...profile, peers, identities, tls }, null, 2)}\n`);
  files.set('trust-root.json', readFileSync(join(network.dir, 'trust-root.json'), 'utf8'));
  files.set('worker.yaml', workerYaml(settings));
  files.set('README.txt', readmeText(settings));
  return files;
}

function put(folder: string, name: string, content: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, name), content, { mode: 0o600, flag: 'wx' });
  chmodSync(join(folder, name), 0o600);
}

/**
 * Makes a site's kit: its own private keys, nobody else's, every file for its owner only.
 * @throws {NetworkError} USAGE for an unknown organization or a kit that is there already
 */
export async function makeKit(options: KitOptions): Promise<Kit> {
  const { mspId, host = 'localhost', port = 7443, kmeUrl, study } = options;
  const network = openState(options.stateDir, options.topology);
  const site = siteOf(network, mspId);
  const folder = resolve(options.output, mspId);
  const archive = `${folder}.tar.gz`;
  if (existsSync(folder) || existsSync(archive)) throw new NetworkError('USAGE', `${folder} or its archive is there already.`, 'Remove it, or name another --output.');
  const settings: KitSettings = { mspId, host, port, saeId: `sae-${mspId.toLowerCase()}`, seed: randomBytes(16).toString('hex'), ...(kmeUrl === undefined ? {} : { kmeUrl }), ...(study === undefined ? {} : { study }) };
  const files = await filesOf(network, site, settings);
  const sums = [...files].map(([name, content]) => `${sha256(Buffer.from(content))}  ${name}\n`).join('');
  const all = [...files, ['SHA256SUMS', sums] as const];
  for (const [name, content] of all) put(folder, name, content);
  writeFileSync(archive, gzip(tar(all.map(([name, content]) => [`${mspId}/${name}`, Buffer.from(content)] as const), 0o600)), { mode: 0o600, flag: 'wx' });
  const loopback = network.organizations.flatMap((organization) => (organization.host === undefined ? [organization.mspId] : []));
  return { mspId, folder, archive, files: all.map(([name]) => name), loopback, digest: sha256(Buffer.from(sums)) };
}
