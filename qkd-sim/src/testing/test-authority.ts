/** Certificates for the tests of this package; the product takes its TLS files from the configuration. */
import { webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** Paths of a certificate and its key. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly privateKeyFile: string;
  readonly caFile: string;
}

/** A certificate authority in a folder. */
export class TestAuthority {
  readonly #folder: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #name: string;
  readonly #from: Date;

  private constructor(folder: string, keys: webcrypto.CryptoKeyPair, name: string, from: Date) {
    this.#folder = folder;
    this.#keys = keys;
    this.#name = name;
    this.#from = from;
  }

  static async create(folder: string, now: number): Promise<TestAuthority> {
    mkdirSync(folder, { recursive: true });
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const name = 'CN=test authority';
    const from = new Date(now - DAY_MS);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01', name, notBefore: from, notAfter: new Date(now + DAY_MS), signingAlgorithm: algorithm, keys,
      extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
    });
    writeFileSync(join(folder, 'ca.pem'), `${certificate.toString('pem')}\n`);
    return new TestAuthority(folder, keys, name, from);
  }

  /** Issues a certificate for localhost with a common name, and a URI where it is given. */
  async issue(commonName: string, days = 1, uri?: string): Promise<TlsFiles> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${commonName}`, issuer: this.#name, notBefore: this.#from, notAfter: new Date(this.#from.getTime() + (days + 1) * DAY_MS),
      signingAlgorithm: algorithm, publicKey: keys.publicKey, signingKey: this.#keys.privateKey,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }, { type: 'ip', value: '127.0.0.1' }, ...(uri === undefined ? [] : [{ type: 'url' as const, value: uri }])])],
    });
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    const files = { certificateFile: join(this.#folder, `${commonName}.pem`), privateKeyFile: join(this.#folder, `${commonName}.key.pem`), caFile: join(this.#folder, 'ca.pem') };
    writeFileSync(files.certificateFile, `${certificate.toString('pem')}\n`);
    writeFileSync(files.privateKeyFile, `-----BEGIN PRIVATE KEY-----\n${key.match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END PRIVATE KEY-----\n`, { mode: 0o600 });
    return files;
  }
}
