/** Policies of the channel's configuration: from text to bytes and back, and whom they name. */
import { common } from '@hyperledger/fabric-protos';
import { signaturePolicy, signaturePolicyText } from '../chaincode/endorsement-policy.js';

/** Of several organizations' signatures in one role, at least `least`. */
export interface PlainRule {
  readonly least: number;
  readonly role: string;
  readonly mspIds: readonly string[];
}

const types = { signature: 1, implicitMeta: 3 };
const metaRules = ['ANY', 'ALL', 'MAJORITY'];

/** The text of a plain rule. */
export function ruleText({ least, role, mspIds }: PlainRule): string {
  return `OutOf(${least}, ${mspIds.map((mspId) => `'${mspId}.${role}'`).join(', ')})`;
}

/** The bytes of a Policy that holds a signature policy. */
export function encodeSignaturePolicy(envelope: common.SignaturePolicyEnvelope): Uint8Array {
  const policy = new common.Policy();
  policy.setType(types.signature);
  policy.setValue(envelope.serializeBinary());
  return policy.serializeBinary();
}

/**
 * The bytes of a Policy of a text such as `OutOf(2, 'A.peer', 'B.peer')`.
 * @throws {NetworkError} DEFINITION_INVALID
 */
export function encodePolicy(text: string): Uint8Array {
  return encodeSignaturePolicy(signaturePolicy(text));
}

/** The text of any policy's bytes. One over certificates and not roles, as orderers have for blocks, shows how many there are. */
export function policyText(bytes: Uint8Array): string {
  const policy = common.Policy.deserializeBinary(bytes);
  if (policy.getType() === types.implicitMeta) {
    const meta = common.ImplicitMetaPolicy.deserializeBinary(policy.getValue_asU8());
    return `${metaRules[meta.getRule()] ?? 'UNKNOWN'} ${meta.getSubPolicy()}`;
  }
  const envelope = common.SignaturePolicyEnvelope.deserializeBinary(policy.getValue_asU8());
  const text = signaturePolicyText(envelope);
  return text.includes("'") ? text : `${envelope.getRule()?.getNOutOf()?.getN() ?? 1} of ${envelope.getIdentitiesList().length} certificates`;
}

/** The organizations that a policy's text names. */
export function namedIn(text: string): string[] {
  return [...new Set([...text.matchAll(/'([^']+)\.\w+'/g)].map(([, mspId = '']) => mspId))];
}

/** A policy's rule where it is a plain one, undefined for every other. */
export function plainRule(bytes: Uint8Array): PlainRule | undefined {
  const text = policyText(bytes);
  const parts = /^OutOf\((\d+), ((?:'[^']+', )*'[^']+')\)$/.exec(text);
  const roles = new Set([...text.matchAll(/\.(\w+)'/g)].map(([, role]) => role));
  const [role] = roles;
  return parts && role !== undefined && roles.size === 1 ? { least: Number(parts[1]), role, mspIds: namedIn(text) } : undefined;
}
