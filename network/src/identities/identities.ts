/** The identities of one organization: two authorities, member service provider folders, users with roles, TLS certificates. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { createAuthority, issueCertificate, validFor, type CertificateRequest, type CertificateUse, type IssuedCertificate, type Validity } from './certificate-authority.js';
import { clientsOf, credential, type Credential, type Network, type Site } from '../state.js';

const authorityDays = 3650;
const leafDays = 730;

/** Users of each organization and the value of their `role` attribute, which the chaincode checks. */
export const userRoles = { worker: 'worker', operator: 'operator', officer: 'dpo', auditor: 'auditor' } as const;
export type UserName = keyof typeof userRoles | 'admin';
export const userNames: readonly UserName[] = ['worker', 'operator', 'officer', 'auditor', 'admin'];

/** TLS certificates of each organization. `kme` and `worker` are for the services beside the network: key management entity and worker. */
export const tlsNames = ['peer', 'orderer', 'admin', 'chaincode', 'kme', 'worker'] as const;
export type TlsName = (typeof tlsNames)[number];

// The worker's common name is its SAE ID at the key management entity (ETSI GS QKD 014).
function tlsCommonName(mspId: string, name: TlsName): string {
  const site = mspId.toLowerCase();
  return name === 'worker' ? `sae-${site}` : `${name}-${site}`;
}

/** TLS of a server on this machine that others may call by a host of its own. */
function serverUse(host?: string): CertificateUse {
  const called = host === undefined ? [] : [host];
  return { kind: 'tls', dnsNames: [...called.filter((name) => isIP(name) === 0), 'localhost'], ipAddresses: [...called.filter((name) => isIP(name) !== 0), '127.0.0.1'] };
}

/** What is asked of the authority for a worker that the other members call by a name of its own. */
export const siteTls = (mspId: string, host: string): Omit<CertificateRequest, 'validity'> => ({ commonName: tlsCommonName(mspId, 'worker'), organization: mspId, use: serverUse(host) });

const nodeOUs = `NodeOUs:
  Enable: true
${['client', 'peer', 'admin', 'orderer']
  .map((unit) => `  ${unit[0]?.toUpperCase() ?? ''}${unit.slice(1)}OUIdentifier: { Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: ${unit} }`)
  .join('\n')}
`;

function put(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, content, { mode: 0o600 });
}

/** Writes a certificate and its key. */
export function putCredential({ certificateFile, privateKeyFile }: Credential, { certificate, privateKey }: IssuedCertificate): void {
  put(certificateFile, certificate);
  put(privateKeyFile, privateKey);
}

/** A folder as Fabric reads a member service provider: roots and node units; a node's own certificate and key lie beside them. */
function putMsp(dir: string, sign: IssuedCertificate, tls: IssuedCertificate): void {
  put(join(dir, 'cacerts', 'ca.pem'), sign.certificate);
  put(join(dir, 'tlscacerts', 'ca.pem'), tls.certificate);
  put(join(dir, 'config.yaml'), nodeOUs);
}

/** What a certificate belongs to: the enrolment of a node, the users, or TLS of nodes and services. */
export const certificateKinds = ['peer', 'orderer', 'users', 'tls'] as const;
export type CertificateKind = (typeof certificateKinds)[number];

/** One certificate that an organization needs, and how to ask for it. */
export interface PlannedCertificate {
  readonly kind: CertificateKind;
  /** Name of the node, user or service. */
  readonly name: string;
  readonly files: Credential;
  readonly authority: 'sign' | 'tls';
  readonly request: Omit<CertificateRequest, 'validity'>;
}

/** Every certificate of an organization but its authorities'. */
export function certificatePlan(organization: Site): PlannedCertificate[] {
  const { mspId, dir, host } = organization;
  const identity = (kind: CertificateKind, name: string, files: Credential, use: CertificateUse): PlannedCertificate => ({
    kind,
    name,
    files,
    authority: 'sign',
    request: { commonName: `${name}.${mspId}`, organization: mspId, use },
  });
  const node = (name: 'peer' | 'orderer'): PlannedCertificate => {
    const msp = join(dir, name, 'msp');
    return identity(name, name, { certificateFile: join(msp, 'signcerts', 'cert.pem'), privateKeyFile: join(msp, 'keystore', 'key.pem') }, { kind: 'identity', organizationalUnit: name });
  };
  const user = (name: UserName): PlannedCertificate =>
    identity('users', name, credential(organization, 'users', name), name === 'admin' ? { kind: 'identity', organizationalUnit: 'admin' } : { kind: 'identity', organizationalUnit: 'client', attributes: { role: userRoles[name] } });
  const tls = (name: TlsName): PlannedCertificate => ({
    kind: 'tls',
    name,
    files: credential(organization, 'tls', name),
    authority: 'tls',
    request: { commonName: tlsCommonName(mspId, name), organization: mspId, use: serverUse(name === 'peer' ? host : undefined) },
  });
  return [node('peer'), node('orderer'), ...userNames.map(user), ...tlsNames.map(tls)];
}

/**
 * How long a certificate is good for: two years, and an orderer's enrolment as long as its authority. The channel's
 * configuration names an orderer by that certificate, and is where it is revoked. A shorter validity would add one thing
 * only: orderers that have stopped and cannot start would be the ones needed to put new certificates into the channel.
 */
export function validityOf({ kind }: PlannedCertificate, authority: IssuedCertificate, now: Date): Validity {
  const end = new X509Certificate(authority.certificate).validToDate;
  const { notBefore, notAfter } = validFor(leafDays, now);
  return { notBefore, notAfter: kind === 'orderer' || notAfter > end ? end : notAfter };
}

async function issueAll(organization: Site, now: Date): Promise<void> {
  const { mspId, dir } = organization;
  const long = validFor(authorityDays, now);
  const [sign, tls] = await Promise.all([createAuthority(`ca.${mspId}`, mspId, long), createAuthority(`tlsca.${mspId}`, mspId, long)]);
  const authorities = { sign, tls };
  putCredential(credential(organization, 'authorities', 'sign'), sign);
  putCredential(credential(organization, 'authorities', 'tls'), tls);
  for (const folder of ['.', 'peer', 'orderer']) putMsp(join(dir, folder, 'msp'), sign, tls);
  for (const planned of certificatePlan(organization)) {
    const authority = authorities[planned.authority];
    putCredential(planned.files, await issueCertificate(authority, { ...planned.request, validity: validityOf(planned, authority, now) }));
  }
}

/** Issues everything an organization needs, once: nothing that exists is issued again, and a stop half way leaves nothing. */
export async function issueIdentities(network: Network, now: Date): Promise<void> {
  await Promise.all(
    [...network.organizations, ...clientsOf(network)].map(async (organization) => {
      if (existsSync(organization.dir)) return;
      const partial = `${organization.dir}.partial`;
      rmSync(partial, { recursive: true, force: true });
      await issueAll({ ...organization, dir: partial }, now);
      renameSync(partial, organization.dir);
    }),
  );
}

/** Reads a certificate and its key. */
export function readCredential({ certificateFile, privateKeyFile }: Credential): IssuedCertificate {
  return { certificate: readFileSync(certificateFile, 'utf8'), privateKey: readFileSync(privateKeyFile, 'utf8') };
}

/** An organization's authority for identities, or for TLS, with which tests and administrators issue further certificates. */
export function readAuthority(organization: Site, name: 'sign' | 'tls' = 'sign'): IssuedCertificate {
  return readCredential(credential(organization, 'authorities', name));
}
