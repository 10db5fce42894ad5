/** Certificates for tests: a P-256 authority and leafs signed by it, written as the DER that X.509 asks for (RFC 5280). */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

const der = (tag: number, ...parts: (Uint8Array | number[])[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const size = content.length < 128 ? [content.length] : content.length < 256 ? [0x81, content.length] : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const oid = (...bytes: number[]): Buffer => der(0x06, bytes);
const ecdsaWithSha256 = der(0x30, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const name = (cn: string): Buffer => der(0x30, der(0x31, der(0x30, oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(cn)))));
const time = (ms: number): Buffer => der(0x18, Buffer.from(new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')));
const extension = (id: Buffer, value: Buffer, critical = false): Buffer => der(0x30, id, critical ? [0x01, 0x01, 0xff] : [], der(0x04, value));

/** A certificate and its key, PEM. */
export interface Issued {
  readonly certificate: string;
  readonly privateKey: string;
}

const dayMs = 24 * 3600 * 1000;

/** An authority whose members trust each other. */
export class TestAuthority {
  readonly #key: KeyObject;
  readonly #name: string;
  /** The authority's own certificate, PEM. */
  readonly certificate: string;

  constructor(cn = 'test authority') {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.#name = cn;
    const basic = extension(oid(0x55, 0x1d, 0x13), der(0x30, [0x01, 0x01, 0xff]), true);
    this.certificate = this.#sign(cn, publicKey, [basic], dayMs);
  }

  #sign(subject: string, publicKey: KeyObject, extensions: Buffer[], validMs: number): string {
    const now = Date.now();
    const validity = der(0x30, time(now + Math.min(0, validMs) - dayMs), time(now + validMs));
    const body = der(
      0x30, der(0xa0, [0x02, 0x01, 0x02]), der(0x02, [0x01], randomBytes(8)), ecdsaWithSha256, name(this.#name), validity, name(subject),
      publicKey.export({ type: 'spki', format: 'der' }), der(0xa3, der(0x30, ...extensions)),
    );
    const certificate = der(0x30, body, ecdsaWithSha256, der(0x03, [0x00], sign('sha256', body, this.#key)));
    return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END CERTIFICATE-----\n`;
  }

  /** A certificate for localhost, for servers and clients; a name with dots is a name of the server too. @param validMs negative for an expired one. */
  issue(cn: string, validMs = dayMs): Issued {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const subjectAltName = extension(oid(0x55, 0x1d, 0x11), der(0x30, der(0x82, Buffer.from('localhost')), ...(cn.includes('.') ? [der(0x82, Buffer.from(cn))] : []), der(0x87, [127, 0, 0, 1])));
    return { certificate: this.#sign(cn, publicKey, [subjectAltName], validMs), privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }
}
