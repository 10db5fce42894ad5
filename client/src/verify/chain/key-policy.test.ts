/** The key-level policy that protocol writes by hand is what Fabric's own messages read. */
import { expect } from 'chai';
import { common, msp } from '@hyperledger/fabric-protos';
import { ownedKeyPolicy } from '@epione/protocol';

type Rule = { readonly signedBy: string } | { readonly least: number; readonly rules: Rule[] };

function read(bytes: Uint8Array): Rule {
  const envelope = common.SignaturePolicyEnvelope.deserializeBinary(bytes);
  expect(Buffer.from(envelope.serializeBinary()).equals(bytes)).to.equal(true);
  const identities = envelope.getIdentitiesList().map((principal) => {
    expect(principal.getPrincipalClassification()).to.equal(msp.MSPPrincipal.Classification.ROLE);
    const role = msp.MSPRole.deserializeBinary(principal.getPrincipal_asU8());
    expect(role.getRole()).to.equal(msp.MSPRole.MSPRoleType.PEER);
    return role.getMspIdentifier();
  });
  const ruleOf = (policy: common.SignaturePolicy | undefined): Rule => {
    const many = policy?.getNOutOf();
    return many === undefined ? { signedBy: identities[policy?.getSignedBy() ?? -1] ?? 'nobody' } : { least: many.getN(), rules: many.getRulesList().map(ruleOf) };
  };
  return ruleOf(envelope.getRule());
}

const signers = (...names: string[]): Rule[] => names.map((signedBy) => ({ signedBy }));

describe('ownedKeyPolicy', () => {
  it('wants the owner and so many others that all are a majority', () => {
    expect(read(ownedKeyPolicy('B', ['C', 'A', 'B', 'D', 'A']))).to.deep.equal({ least: 2, rules: [{ signedBy: 'B' }, { least: 2, rules: signers('A', 'C', 'D') }] });
    expect(read(ownedKeyPolicy('B', ['A', 'B', 'C']))).to.deep.equal({ least: 2, rules: [{ signedBy: 'B' }, { least: 1, rules: signers('A', 'C') }] });
    expect(read(ownedKeyPolicy('A', ['A', 'B']))).to.deep.equal({ least: 2, rules: [{ signedBy: 'A' }, { least: 1, rules: signers('B') }] });
    expect(read(ownedKeyPolicy('A', ['A']))).to.deep.equal({ signedBy: 'A' });
  });

  it('is the same whatever the order, and fits 64 members with the longest names', () => {
    expect(ownedKeyPolicy('A', ['A', 'B', 'C'])).to.deep.equal(ownedKeyPolicy('A', ['C', 'B', 'A', 'B']));
    const members = Array.from({ length: 64 }, (_, at) => `${'m'.repeat(61)}${String(at).padStart(3, '0')}`);
    const rule = read(ownedKeyPolicy(members[0] as string, members)) as { rules: { least: number; rules: Rule[] }[] };
    expect(rule.rules[1]?.least).to.equal(32);
    expect(rule.rules[1]?.rules).to.have.length(63);
  });
});
