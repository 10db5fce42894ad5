/** Certificates: valid now and for a while, consenters' above all. */
import { relative } from 'node:path';
import { certificateStatus, type CertificateStatus } from '../identities/certificates.js';
import { fault, unlessAny, warning, type Check, type Examined, type Remark } from './finding.js';

const dayMs = 86_400_000;
const warnDays = 30;
const daysUntil = (date: Date, now: Date): number => Math.floor((date.getTime() - now.getTime()) / dayMs);

/** What there is to say about the certificates of one organization, the first to end first. */
function organizationRemarks(mspId: string, root: string, all: readonly CertificateStatus[], now: Date): Remark[] {
  // Consenters' certificates stand in the channel's configuration, so their renewal takes a quorum that still works.
  const name = ({ file }: CertificateStatus): string => `${relative(root, file)}${/[\\/](orderer[\\/]msp|tls[\\/]orderer)/.test(file) ? ', a consenter\'s' : ''}`;
  const remedy = `fl-network certificates renew ${mspId}`;
  const early = all.find(({ notBefore }) => notBefore > now);
  const expired = all.filter(({ notAfter }) => notAfter <= now);
  const soon = all.filter(({ notAfter }) => notAfter > now && daysUntil(notAfter, now) < warnDays);
  return [
    ...(early ? [fault(`${name(early)}, is valid only from ${early.notBefore.toISOString()}`, 'Set this machine\'s clock.')] : []),
    ...(expired[0] ? [fault(`${expired.length} certificate(s) of ${mspId} have expired: ${expired.map(name).join('; ')}`, remedy)] : []),
    ...(soon[0] ? [warning(`${soon.length} certificate(s) of ${mspId} expire within ${warnDays} days, first ${name(soon[0])}, in ${daysUntil(soon[0].notAfter, now)} day(s)`, remedy)] : []),
  ];
}

export const certificates: Check<Examined> = {
  name: 'certificates',
  examine: ({ network, now }) => {
    const all = certificateStatus(network);
    const troubles = network.organizations.flatMap(({ mspId, dir }) => organizationRemarks(mspId, network.dir, all.filter(({ file }) => file.startsWith(`${dir}/`)), now));
    const [first] = all;
    return unlessAny(troubles, first ? `${all.length} valid, the first to expire is ${relative(network.dir, first.file)}, in ${daysUntil(first.notAfter, now)} days` : 'none yet');
  },
};
