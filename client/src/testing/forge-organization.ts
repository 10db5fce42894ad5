/** An organization with an authority and one certificate a role, made for a test in memory. */
import 'reflect-metadata';
import { KeyObject, sign as ecdsa, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';
import { common, msp } from '@hyperledger/fabric-protos';
import { ROLES, type Role } from '../evidence/channel-config.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const roleNumbers = { member: 0, admin: 1, client: 2, peer: 3, orderer: 4 } as const;

/** Somebody who signs. */
export interface Signatory {
  readonly pem: string;
  /** Serialized `msp.SerializedIdentity`. */
  readonly identity: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export interface Organization {
  readonly mspId: string;
  readonly caPem: string;
  readonly by: Readonly<Record<Role, Signatory>>;
}

const keyPair = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

/** Makes an organization. */
export async function forgeOrganization(mspId: string): Promise<Organization> {
  const caKeys = await keyPair();
  const ca = await X509CertificateGenerator.createSelfSigned({ name: `CN=ca.${mspId}`, keys: caKeys, signingAlgorithm: algorithm }, webcrypto);
  const signatory = async (role: Role): Promise<[Role, Signatory]> => {
    const keys = await keyPair();
    const params = { subject: `CN=${role}, OU=${role}`, issuer: ca.subject, publicKey: keys.publicKey, signingKey: caKeys.privateKey, signingAlgorithm: algorithm };
    const pem = `${(await X509CertificateGenerator.create(params, webcrypto)).toString('pem')}\n`;
    const identity = new msp.SerializedIdentity();
    identity.setMspid(mspId);
    identity.setIdBytes(Buffer.from(pem));
    const key = KeyObject.from(keys.privateKey);
    return [role, { pem, identity: identity.serializeBinary(), sign: (message) => ecdsa('sha256', message, key) }];
  };
  return { mspId, caPem: `${ca.toString('pem')}\n`, by: Object.fromEntries(await Promise.all(ROLES.map(signatory))) as Record<Role, Signatory> };
}

/** A policy that wants so many of these, each an organization and a role. */
export function signaturePolicy(least: number, of: readonly (readonly [mspId: string, role: keyof typeof roleNumbers])[]): common.SignaturePolicyEnvelope {
  const envelope = new common.SignaturePolicyEnvelope();
  const rules = of.map(([mspId, role], at) => {
    const meant = new msp.MSPRole();
    meant.setMspIdentifier(mspId);
    meant.setRole(roleNumbers[role]);
    const principal = new msp.MSPPrincipal();
    principal.setPrincipal(meant.serializeBinary());
    envelope.addIdentities(principal);
    const rule = new common.SignaturePolicy();
    rule.setSignedBy(at);
    return rule;
  });
  const group = new common.SignaturePolicy.NOutOf();
  group.setN(least);
  group.setRulesList(rules);
  const rule = new common.SignaturePolicy();
  rule.setNOutOf(group);
  envelope.setRule(rule);
  return envelope;
}
