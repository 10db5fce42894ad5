/** Fabric's policy text, such as OutOf(2,'A.peer','B.peer'), and the bytes that a definition holds for it. */
import { common, msp, peer as protos } from '@hyperledger/fabric-protos';
import { NetworkError } from '../error.js';

/** What a definition refers to when nothing else is said: the channel's own endorsement policy. */
export const channelEndorsement = '/Channel/Application/Endorsement';

const { MSPRole, MSPPrincipal } = msp;
const roles = { member: MSPRole.MSPRoleType.MEMBER, admin: MSPRole.MSPRoleType.ADMIN, client: MSPRole.MSPRoleType.CLIENT, peer: MSPRole.MSPRoleType.PEER, orderer: MSPRole.MSPRoleType.ORDERER };

type Term = { readonly principal: string } | { readonly least: number; readonly terms: readonly Term[] };

const principalPattern = /^([A-Za-z0-9.-]+)\.(member|admin|client|peer|orderer)$/;
const tokenPattern = /\s*(?:(['"])(.*?)\1|([A-Za-z]+)|(\d+)|([(),]))/y;

function invalid(text: string, why: string): NetworkError {
  return new NetworkError('DEFINITION_INVALID', `The policy ${text} cannot be read: ${why}.`, "Write it as OutOf(2,'Org1MSP.peer','Org2MSP.peer'), AND(…), OR(…), or name a policy of the channel such as /Channel/Application/Endorsement.");
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.trimEnd().length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (!match) throw invalid(text, `nothing is known that starts with "${text.slice(at).trim()}"`);
    // A quoted number counts as a number, as in Fabric.
    tokens.push(match[2] !== undefined && !/^\d+$/.test(match[2]) ? `'${match[2]}` : match[0].trim().replaceAll(/['"]/g, ''));
  }
  return tokens;
}

function parse(text: string): Term {
  const tokens = tokensOf(text);
  const next = (expected: RegExp, what: string): string => {
    const token = tokens.shift();
    if (token === undefined || !expected.test(token)) throw invalid(text, `${what} is expected ${token === undefined ? 'at its end' : `where "${token.replace(/^'/, '')}" stands`}`);
    return token;
  };
  const term = (): Term => {
    const token = next(/^'|^(?:and|or|outof)$/i, 'a principal in quotes, AND, OR or OutOf');
    if (token.startsWith("'")) {
      const principal = token.slice(1);
      if (!principalPattern.test(principal)) throw invalid(text, `"${principal}" is no MSP ID with one of the roles ${Object.keys(roles).join(', ')}`);
      return { principal };
    }
    next(/^\($/, '"("');
    const gate = token.toLowerCase();
    const given = gate === 'outof' ? Number(next(/^\d+$/, 'a number')) : undefined;
    const terms = given === undefined ? [term()] : [];
    while (next(/^[,)]$/, '"," or ")"') === ',') terms.push(term());
    const least = given ?? (gate === 'or' ? 1 : terms.length);
    if (least < 1 || least > terms.length) throw invalid(text, `${least} of ${terms.length} can never be met, or by nobody`);
    return { least, terms };
  };
  const whole = term();
  if (tokens.length > 0) throw invalid(text, `"${tokens.join('')}" is left over`);
  return 'principal' in whole ? { least: 1, terms: [whole] } : whole;
}

/**
 * The signature policy of a text. The bytes are those that Fabric's own programs make of the same text, so that an
 * organization may approve with either: the principals of inner gates are counted first, and none is shared.
 * @throws {NetworkError} DEFINITION_INVALID
 */
export function signaturePolicy(text: string): common.SignaturePolicyEnvelope {
  const envelope = new common.SignaturePolicyEnvelope();
  const build = (term: Term): common.SignaturePolicy => {
    const policy = new common.SignaturePolicy();
    if ('principal' in term) {
      const [, mspId = '', role = ''] = principalPattern.exec(term.principal) ?? [];
      const mspRole = new MSPRole();
      mspRole.setMspIdentifier(mspId);
      mspRole.setRole(roles[role as keyof typeof roles]);
      const principal = new MSPPrincipal();
      principal.setPrincipalClassification(MSPPrincipal.Classification.ROLE);
      principal.setPrincipal(mspRole.serializeBinary());
      policy.setSignedBy(envelope.getIdentitiesList().length);
      envelope.addIdentities(principal);
      return policy;
    }
    const built = new Map<Term, common.SignaturePolicy>();
    for (const inner of term.terms) if (!('principal' in inner)) built.set(inner, build(inner));
    const gate = new common.SignaturePolicy.NOutOf();
    gate.setN(term.least);
    gate.setRulesList(term.terms.map((inner) => built.get(inner) ?? build(inner)));
    policy.setNOutOf(gate);
    return policy;
  };
  envelope.setRule(build(parse(text)));
  return envelope;
}

/** The message of a policy: a path of the channel's configuration as a reference, anything else as a signature policy. */
export function applicationPolicy(text: string): protos.ApplicationPolicy {
  const policy = new protos.ApplicationPolicy();
  if (text.startsWith('/')) policy.setChannelConfigPolicyReference(text);
  else policy.setSignaturePolicy(signaturePolicy(text));
  return policy;
}

/** The text of a signature policy, with OutOf for every gate. */
export function signaturePolicyText(envelope: common.SignaturePolicyEnvelope | undefined): string {
  const name = (index: number): string => {
    const principal = envelope?.getIdentitiesList()[index];
    if (principal?.getPrincipalClassification() !== MSPPrincipal.Classification.ROLE) return `principal ${index}`;
    const role = MSPRole.deserializeBinary(principal.getPrincipal_asU8());
    return `'${role.getMspIdentifier()}.${Object.entries(roles).find(([, value]) => value === role.getRole())?.[0] ?? role.getRole()}'`;
  };
  const textOf = (rule: common.SignaturePolicy | undefined): string => {
    const gate = rule?.getNOutOf();
    return gate ? `OutOf(${gate.getN()}, ${gate.getRulesList().map(textOf).join(', ')})` : name(rule?.getSignedBy() ?? 0);
  };
  return textOf(envelope?.getRule());
}

/** The text of an application policy. */
export function applicationPolicyText(policy: protos.ApplicationPolicy | undefined): string {
  return policy?.hasSignaturePolicy() ? signaturePolicyText(policy.getSignaturePolicy()) : (policy?.getChannelConfigPolicyReference() ?? '');
}
