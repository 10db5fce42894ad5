/** Collections: what becomes of Fabric's file, its defaults, and what is refused. */
import { expect } from 'chai';
import { NetworkError } from '../error.js';
import { collectionsText, parseCollections } from './collections.js';

describe('collections', () => {
  it("has the defaults of Fabric's file", () => {
    const [one] = parseCollections([{ name: 'c', policy: "OR('A.member')" }]).getConfigList();
    const settings = one?.getStaticCollectionConfig();
    expect([settings?.getRequiredPeerCount(), settings?.getMaximumPeerCount(), settings?.getBlockToLive(), settings?.hasEndorsementPolicy()]).to.deep.equal([0, 1, 0, false]);
  });

  it('is told in words', () => {
    const collections = parseCollections([
      { name: 'a', policy: "OR('A.member','B.member')", requiredPeerCount: 1, maxPeerCount: 3, blockToLive: 10, memberOnlyRead: true, memberOnlyWrite: true, endorsementPolicy: { signaturePolicy: "OR('A.peer','B.peer')" } },
      { name: 'b', policy: "OR('A.member')", endorsementPolicy: { channelConfigPolicy: '/Channel/Application/Endorsement' } },
    ]);
    expect(collectionsText(collections)).to.equal(
      "a: OutOf(1, 'A.member', 'B.member'), to 1-3 peers, for 10 blocks, members read, members write, endorsed by OutOf(1, 'A.peer', 'B.peer'); b: OutOf(1, 'A.member'), to 0-1 peers, for ever, endorsed by /Channel/Application/Endorsement",
    );
    expect(collectionsText(parseCollections([]))).to.equal('none');
  });

  for (const document of [{}, [{ name: 'a b', policy: "OR('A.peer')" }], [{ name: 'a', policy: 'nonsense' }], [{ name: 'a', policy: "OR('A.peer')", blockToLive: -1 }], [{ name: 'a', policy: "OR('A.peer')", unknown: 1 }], [{ name: 'a', policy: "OR('A.peer')", endorsementPolicy: { signaturePolicy: "OR('A.peer')", channelConfigPolicy: '/Channel' } }]]) {
    it(`refuses ${JSON.stringify(document)}`, () => {
      expect(() => parseCollections(document)).to.throw(NetworkError).with.property('code', 'DEFINITION_INVALID');
    });
  }
});
