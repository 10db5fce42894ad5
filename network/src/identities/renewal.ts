/** New certificates laid beside the old ones until they take their place, so that a renewal that was cut off can go on. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Credential, Site } from '../state.js';
import { issueCertificate, type Validity } from './certificate-authority.js';
import { putCredential, readAuthority, readCredential, validityOf, type PlannedCertificate } from './identities.js';

/** A certificate that is to be renewed. */
export interface Renewal {
  readonly organization: Site;
  readonly planned: PlannedCertificate;
}

/** Whether a certificate is the orderer's own: its enrolment or its TLS. */
export function isOrderers({ planned: { kind, name } }: Renewal): boolean {
  return kind === 'orderer' || (kind === 'tls' && name === 'orderer');
}

const stageDir = (organization: Site): string => join(organization.dir, 'next');

/** Where a certificate lies that is to take the place of another. */
export function stagedFiles(organization: Site, { kind, name }: PlannedCertificate): Credential {
  const base = join(stageDir(organization), `${kind}.${name}`);
  return { certificateFile: `${base}.pem`, privateKeyFile: `${base}.key` };
}

/** Whether a new certificate waits for its place. */
export function isStaged(organization: Site, planned: PlannedCertificate): boolean {
  return existsSync(stagedFiles(organization, planned).certificateFile);
}

/** How a new certificate is made. */
export interface StageOptions {
  readonly newKey: boolean;
  readonly now: Date;
  /** As for every new one when absent. */
  readonly validity?: Validity | undefined;
}

/** Issues a certificate with the same subject, unless one waits already. */
export async function stageCertificate(organization: Site, planned: PlannedCertificate, { newKey, now, validity }: StageOptions): Promise<void> {
  if (isStaged(organization, planned)) return;
  const staged = stagedFiles(organization, planned);
  const key = newKey ? undefined : readCredential(planned.files).privateKey;
  const authority = readAuthority(organization, planned.authority);
  const issued = await issueCertificate(authority, { ...planned.request, validity: validity ?? validityOf(planned, authority, now) }, key);
  const partial = { certificateFile: `${staged.certificateFile}.partial`, privateKeyFile: staged.privateKeyFile };
  putCredential(partial, issued);
  // The certificate's name comes last: with it the pair is whole.
  renameSync(partial.certificateFile, staged.certificateFile);
}

/** Puts a waiting certificate with its key into place, the key first; a second call after a stop half way ends it. */
export function applyStaged(organization: Site, planned: PlannedCertificate): void {
  const staged = stagedFiles(organization, planned);
  mkdirSync(dirname(planned.files.certificateFile), { recursive: true, mode: 0o700 });
  if (existsSync(staged.privateKeyFile)) renameSync(staged.privateKeyFile, planned.files.privateKeyFile);
  if (existsSync(staged.certificateFile)) renameSync(staged.certificateFile, planned.files.certificateFile);
}

/** Removes the folder, in which nothing waits any more. */
export function endStage(organization: Site): void {
  rmSync(stageDir(organization), { recursive: true, force: true });
}
