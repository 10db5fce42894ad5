/** The number of approvals that a channel's policy asks for. */
import { common } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import type { ConfigElement, ConfigTree } from '../channel/config-tree.js';
import { encodePolicy } from '../channel/policy.js';
import { approvalsNeeded } from './approvals-needed.js';

const { ImplicitMetaPolicy, Policy } = common;

function meta(rule: keyof typeof ImplicitMetaPolicy.Rule): Uint8Array {
  const inner = new ImplicitMetaPolicy();
  inner.setSubPolicy('Endorsement');
  inner.setRule(ImplicitMetaPolicy.Rule[rule]);
  const policy = new Policy();
  policy.setType(Policy.PolicyType.IMPLICIT_META);
  policy.setValue(inner.serializeBinary());
  return policy.serializeBinary();
}

function channel(members: number, content?: Uint8Array): ConfigTree {
  const group = (policies: Map<string, ConfigElement>, groups: Map<string, ConfigTree>): ConfigTree => ({ version: 0, modPolicy: 'Admins', values: new Map(), policies, groups });
  const organizations = new Map(Array.from({ length: members }, (_, index) => [`Org${index}`, group(new Map(), new Map())]));
  const policies = new Map(content ? [['LifecycleEndorsement', { version: 0, modPolicy: 'Admins', content }]] : []);
  return group(new Map(), new Map([['Application', group(policies, organizations)]]));
}

describe('approvals needed', () => {
  it('follows the channel', () => {
    expect([2, 3, 4, 5].map((members) => approvalsNeeded(channel(members, meta('MAJORITY'))))).to.deep.equal([2, 2, 3, 3]);
    expect(approvalsNeeded(channel(4, meta('ANY')))).to.equal(1);
    expect(approvalsNeeded(channel(4, meta('ALL')))).to.equal(4);
    expect(approvalsNeeded(channel(4))).to.equal(3);
    expect(approvalsNeeded(channel(4, encodePolicy("OutOf(2, 'Org0.peer', 'Org1.peer', 'Org2.peer')")))).to.equal(2);
    expect(approvalsNeeded(channel(4, encodePolicy("AND('Org0.peer', OR('Org1.peer', 'Org2.peer'))")))).to.equal(undefined);
  });
});
