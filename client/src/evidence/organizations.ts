/** Who signed: certificates of the pinned organizations, and signatures made with their keys. */
import { createHash, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { msp } from '@hyperledger/fabric-protos';
import type { TrustRoot } from './trust-root.js';

/** A signer as Fabric names it: an organization and a certificate of it. */
export interface Party {
  readonly mspId: string;
  /** PEM, as it stands in the message. */
  readonly certificate: Uint8Array;
}

/** What is known of a certificate that an organization's pinned authority issued. */
export interface Member {
  readonly mspId: string;
  readonly publicKey: KeyObject;
  /** DER of SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Organizational units: Fabric's node roles `client`, `peer`, `admin`, `orderer`. */
  readonly units: readonly string[];
}

/** Reads a serialized `msp.SerializedIdentity`. */
export function readParty(bytes: Uint8Array): Party {
  const identity = msp.SerializedIdentity.deserializeBinary(bytes);
  return { mspId: identity.getMspid(), certificate: identity.getIdBytes_asU8() };
}

const unitsOf = (subject: string): string[] => subject.split('\n').filter((line) => line.startsWith('OU=')).map((line) => line.slice(3));

/** The organizations of a trust root. Certificates are read once. */
export class Organizations {
  readonly #authorities = new Map<string, readonly X509Certificate[]>();
  readonly #known = new Map<string, Member | undefined>();

  constructor(trustRoot: TrustRoot) {
    for (const { mspId, caCertificates } of trustRoot.organizations) this.#authorities.set(mspId, caCertificates.map((pem) => new X509Certificate(pem)));
  }

  /** The member behind a party, or undefined when no pinned authority of that organization issued the certificate. */
  member({ mspId, certificate }: Party): Member | undefined {
    const name = `${mspId} ${createHash('sha256').update(certificate).digest('hex')}`;
    if (!this.#known.has(name)) this.#known.set(name, this.#read(mspId, certificate));
    return this.#known.get(name);
  }

  #read(mspId: string, bytes: Uint8Array): Member | undefined {
    try {
      const certificate = new X509Certificate(bytes);
      const issued = this.#authorities.get(mspId)?.some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
      if (issued !== true) return undefined;
      const { publicKey } = certificate;
      return { mspId, publicKey, spki: publicKey.export({ type: 'spki', format: 'der' }), units: unitsOf(certificate.subject) };
    } catch {
      return undefined;
    }
  }

  /** The member whose signature over the message this is, or undefined when the certificate or the signature is not good. */
  signer(party: Party, message: Uint8Array, signature: Uint8Array): Member | undefined {
    const member = this.member(party);
    return member !== undefined && signed(member.publicKey, message, signature) ? member : undefined;
  }
}

/** Checks an ECDSA signature (with SHA-256, whatever the curve) or an Ed25519 one; never throws. */
export function signed(publicKey: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', message, publicKey, signature);
  } catch {
    return false;
  }
}

/** DER of the SubjectPublicKeyInfo in a party's certificate, whoever issued it; empty when it is no certificate. */
export function certificateKey({ certificate }: Party): Uint8Array {
  try {
    return new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  } catch {
    return new Uint8Array();
  }
}
