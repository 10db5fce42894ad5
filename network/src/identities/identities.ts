/** The identities of one organization: two authorities, member service provider folders, users with roles, TLS certificates. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createAuthority, issueCertificate, validFor, type CertificateUse, type IssuedCertificate } from './certificate-authority.js';
import { credential, type Credential, type Network, type Organization } from '../state.js';

const authorityDays = 3650;
// A consenter's certificate stands in the channel's configuration, and renewing it there is broken before 3.1.2; so two years.
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

function putCredential({ certificateFile, privateKeyFile }: Credential, { certificate, privateKey }: IssuedCertificate): void {
  put(certificateFile, certificate);
  put(privateKeyFile, privateKey);
}

/** A folder as Fabric reads a member service provider: roots, node units and, for a node, its own certificate and key. */
function putMsp(dir: string, sign: IssuedCertificate, tls: IssuedCertificate, own?: IssuedCertificate): void {
  put(join(dir, 'cacerts', 'ca.pem'), sign.certificate);
  put(join(dir, 'tlscacerts', 'ca.pem'), tls.certificate);
  put(join(dir, 'config.yaml'), nodeOUs);
  if (!own) return;
  put(join(dir, 'signcerts', 'cert.pem'), own.certificate);
  put(join(dir, 'keystore', 'key.pem'), own.privateKey);
}

async function issueAll(organization: Organization, now: Date): Promise<void> {
  const { mspId, dir } = organization;
  const long = validFor(authorityDays, now);
  const validity = validFor(leafDays, now);
  const [sign, tls] = await Promise.all([createAuthority(`ca.${mspId}`, mspId, long), createAuthority(`tlsca.${mspId}`, mspId, long)]);
  putCredential(credential(organization, 'authorities', 'sign'), sign);
  putCredential(credential(organization, 'authorities', 'tls'), tls);
  putMsp(join(dir, 'msp'), sign, tls);
  const identity = async (name: string, use: CertificateUse): Promise<IssuedCertificate> =>
    issueCertificate(sign, { commonName: `${name}.${mspId}`, organization: mspId, use, validity });
  for (const node of ['peer', 'orderer'] as const) {
    putMsp(join(dir, node, 'msp'), sign, tls, await identity(node, { kind: 'identity', organizationalUnit: node }));
  }
  for (const name of userNames) {
    const use: CertificateUse =
      name === 'admin' ? { kind: 'identity', organizationalUnit: 'admin' } : { kind: 'identity', organizationalUnit: 'client', attributes: { role: userRoles[name] } };
    putCredential(credential(organization, 'users', name), await identity(name, use));
  }
  for (const name of tlsNames) {
    const use: CertificateUse = { kind: 'tls', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
    putCredential(credential(organization, 'tls', name), await issueCertificate(tls, { commonName: tlsCommonName(mspId, name), organization: mspId, use, validity }));
  }
}

/** Issues everything an organization needs, once: nothing that exists is issued again, and a stop half way leaves nothing. */
export async function issueIdentities(network: Network, now: Date): Promise<void> {
  await Promise.all(
    network.organizations.map(async (organization) => {
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

/** An organization's authority for identities, with which tests and administrators issue further certificates. */
export function readAuthority(organization: Organization): IssuedCertificate {
  return readCredential(credential(organization, 'authorities', 'sign'));
}
