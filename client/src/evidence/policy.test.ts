/** Policies as Fabric evaluates them: each signer counts once. */
import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { common } from '@hyperledger/fabric-protos';
import { signaturePolicy } from '../testing/forge-organization.js';
import type { Role } from './channel-config.js';
import type { Member } from './organizations.js';
import { meetsPolicy, meetsSignaturePolicy } from './policy.js';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const member = (mspId: string, ...roles: Role[]): Member => ({ mspId, publicKey, spki: new Uint8Array(), units: roles, roles });

/** The first organization's peer, and so many peers of all. */
function nested(): Uint8Array {
  const envelope = signaturePolicy(2, [['A', 'peer'], ['B', 'peer'], ['C', 'peer']]);
  const first = new common.SignaturePolicy();
  first.setSignedBy(0);
  const both = new common.SignaturePolicy.NOutOf();
  both.setN(2);
  both.setRulesList([first, envelope.getRule() ?? new common.SignaturePolicy()]);
  const rule = new common.SignaturePolicy();
  rule.setNOutOf(both);
  envelope.setRule(rule);
  return envelope.serializeBinary();
}

describe('meetsSignaturePolicy', () => {
  const [a, b, c] = [member('A', 'peer'), member('B', 'peer'), member('C', 'peer')];

  it('counts so many of those named, by organization and role', () => {
    const bytes = signaturePolicy(2, [['A', 'peer'], ['B', 'peer'], ['C', 'peer']]).serializeBinary();
    expect(meetsSignaturePolicy(bytes, [a, c])).to.equal(true);
    expect(meetsSignaturePolicy(bytes, [a])).to.equal(false);
    expect(meetsSignaturePolicy(bytes, [a, member('A', 'peer')])).to.equal(false);
    expect(meetsSignaturePolicy(bytes, [a, member('B', 'client'), member('D', 'peer')])).to.equal(false);
    expect(meetsSignaturePolicy(bytes, [])).to.equal(false);
  });

  it('takes any role for a member, and an organization\'s roles for its own', () => {
    const bytes = signaturePolicy(1, [['A', 'member']]).serializeBinary();
    expect([member('A'), member('A', 'admin'), member('B', 'admin')].map((one) => meetsSignaturePolicy(bytes, [one]))).to.deep.equal([true, true, false]);
  });

  it('counts a signer once over nested rules', () => {
    expect(meetsSignaturePolicy(nested(), [a, b])).to.equal(false);
    expect(meetsSignaturePolicy(nested(), [a, b, c])).to.equal(true);
    expect(meetsSignaturePolicy(nested(), [a, member('A', 'peer'), b])).to.equal(true);
    expect(meetsSignaturePolicy(nested(), [b, c, member('B', 'peer')])).to.equal(false);
  });

  it('is not met where there is no rule', () => {
    expect(meetsSignaturePolicy(new Uint8Array(), [a, b, c])).to.equal(false);
    expect(meetsPolicy(new Map(), '/Channel/Application/Endorsement', [a, b, c])).to.equal(false);
  });
});
