/** Edits of a configuration: which policies follow the members, which are left alone, and what is refused. */
import { common, msp, orderer, peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { NetworkError } from '../error.js';
import { configLines } from './config-text.js';
import { copyTree, type ConfigElement, type ConfigTree } from './config-tree.js';
import { addOrdererOrganization, bftQuorum, consenterCount, putConsenter, removeConsenter, type ConsenterDefinition } from './consenters.js';
import { addMember, groupOf, membersOf, removeMember, setEndorsement, type MemberDefinition } from './membership.js';
import { encodePolicy, namedIn, plainRule, policyText, ruleText } from './policy.js';
import { createAuthority, validFor } from '../identities/certificate-authority.js';

const element = (content: Uint8Array): ConfigElement => ({ version: 0, modPolicy: 'Admins', content });
const group = (policies: Readonly<Record<string, string>>, values: Readonly<Record<string, Uint8Array>> = {}): ConfigTree => ({
  version: 0,
  modPolicy: 'Admins',
  values: new Map(Object.entries(values).map(([name, content]) => [name, element(content)])),
  policies: new Map(Object.entries(policies).map(([name, text]) => [name, element(encodePolicy(text))])),
  groups: new Map(),
});

const names = ['A', 'B', 'C', 'D'];
let certificate = '';
const member = (mspId: string): MemberDefinition => ({ mspId, caCertificate: certificate, tlsCaCertificate: certificate, peerPort: 7051 });
const consenter = (id: number): ConsenterDefinition => ({ id, mspId: `Org${id}`, port: 7050 + id, identity: certificate, tls: certificate });

/** A channel of four members and SmartBFT, with no organization's details. */
function channel(): ConfigTree {
  const members = `OR(${names.map((name) => `'${name}.member'`).join(', ')})`;
  const consensus = new orderer.ConsensusType();
  consensus.setType('BFT');
  const tree = group({ Readers: members, Writers: members });
  tree.groups.set('Orderer', group({ Readers: members, Writers: members, BlockValidation: "'A.orderer'" }, { ConsensusType: consensus.serializeBinary(), Orderers: new common.Orderers().serializeBinary() }));
  const application = group({ Readers: members, Writers: members, Endorsement: ruleText({ least: 3, role: 'peer', mspIds: names }) });
  for (const name of names) application.groups.set(name, group({}, { AnchorPeers: new peer.AnchorPeers().serializeBinary() }));
  tree.groups.set('Application', application);
  return tree;
}

const text = (tree: ConfigTree, path: string): string | undefined => configLines(tree).get(path);

describe('edits of a configuration', () => {
  before(async () => {
    ({ certificate } = await createAuthority('ca', 'A', validFor(10, new Date('2026-01-15T12:00:00Z'))));
  });

  it('take a member in: it may read and write everywhere, and a majority counts it', () => {
    const tree = channel();
    addMember(tree, member('E'));
    addMember(tree, member('E'));
    expect(membersOf(tree)).to.deep.equal([...names, 'E']);
    const all = [...names, 'E'];
    for (const path of ['/Channel', '/Channel/Orderer', '/Channel/Application']) {
      for (const name of ['Readers', 'Writers']) expect(text(tree, `${path}/policies/${name}`)).to.equal(ruleText({ least: 1, role: 'member', mspIds: all }));
    }
    expect(text(tree, '/Channel/Application/policies/Endorsement')).to.equal(ruleText({ least: 3, role: 'peer', mspIds: all }));
    expect(text(tree, '/Channel/Application/E/policies/Admins')).to.equal("OutOf(1, 'E.admin')");
    expect(text(tree, '/Channel/Application/E/MSP root 1')).to.match(/^CN=ca,O=A sha256:[0-9a-f]{32} until 2026-01-25T12:00:00\.000Z$/);
    removeMember(tree, 'E');
    removeMember(tree, 'E');
    expect(configLines(tree)).to.deep.equal(configLines(channel()));
  });

  it('count only members with a peer for a majority of endorsers and administrators', () => {
    const tree = channel();
    const members = ruleText({ least: 1, role: 'member', mspIds: [...names, 'Guest'] });
    groupOf(tree, 'Application').groups.set('Guest', group({}));
    groupOf(tree, 'Application').policies.set('Admins', element(encodePolicy(ruleText({ least: 3, role: 'admin', mspIds: names }))));
    for (const part of [tree, groupOf(tree, 'Orderer'), groupOf(tree, 'Application')]) for (const name of ['Readers', 'Writers']) part.policies.set(name, element(encodePolicy(members)));
    addMember(tree, member('E'));
    expect(text(tree, '/Channel/policies/Writers')).to.equal(ruleText({ least: 1, role: 'member', mspIds: [...names, 'Guest', 'E'] }));
    expect(text(tree, '/Channel/Application/policies/Endorsement')).to.equal(ruleText({ least: 3, role: 'peer', mspIds: [...names, 'E'] }));
    expect(text(tree, '/Channel/Application/policies/Admins')).to.equal(ruleText({ least: 3, role: 'admin', mspIds: [...names, 'E'] }));
    expect(() => {
      setEndorsement(tree, "OR('A.peer', 'Guest.peer')");
    }).to.throw(NetworkError, 'Guest').with.property('code', 'USAGE');
  });

  it('leave a policy alone that was written by hand, and refuse to put out whom it names', () => {
    const tree = channel();
    const policy = "OutOf(2, 'A.peer', 'B.peer', 'D.peer')";
    setEndorsement(tree, policy);
    addMember(tree, member('E'));
    removeMember(tree, 'C');
    expect(text(tree, '/Channel/Application/policies/Endorsement')).to.equal(policy);
    expect(() => {
      removeMember(copyTree(tree), 'D');
    }).to.throw(NetworkError).with.property('code', 'CHANGE_REFUSED');
    expect(() => {
      setEndorsement(tree, "OR('A.peer', 'C.peer')");
    }).to.throw(NetworkError, 'C').with.property('code', 'USAGE');
    setEndorsement(tree, 'majority');
    expect(text(tree, '/Channel/Application/policies/Endorsement')).to.equal(ruleText({ least: 3, role: 'peer', mspIds: ['A', 'B', 'D', 'E'] }));
  });

  it('keep the policy on blocks that SmartBFT demands: a quorum of exactly the consenters\' certificates', () => {
    const tree = channel();
    for (const id of [1, 2, 3, 4, 5]) {
      addOrdererOrganization(tree, member(`Org${id}`), 7050 + id);
      putConsenter(tree, consenter(id));
      putConsenter(tree, consenter(id));
      expect(consenterCount(tree)).to.equal(id);
      expect(text(tree, '/Channel/Orderer/policies/BlockValidation')).to.equal(`${bftQuorum(id)} of ${id} certificates`);
    }
    expect(text(tree, '/Channel/Orderer/Org5/Endpoints')).to.equal('localhost:7055');
    removeConsenter(tree, consenter(2));
    removeConsenter(tree, consenter(2));
    expect(consenterCount(tree)).to.equal(4);
    const bytes = tree.groups.get('Orderer')?.policies.get('BlockValidation')?.content ?? new Uint8Array();
    const envelope = common.SignaturePolicyEnvelope.deserializeBinary(common.Policy.deserializeBinary(bytes).getValue_asU8());
    const identities = envelope.getIdentitiesList().map((principal) => msp.SerializedIdentity.deserializeBinary(principal.getPrincipal_asU8()));
    expect(identities.map((identity) => identity.getMspid())).to.deep.equal(['Org1', 'Org3', 'Org4', 'Org5']);
    expect(Buffer.from(identities[0]?.getIdBytes_asU8() ?? []).toString()).to.equal(certificate);
  });

  it('know the quorums of SmartBFT', () => {
    expect([4, 5, 6, 7, 10].map(bftQuorum)).to.deep.equal([3, 4, 4, 5, 7]);
  });

  it('read policies in any form', () => {
    expect(plainRule(encodePolicy("OR('A.member', 'B.member')"))).to.deep.equal({ least: 1, role: 'member', mspIds: ['A', 'B'] });
    for (const other of ["OR('A.peer', 'B.admin')", "AND('A.peer', OR('B.peer', 'C.peer'))"]) expect(plainRule(encodePolicy(other))).to.equal(undefined);
    expect(namedIn("AND('A.peer', OR('B.peer', 'A.admin'))")).to.deep.equal(['A', 'B']);
    const meta = new common.ImplicitMetaPolicy();
    meta.setSubPolicy('Admins');
    meta.setRule(common.ImplicitMetaPolicy.Rule.MAJORITY);
    const policy = new common.Policy();
    policy.setType(3);
    policy.setValue(meta.serializeBinary());
    expect(policyText(policy.serializeBinary())).to.equal('MAJORITY Admins');
  });
});
