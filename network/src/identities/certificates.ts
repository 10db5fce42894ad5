/** Every certificate of a network and how long it is valid. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NetworkError } from '../error.js';
import { tlsNames, userNames } from './identities.js';
import { credential, ordererOrganizations, type Network, type Organization } from '../state.js';

/** A certificate file with its validity. */
export interface CertificateStatus {
  readonly file: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const enrolment = (organization: Organization, node: 'peer' | 'orderer'): string => join(organization.dir, node, 'msp', 'signcerts', 'cert.pem');

function nodeFiles(network: Network): string[] {
  const of = (organization: Organization, node: 'peer' | 'orderer'): string[] => [enrolment(organization, node), credential(organization, 'tls', node).certificateFile];
  return [
    ...network.organizations.flatMap((organization) => [...of(organization, 'peer'), credential(organization, 'tls', 'chaincode').certificateFile]),
    ...ordererOrganizations(network).flatMap((organization) => of(organization, 'orderer')),
  ];
}

function allFiles(network: Network): string[] {
  const others = network.organizations.flatMap((organization) => [
    ...(['sign', 'tls'] as const).map((name) => credential(organization, 'authorities', name).certificateFile),
    ...userNames.map((name) => credential(organization, 'users', name).certificateFile),
    ...tlsNames.map((name) => credential(organization, 'tls', name).certificateFile),
  ]);
  return [...new Set([...nodeFiles(network), ...others])];
}

function statusOf(file: string): CertificateStatus {
  const { validFromDate, validToDate } = new X509Certificate(readFileSync(file));
  return { file, notBefore: validFromDate, notAfter: validToDate };
}

/** Validity of every certificate, the first to end first. */
export function certificateStatus(network: Network): CertificateStatus[] {
  return allFiles(network)
    .map(statusOf)
    .sort((a, b) => a.notAfter.getTime() - b.notAfter.getTime());
}

/**
 * Checks the certificates that nodes start with: Fabric's own words for an expired one come late and from somewhere else.
 * @throws {NetworkError} CERTIFICATE_EXPIRED naming the files
 */
export function checkNodeCertificates(network: Network, now: Date): void {
  const expired = nodeFiles(network)
    .map(statusOf)
    .filter(({ notAfter }) => notAfter <= now);
  if (expired.length === 0) return;
  throw new NetworkError(
    'CERTIFICATE_EXPIRED',
    `${expired.length} certificate(s) that nodes start with have expired:\n${expired.map(({ file, notAfter }) => `  ${file}: ${notAfter.toISOString()}`).join('\n')}`,
    'Run fl-network certificates renew.',
  );
}
