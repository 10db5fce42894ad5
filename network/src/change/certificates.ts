/**
 * Renewal of certificates, before their end and after it: same authority, same subject and, unless new keys are asked for,
 * the same key, so that participant records and consenters stay valid. What uses a certificate is restarted, one at a time.
 */
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { certificateText, type Difference } from '../channel/config-text.js';
import { untilEndorsed, untilPeersKnowEachOther } from '../channel/peer-channel.js';
import { certificateKinds, certificatePlan, readAuthority, validityOf, type CertificateKind } from '../identities/identities.js';
import { applyStaged, endStage, isOrderers, isStaged, stageCertificate, stagedFiles, type Renewal } from '../identities/renewal.js';
import type { Validity } from '../identities/certificate-authority.js';
import { withLock } from '../lock.js';
import { readDeployment } from '../nodes/deployment.js';
import type { NetworkOptions } from '../options.js';
import { silent, timed } from '../progress.js';
import { isWanted } from '../nodes/start.js';
import { clientsOf, openState, organizationOf, type Network } from '../state.js';
import { renewOrderers } from './orderer-certificates.js';
import { renewPeerSide } from './peer-certificates.js';

const dayMs = 86_400_000;

/** Which certificates to renew, and how. */
export interface RenewalOptions extends NetworkOptions {
  /** Of one organization only. */
  readonly mspId?: string;
  /** Only those that end within so many days or have ended; all when absent. */
  readonly withinDays?: number;
  /** All kinds when absent. */
  readonly only?: readonly CertificateKind[];
  /** With new keys. A worker's participant record on the ledger is bound to its key and has to be made anew then. */
  readonly newKeys?: boolean;
  /** Lists what would be renewed and changes nothing. */
  readonly dryRun?: boolean;
  /** As for every new certificate when absent; tests make certificates that end soon. */
  readonly validity?: Validity;
}

/** One renewed certificate, in words before and after. */
export interface Renewed {
  readonly mspId: string;
  readonly kind: CertificateKind;
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export interface RenewalResult {
  readonly dryRun: boolean;
  readonly renewed: readonly Renewed[];
  /** What changed in the channel's configuration. */
  readonly differences: readonly Difference[];
}

function select(network: Network, { mspId, withinDays, only = certificateKinds }: RenewalOptions, now: Date): Renewal[] {
  const client = clientsOf(network).filter((site) => site.mspId === mspId);
  const organizations = mspId === undefined ? [...network.organizations, ...clientsOf(network)] : client.length > 0 ? client : [organizationOf(network, mspId)];
  const isDue = (file: string): boolean => withinDays === undefined || new X509Certificate(readFileSync(file)).validToDate.getTime() <= now.getTime() + withinDays * dayMs;
  return organizations.flatMap((organization) =>
    certificatePlan(organization)
      // What waits from a renewal that was cut off is finished in any case.
      .filter((planned) => isStaged(organization, planned) || (only.includes(planned.kind) && isDue(planned.files.certificateFile)))
      .map((planned) => ({ organization, planned })),
  );
}

/**
 * Renews certificates. Peers, users and services need files and restarts only; an orderer that votes in SmartBFT stands in
 * the channel's configuration with its certificate, which is changed there first. After a stop half way, run it again.
 * @throws {NetworkError} USAGE, CHANGE_REFUSED, CERTIFICATE_EXPIRED when too few orderers can start, CONFIG_REFUSED, NOT_HEALTHY
 */
export async function renewCertificates(options: RenewalOptions): Promise<RenewalResult> {
  const { stateDir, topology, report = silent, newKeys = false, dryRun = false } = options;
  return withLock(stateDir, async () => {
    const network = openState(stateDir, topology);
    const now = new Date();
    const renewals = select(network, options, now);
    const before = renewals.map(({ planned }) => certificateText(readFileSync(planned.files.certificateFile)));
    const describe = (after: (renewal: Renewal) => string): Renewed[] =>
      renewals.map((renewal, index) => ({ mspId: renewal.organization.mspId, kind: renewal.planned.kind, name: renewal.planned.name, before: before[index] ?? '', after: after(renewal) }));
    const planned = ({ organization, planned: certificate }: Renewal): string => {
      const { notAfter } = options.validity ?? validityOf(certificate, readAuthority(organization, certificate.authority), now);
      return `the same subject${newKeys ? ', a new key' : ' and key'}, until ${notAfter.toISOString()}`;
    };
    if (dryRun) return { dryRun, renewed: describe(planned), differences: [] };
    await timed(report, 'Certificates issued', async () => {
      for (const { organization, planned } of renewals) await stageCertificate(organization, planned, { newKey: newKeys, now, validity: options.validity });
    });
    const renewed = describe(({ organization, planned }) => certificateText(readFileSync(stagedFiles(organization, planned).certificateFile)));
    await timed(report, 'Peers, users and services', async () => {
      for (const { organization, planned } of renewals) if (clientsOf(network).some(({ mspId }) => mspId === organization.mspId)) applyStaged(organization, planned);
      await renewPeerSide(network, renewals.filter((renewal) => !isOrderers(renewal)));
    });
    const differences = await timed(report, 'Orderers', async () => renewOrderers(network, renewals.filter(isOrderers), { newKeys, report }));
    for (const { organization } of renewals) endStage(organization);
    if (isWanted(network) && renewals.length > 0) {
      await timed(report, 'Peers know each other', async () => untilPeersKnowEachOther(network));
      if (readDeployment(network)?.inForce) await timed(report, 'Endorsement', async () => untilEndorsed(network));
    }
    return { dryRun, renewed, differences };
  });
}
