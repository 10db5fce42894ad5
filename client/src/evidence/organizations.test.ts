/** Who belongs to an organization, and in which role, as Fabric's membership providers tell. */
import { expect } from 'chai';
import { forgeOrganization, type Organization } from '../testing/forge-organization.js';
import { ROLES, type Authority } from './channel-config.js';
import { Organizations, readParty } from './organizations.js';

describe('Organizations', () => {
  let a: Organization;
  let b: Organization;
  const units = new Map(ROLES.map((role) => [role as string, role]));
  const from = (change: Partial<Authority> = {}): Organizations => new Organizations(new Map([['A', { certificates: [a.caPem], admins: [], units, ...change }]]));

  before(async () => {
    [a, b] = await Promise.all([forgeOrganization('A'), forgeOrganization('B')]);
  });

  it('gives each certificate the role of its unit', () => {
    for (const role of ROLES) expect(from().member(readParty(a.by[role].identity))?.roles).to.deep.equal([role]);
  });

  it('knows no certificate of another authority, and none under another name', () => {
    expect(from().member(readParty(b.by.peer.identity))).to.equal(undefined);
    expect(from().member({ ...readParty(b.by.peer.identity), mspId: 'A' })).to.equal(undefined);
    expect(from().member({ ...readParty(a.by.peer.identity), mspId: 'B' })).to.equal(undefined);
    expect(from().member({ mspId: 'A', certificate: Buffer.from('no certificate') })).to.equal(undefined);
  });

  it('takes no certificate without a role where units carry roles', () => {
    expect(from({ units: new Map([['staff', 'client']]) }).member(readParty(a.by.peer.identity))).to.equal(undefined);
    expect(from({ units: new Map([['verified', 'peer']]) }).member(readParty(a.by.peer.identity))).to.equal(undefined);
  });

  it('takes administrators by name, where units carry no roles too', () => {
    const organizations = from({ units: undefined, admins: [a.by.client.pem] });
    expect(organizations.member(readParty(a.by.client.identity))?.roles).to.deep.equal(['admin']);
    expect(organizations.member(readParty(a.by.admin.identity))?.roles).to.deep.equal([]);
    expect(from({ admins: [a.by.client.pem] }).member(readParty(a.by.client.identity))?.roles).to.deep.equal(['client', 'admin']);
  });

  it('gives the same member for the same certificate, so that a signer counts once', () => {
    const organizations = from();
    const party = readParty(a.by.peer.identity);
    expect(organizations.member(party)).to.equal(organizations.member({ ...party }));
  });
});
