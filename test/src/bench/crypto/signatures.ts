/** Verification of a statement's signature, as the chaincode and the auditor do it, beside OpenSSL's bare call in the same process. */
import { createPublicKey, verify as opensslVerify } from 'node:crypto';
import { newSigner, signatureBackend, verifyWith } from '@epione/protocol';
import { against, figure, type Figure } from '../figure.js';
import { millisecondsEach } from './cpu-time.js';

/** Milliseconds of CPU time for one verification of ML-DSA-65 over 1 KiB, a submission's usual size, under a key that is seen again and again. */
export async function signatureFigures(runs: number): Promise<Figure[]> {
  const message = new Uint8Array(1024);
  const signer = newSigner('mldsa65', new Uint8Array(32));
  const signature = signer.sign(message);
  const key = createPublicKey({ key: Buffer.from(signer.publicKey), format: 'raw-public', asymmetricKeyType: 'ml-dsa-65' });
  const ours = (): void => { verifyWith(signatureBackend, 'mldsa65', signer.publicKey, message, signature); };
  const noble = (): void => { verifyWith('noble', 'mldsa65', signer.publicKey, message, signature); };
  const bare = (): void => { opensslVerify(null, message, key, signature); };
  const [native, javascript, beside]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run < runs; run++) {
    beside.push(millisecondsEach(500, bare));
    native.push(millisecondsEach(500, ours));
    javascript.push(millisecondsEach(50, noble));
  }
  return Promise.resolve([
    against('crypto.mldsa65.verify', 'ms', native, 0.4),
    figure('crypto.mldsa65.verify', 'ms', native, `OpenSSL ${process.versions.openssl} alone`, beside),
    figure('crypto.mldsa65.verify.noble', 'ms', javascript, `OpenSSL ${process.versions.openssl} alone`, beside),
  ]);
}
