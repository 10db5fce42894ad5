/** An identity in an MSP folder as Fabric's programs write it: `signcerts` and `keystore`, one file each. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NetworkError, sentenceOf } from '../error.js';
import type { IssuedCertificate } from '../identities/certificate-authority.js';

function onlyFile(dir: string): string {
  const names = readdirSync(dir).filter((name) => !name.startsWith('.'));
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Error(`${dir} holds ${names.length} files instead of one`);
  return readFileSync(join(dir, name), 'utf8');
}

/** @throws {NetworkError} PROFILE_INVALID */
export function readMspFolder(dir: string): IssuedCertificate {
  try {
    return { certificate: onlyFile(join(dir, 'signcerts')), privateKey: onlyFile(join(dir, 'keystore')) };
  } catch (error) {
    throw new NetworkError('PROFILE_INVALID', `The identity in ${dir} cannot be read: ${sentenceOf(error)}.`, "Name an administrator's MSP folder, or its certificate and key.", error);
  }
}
