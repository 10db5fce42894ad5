/** The check of this site's own certificates: that they are in force, fit their keys, come from a trusted authority and have the site's name. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { fault, unlessAny, warning, type Check, type Examined, type Remark } from './finding.js';

const dayMs = 24 * 3600 * 1000;
const soonDays = 30;

/** A certificate with what it is for. */
interface Own {
  readonly certificate: string;
  readonly privateKey?: string | undefined;
  readonly ca?: string;
  /** What others call this site by. */
  readonly host?: string;
}

function ownOnes({ profile, config: { blobServer, kme } }: Examined): Own[] {
  const identity = profile?.identities.worker;
  const all: Own[] = [
    ...(identity === undefined ? [] : [{ certificate: identity.certificateFile, privateKey: identity.privateKeyFile }]),
    { ...blobServer, host: new URL(blobServer.publicUrl).hostname.replace(/^\[(.*)\]$/, '$1') },
    ...(kme === undefined ? [] : [kme]),
  ];
  // One file may serve two ends; it is looked at once, as what asks most of it.
  return all.filter(({ certificate }, at) => all.findIndex((other) => other.certificate === certificate) === at);
}

const authoritiesIn = (pem: string): X509Certificate[] => (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((one) => new X509Certificate(one));

function termRemarks(certificate: X509Certificate, file: string, now: number): Remark[] {
  const days = Math.floor((certificate.validToDate.getTime() - now) / dayMs);
  const renew = 'Ask the operator of the network for a new one (fl-network certificates renew).';
  if (certificate.validToDate.getTime() <= now) return [fault('CERTIFICATE_EXPIRED', `${file} ended on ${certificate.validTo}`, renew)];
  if (certificate.validFromDate.getTime() > now) return [fault('CERTIFICATE_NOT_YET', `${file} begins on ${certificate.validFrom}`, 'Set the clock of this machine by NTP.')];
  return days < soonDays ? [warning('CERTIFICATE_SOON', `${file} ends in ${days} days`, renew)] : [];
}

async function remarksOn({ certificate: file, privateKey, ca, host }: Own, now: number): Promise<Remark[]> {
  const certificate = new X509Certificate(await readFile(file));
  const remarks = termRemarks(certificate, file, now);
  if (privateKey !== undefined && !certificate.checkPrivateKey(createPrivateKey(await readFile(privateKey)))) {
    remarks.push(fault('CERTIFICATE_KEY', `${file} does not belong to the key ${privateKey}`, 'Name the key that was made with it.'));
  }
  if (ca !== undefined && !authoritiesIn(await readFile(ca, 'utf8')).some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey))) {
    remarks.push(fault('CERTIFICATE_AUTHORITY', `${file} comes from none of the authorities in ${ca}: the other members will not accept it`, 'Ask the operator for the present certificates of the authorities, or for a certificate by one of them.'));
  }
  if (host !== undefined && (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) === undefined) {
    remarks.push(fault('CERTIFICATE_NAME', `${file} is not for ${host}, the host of blobServer.publicUrl: the other members will not accept it`, 'Ask for a certificate with this name, or correct publicUrl.'));
  }
  return remarks;
}

export const certificates: Check = {
  name: 'certificates', remedy: 'Correct the file names in the configuration or the profile.',
  examine: async (examined) => {
    const own = ownOnes(examined);
    return unlessAny((await Promise.all(own.map((one) => remarksOn(one, examined.now())))).flat(), `${own.length} in force for ${soonDays} days and more`);
  },
};
