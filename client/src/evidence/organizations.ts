/** Who signed: certificates of the pinned organizations, and signatures made with their keys. */
import { createHash, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { msp } from '@hyperledger/fabric-protos';
import type { Authority, Role } from './channel-config.js';

/** A signer as Fabric names it: an organization and a certificate of it. */
export interface Party {
  readonly mspId: string;
  /** PEM, as it stands in the message. */
  readonly certificate: Uint8Array;
}

/** What is known of a certificate that an organization's authority issued. */
export interface Member {
  readonly mspId: string;
  readonly publicKey: KeyObject;
  /** DER of SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly units: readonly string[];
  /** The roles that its organization gives to its units; `admin` also for those it names. */
  readonly roles: readonly Role[];
}

/** Reads a serialized `msp.SerializedIdentity`. */
export function readParty(bytes: Uint8Array): Party {
  const identity = msp.SerializedIdentity.deserializeBinary(bytes);
  return { mspId: identity.getMspid(), certificate: identity.getIdBytes_asU8() };
}

const unitsOf = (subject: string): string[] => subject.split('\n').filter((line) => line.startsWith('OU=')).map((line) => line.slice(3));

interface Issuer extends Omit<Authority, 'certificates'> {
  readonly certificates: readonly X509Certificate[];
}

/** The organizations of a channel's configuration. Certificates are read once, and the same one is always the same member. */
export class Organizations {
  readonly #issuers = new Map<string, Issuer>();
  readonly #known = new Map<string, Member | undefined>();

  constructor(authorities: ReadonlyMap<string, Authority>) {
    for (const [mspId, { certificates, ...rest }] of authorities) this.#issuers.set(mspId, { certificates: certificates.map((pem) => new X509Certificate(pem)), ...rest });
  }

  /** The member behind a party, or undefined when no authority of that organization issued the certificate. */
  member({ mspId, certificate }: Party): Member | undefined {
    const name = `${mspId} ${createHash('sha256').update(certificate).digest('hex')}`;
    if (!this.#known.has(name)) this.#known.set(name, this.#read(mspId, certificate));
    return this.#known.get(name);
  }

  #read(mspId: string, bytes: Uint8Array): Member | undefined {
    try {
      const certificate = new X509Certificate(bytes);
      const issuer = this.#issuers.get(mspId);
      if (issuer?.certificates.some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey)) !== true) return undefined;
      const { publicKey } = certificate;
      const units = unitsOf(certificate.subject);
      const roles = units.map((unit) => issuer.units?.get(unit)).filter((role) => role !== undefined);
      // Where units carry roles, a certificate has exactly one (msp.validateIdentityOUs).
      if (issuer.units !== undefined && roles.length !== 1) return undefined;
      const isNamedAdmin = issuer.admins.some((pem) => new X509Certificate(pem).fingerprint256 === certificate.fingerprint256);
      if (isNamedAdmin) roles.push('admin');
      return { mspId, publicKey, spki: publicKey.export({ type: 'spki', format: 'der' }), units, roles };
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
