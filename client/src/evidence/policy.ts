/** Fabric's policies: which signers satisfy one (common/cauthdsl, common/policies/implicitmeta.go). */
import { common, msp } from '@hyperledger/fabric-protos';
import { groupsIn, type ConfigMap, type Role } from './channel-config.js';
import { certificateKey, readParty, type Member } from './organizations.js';
import { sameBytes } from './bytes.js';

const classes = msp.MSPPrincipal.Classification;
const anyMember: number = msp.MSPRole.MSPRoleType.MEMBER;
const roleOf: Readonly<Record<number, Role>> = {
  [msp.MSPRole.MSPRoleType.ADMIN]: 'admin', [msp.MSPRole.MSPRoleType.CLIENT]: 'client', [msp.MSPRole.MSPRoleType.PEER]: 'peer', [msp.MSPRole.MSPRoleType.ORDERER]: 'orderer',
};

/** Tells whether a signer is one of those that a principal means; the kinds that Fabric itself does not use in policies are nobody. */
function matches(principal: msp.MSPPrincipal, signer: Member): boolean {
  const bytes = principal.getPrincipal_asU8();
  const kind: number = principal.getPrincipalClassification();
  if (kind === classes.ROLE) {
    const role = msp.MSPRole.deserializeBinary(bytes);
    const wanted: number = role.getRole();
    return role.getMspIdentifier() === signer.mspId && (wanted === anyMember || signer.roles.includes(roleOf[wanted] as Role));
  }
  if (kind === classes.ORGANIZATION_UNIT) {
    const unit = msp.OrganizationUnit.deserializeBinary(bytes);
    return unit.getMspIdentifier() === signer.mspId && signer.units.includes(unit.getOrganizationalUnitIdentifier());
  }
  if (kind !== classes.IDENTITY) return false;
  const party = readParty(bytes);
  return party.mspId === signer.mspId && sameBytes(certificateKey(party), signer.spki);
}

/** Each signer counts once, for the first rule that takes it; what a failing rule took is given back (cauthdsl.compile). */
function satisfies(rule: common.SignaturePolicy, principals: readonly msp.MSPPrincipal[], signers: readonly Member[], used: Set<Member>): boolean {
  const group = rule.getNOutOf();
  if (group !== undefined) {
    let met = 0;
    for (const inner of group.getRulesList()) {
      const trial = new Set(used);
      if (!satisfies(inner, principals, signers, trial)) continue;
      met++;
      for (const signer of trial) used.add(signer);
    }
    return met >= group.getN();
  }
  const principal = rule.hasSignedBy() ? principals[rule.getSignedBy()] : undefined;
  const signer = principal === undefined ? undefined : signers.find((one) => !used.has(one) && matches(principal, one));
  if (signer !== undefined) used.add(signer);
  return signer !== undefined;
}

/** A signature policy, given as a serialized `common.SignaturePolicyEnvelope`. @param signers each once. */
export function meetsSignaturePolicy(bytes: Uint8Array, signers: readonly Member[]): boolean {
  const envelope = common.SignaturePolicyEnvelope.deserializeBinary(bytes);
  const rule = envelope.getRule();
  return rule !== undefined && satisfies(rule, envelope.getIdentitiesList(), signers, new Set());
}

/** A policy over those of the same name one level below: any, all, or more than half of them. */
function meetsImplicitMeta(bytes: Uint8Array, elements: ConfigMap, group: string, signers: readonly Member[]): boolean {
  const meta = common.ImplicitMetaPolicy.deserializeBinary(bytes);
  const below = groupsIn(elements, group);
  const needed = { [common.ImplicitMetaPolicy.Rule.ANY]: Math.min(1, below.length), [common.ImplicitMetaPolicy.Rule.ALL]: below.length, [common.ImplicitMetaPolicy.Rule.MAJORITY]: below.length === 0 ? 0 : Math.floor(below.length / 2) + 1 };
  return below.filter((name) => meetsPolicy(elements, `${group}/${name}/${meta.getSubPolicy()}`, signers)).length >= needed[meta.getRule()];
}

/** A policy of the channel's configuration, by its path. False when there is no such policy. @param signers each once. */
export function meetsPolicy(elements: ConfigMap, path: string, signers: readonly Member[]): boolean {
  const element = elements.get(`policy ${path}`);
  if (element === undefined) return false;
  const policy = common.Policy.deserializeBinary(element.content);
  const type: number = policy.getType();
  if (type === common.Policy.PolicyType.SIGNATURE) return meetsSignaturePolicy(policy.getValue_asU8(), signers);
  if (type === common.Policy.PolicyType.IMPLICIT_META) return meetsImplicitMeta(policy.getValue_asU8(), elements, path.slice(0, path.lastIndexOf('/')), signers);
  return false;
}
