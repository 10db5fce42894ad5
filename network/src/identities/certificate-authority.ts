/** A certificate authority for Fabric identities and TLS: P-256, X.509 v3 (RFC 5280), attributes as Fabric's CA writes them. */
import 'reflect-metadata';
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
// Where Fabric's chaincode library looks for attributes (fabric-ca, lib/attrmgr).
const attributesOid = '1.2.3.4.5.6.7.8.1';
const dayMs = 86_400_000;

/** A certificate and its private key (PKCS #8), both PEM and ended by a newline. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A time range of validity. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What a certificate is for: an identity of a member service provider, or TLS in both roles. */
export type CertificateUse =
  | { readonly kind: 'identity'; readonly organizationalUnit: 'client' | 'peer' | 'admin' | 'orderer'; readonly attributes?: Readonly<Record<string, string>> }
  | { readonly kind: 'tls'; readonly dnsNames: readonly string[]; readonly ipAddresses: readonly string[] };

export interface CertificateRequest {
  readonly commonName: string;
  readonly organization: string;
  readonly use: CertificateUse;
  readonly validity: Validity;
}

/** A validity of `days` from a day before `now`, so that clocks that differ a little agree. */
export function validFor(days: number, now: Date): Validity {
  return { notBefore: new Date(now.getTime() - dayMs), notAfter: new Date(now.getTime() + days * dayMs) };
}

// Fabric compares an orderer's own PEM with the channel's bytes, which Go ended with a newline. Without it half of all
// orderers silently become followers; and joined bundles would have no line break between certificates.
const pem = (text: string): string => `${text.replaceAll('\r', '').trimEnd()}\n`;

// 127 bits: RFC 5280 wants a positive number, at most 20 octets, never repeated by one issuer.
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** The key pair of a private key that exists (PKCS #8, PEM). */
async function keysOf(privateKeyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const privateKey = await webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(privateKeyPem), algorithm, true, ['sign']);
  const publicDer = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' });
  return { privateKey, publicKey: await webcrypto.subtle.importKey('spki', publicDer, algorithm, true, ['verify']) };
}

async function issued(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<IssuedCertificate> {
  const privateKey = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: pem(certificate.toString('pem')), privateKey: pem(x509.PemConverter.encode(privateKey, 'PRIVATE KEY')) };
}

/** Makes a self-signed root that may sign certificates and revocation lists. */
export async function createAuthority(commonName: string, organization: string, validity: Validity): Promise<IssuedCertificate> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }, { O: [organization] }],
    ...validity,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return issued(certificate, keys);
}

function extensionsFor(use: CertificateUse): x509.Extension[] {
  if (use.kind === 'tls') {
    const names = [...use.dnsNames.map((value) => ({ type: 'dns' as const, value })), ...use.ipAddresses.map((value) => ({ type: 'ip' as const, value }))];
    return [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension(names),
    ];
  }
  if (!use.attributes) return [];
  // The extension's value is the JSON itself, not wrapped in ASN.1.
  return [new x509.Extension(attributesOid, false, Buffer.from(JSON.stringify({ attrs: use.attributes })))];
}

/**
 * Issues a certificate under an authority.
 * @param privateKey the key to certify (PKCS #8, PEM), a new one when absent
 */
export async function issueCertificate(authority: IssuedCertificate, request: CertificateRequest, privateKey?: string): Promise<IssuedCertificate> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(authority.privateKey), algorithm, false, ['sign']);
  const keys = privateKey === undefined ? await newKeys() : await keysOf(privateKey);
  const { commonName, organization, use, validity } = request;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    issuer: issuer.subject,
    // Fabric tells a peer from a client by this one unit; a second one would make the identity invalid.
    subject: [{ CN: [commonName] }, ...(use.kind === 'identity' ? [{ OU: [use.organizationalUnit] }] : []), { O: [organization] }],
    ...validity,
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...extensionsFor(use),
    ],
  });
  return issued(certificate, keys);
}
