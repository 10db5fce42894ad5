/** Policies of the channel: signature policies as a tree of rules, their text in both directions, their bytes in both directions. */
import { common, msp } from '@hyperledger/fabric-protos';
import { NetworkError } from '../error.js';

const roles = ['member', 'admin', 'client', 'peer', 'orderer'] as const;
export type PolicyRole = (typeof roles)[number];

/** A signature by an organization's role, or `n` of several rules. */
export type Rule = { readonly mspId: string; readonly role: PolicyRole } | { readonly n: number; readonly rules: readonly Rule[] };

const signatureType = 1;
const implicitMetaType = 3;

/** Any one of the organizations' roles. */
export function anyOf(mspIds: readonly string[], role: PolicyRole): Rule {
  return { n: 1, rules: mspIds.map((mspId) => ({ mspId, role })) };
}

/** The message of a signature policy, as the bytes of a Policy. */
export function encodeRule(rule: Rule): Uint8Array {
  const identities: string[] = [];
  const envelope = new common.SignaturePolicyEnvelope();
  const encode = (part: Rule): common.SignaturePolicy => {
    const message = new common.SignaturePolicy();
    if ('n' in part) {
      const nOutOf = new common.SignaturePolicy.NOutOf();
      nOutOf.setN(part.n);
      nOutOf.setRulesList(part.rules.map(encode));
      message.setNOutOf(nOutOf);
      return message;
    }
    const name = `${part.mspId}.${part.role}`;
    if (!identities.includes(name)) {
      identities.push(name);
      const role = new msp.MSPRole();
      role.setMspIdentifier(part.mspId);
      role.setRole(msp.MSPRole.MSPRoleType[part.role.toUpperCase() as Uppercase<PolicyRole>]);
      const principal = new msp.MSPPrincipal();
      principal.setPrincipal(role.serializeBinary());
      envelope.addIdentities(principal);
    }
    message.setSignedBy(identities.indexOf(name));
    return message;
  };
  envelope.setRule(encode(rule));
  return encodeSignaturePolicy(envelope);
}

/** The bytes of a Policy that holds a signature policy. */
export function encodeSignaturePolicy(envelope: common.SignaturePolicyEnvelope): Uint8Array {
  const policy = new common.Policy();
  policy.setType(signatureType);
  policy.setValue(envelope.serializeBinary());
  return policy.serializeBinary();
}

/** The rules of a signature policy over roles; undefined for every other kind of policy. */
export function decodeRule(bytes: Uint8Array): Rule | undefined {
  const policy = common.Policy.deserializeBinary(bytes);
  if (policy.getType() !== signatureType) return undefined;
  const envelope = common.SignaturePolicyEnvelope.deserializeBinary(policy.getValue_asU8());
  const signers = envelope.getIdentitiesList().map((principal): Rule | undefined => {
    if (principal.getPrincipalClassification() !== msp.MSPPrincipal.Classification.ROLE) return undefined;
    const role = msp.MSPRole.deserializeBinary(principal.getPrincipal_asU8());
    const name = roles.find((candidate) => msp.MSPRole.MSPRoleType[candidate.toUpperCase() as Uppercase<PolicyRole>] === role.getRole());
    return name && { mspId: role.getMspIdentifier(), role: name };
  });
  const decode = (message: common.SignaturePolicy | undefined): Rule | undefined => {
    const nOutOf = message?.getNOutOf();
    if (!nOutOf) return message && signers[message.getSignedBy()];
    const rules = nOutOf.getRulesList().map(decode);
    return rules.every((rule) => rule !== undefined) ? { n: nOutOf.getN(), rules } : undefined;
  };
  return decode(envelope.getRule());
}

/** The text of rules, as configtx.yaml has it. */
export function ruleText(rule: Rule): string {
  if (!('n' in rule)) return `'${rule.mspId}.${rule.role}'`;
  const parts = rule.rules.map(ruleText).join(', ');
  if (rule.n === 1) return `OR(${parts})`;
  return rule.n === rule.rules.length ? `AND(${parts})` : `OutOf(${rule.n}, ${parts})`;
}

/** The text of any policy's bytes. */
export function policyText(bytes: Uint8Array): string {
  const policy = common.Policy.deserializeBinary(bytes);
  if (policy.getType() === implicitMetaType) {
    const meta = common.ImplicitMetaPolicy.deserializeBinary(policy.getValue_asU8());
    return `${['ANY', 'ALL', 'MAJORITY'][meta.getRule()] ?? 'UNKNOWN'} ${meta.getSubPolicy()}`;
  }
  const rule = decodeRule(bytes);
  if (rule) return ruleText(rule);
  const envelope = common.SignaturePolicyEnvelope.deserializeBinary(policy.getValue_asU8());
  return `${envelope.getRule()?.getNOutOf()?.getN() ?? 1} of ${envelope.getIdentitiesList().length} certificates`;
}

/** All organizations that rules name. */
export function namedIn(rule: Rule): string[] {
  return 'n' in rule ? [...new Set(rule.rules.flatMap(namedIn))] : [rule.mspId];
}

/**
 * Reads rules from text: `AND(…)`, `OR(…)`, `OutOf(n, …)` over `'<MSP ID>.<role>'`, nested at will.
 * @throws {NetworkError} USAGE naming what was not understood
 */
export function parseRule(text: string): Rule {
  const tokens = text.match(/'[^']*'|"[^"]*"|\w+|[(),]|\S/g) ?? [];
  let at = 0;
  const fault = (what: string): NetworkError =>
    new NetworkError('USAGE', `The policy ${JSON.stringify(text)} cannot be read: ${what}.`, 'Write it like OutOf(2, \'HospitalA.peer\', \'HospitalB.peer\', \'Regulator.peer\').');
  const next = (wanted?: string): string => {
    const token = tokens[at++];
    if (token === undefined) throw fault('it ends too early');
    if (wanted !== undefined && token !== wanted) throw fault(`${wanted} is expected where ${token} stands`);
    return token;
  };
  const list = (): Rule[] => {
    const rules = [expression()];
    while (tokens[at] === ',') {
      at += 1;
      rules.push(expression());
    }
    next(')');
    return rules;
  };
  const expression = (): Rule => {
    const token = next();
    const principal = /^['"](.+)\.(\w+)['"]$/.exec(token);
    if (principal) {
      const role = roles.find((candidate) => candidate === principal[2]);
      if (!role) throw fault(`${token} ends in none of the roles ${roles.join(', ')}`);
      return { mspId: principal[1] ?? '', role };
    }
    const operator = token.toUpperCase();
    if (!['AND', 'OR', 'OUTOF'].includes(operator)) throw fault(`${token} is neither AND, OR, OutOf nor a quoted role`);
    next('(');
    if (operator !== 'OUTOF') {
      const rules = list();
      return { n: operator === 'AND' ? rules.length : 1, rules };
    }
    const n = Number(next());
    next(',');
    const rules = list();
    if (!Number.isInteger(n) || n < 1 || n > rules.length) throw fault(`OutOf wants a number from 1 to ${rules.length}`);
    return { n, rules };
  };
  const rule = expression();
  if (at < tokens.length) throw fault(`${tokens[at] ?? ''} stands after its end`);
  return rule;
}
