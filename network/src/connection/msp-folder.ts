/** An identity in an MSP folder as Fabric's programs write it: a certificate in `signcerts`, its key among those in `keystore`. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NetworkError, sentenceOf } from '../error.js';
import type { IssuedCertificate } from '../identities/certificate-authority.js';

const textsIn = (dir: string): string[] => readdirSync(dir).filter((name) => !name.startsWith('.')).sort().map((name) => readFileSync(join(dir, name), 'utf8'));

/** @throws {NetworkError} PROFILE_INVALID when there is no certificate, or no key that fits it */
export function readMspFolder(dir: string): IssuedCertificate {
  const cannot = (why: string, cause?: unknown): NetworkError => new NetworkError('PROFILE_INVALID', `The identity in ${dir} cannot be read: ${why}.`, "Name an administrator's MSP folder, or its certificate and key.", cause);
  try {
    const [certificate, ...others] = textsIn(join(dir, 'signcerts'));
    if (certificate === undefined || others.length > 0) throw cannot('signcerts does not hold exactly one certificate');
    const parsed = new X509Certificate(certificate);
    // Each enrolment with a Fabric CA leaves another key.
    const privateKey = textsIn(join(dir, 'keystore')).find((text) => parsed.checkPrivateKey(createPrivateKey(text)));
    if (privateKey === undefined) throw cannot('keystore has no key of its certificate');
    return { certificate, privateKey };
  } catch (error) {
    throw error instanceof NetworkError ? error : cannot(sentenceOf(error), error);
  }
}
