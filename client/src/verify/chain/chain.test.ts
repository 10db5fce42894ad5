/** The chain of a channel that changes: each configuration must follow from the one before, and holds from then on. */
import { expect } from 'chai';
import { ownedKeyPolicy } from '@epione/protocol';
import { groupAt, groups, organizationGroup, setConsenters, setPolicy } from '../../testing/forge-config.js';
import { definitionOf, ForgedChain, signatories, type Action, type Change } from '../../testing/forge-chain.js';
import { forgeOrganization, signaturePolicy, type Organization } from '../../testing/forge-organization.js';
import { Broken, Report, type Check } from '../report.js';
import { verifyChain } from './chain.js';

const policyFailure = 10;

describe('verifyChain', () => {
  let all: readonly [Organization, Organization, Organization, Organization];
  let fifth: Organization;
  let chain: ForgedChain;
  let orderers: Change['orderers'];

  before(async () => {
    const [a, b, c, d, e] = await Promise.all(['A', 'B', 'C', 'D', 'E'].map(forgeOrganization));
    all = [a, b, c, d] as typeof all;
    fifth = e as Organization;
    orderers = all.slice(0, 3).map((organization, at) => [at + 1, organization]);
  });

  beforeEach(() => {
    chain = new ForgedChain(all, 3);
    chain.block([chain.transaction(definitionOf('epione'), all[0], all.slice(0, 3))], orderers);
  });

  const send = (action: Action, endorsers: readonly Organization[], client = all[0]): Uint8Array => chain.transaction(action, client, endorsers);

  /** The check that fails, if any does. */
  function verdict(...speakers: readonly Organization[]): Check | undefined {
    const report = new Report(chain.trustRoot.genesis);
    try {
      verifyChain(chain.evidence(...(speakers.length > 0 ? speakers : all)), chain.trustRoot, report);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
    }
    return report.checks().find((check) => check.result === 'fail');
  }

  const refused = (name: Check['name'], object: string | RegExp, message: RegExp, ...speakers: readonly Organization[]): void => {
    const check = verdict(...speakers);
    expect(check?.name, JSON.stringify(check)).to.equal(name);
    expect(check?.object).to.match(typeof object === 'string' ? new RegExp(`^${object}$`) : object);
    expect(check?.message).to.match(message);
  };

  /** What `organization add` does: the group, the endorsement policy and the orderer of a fifth member. */
  const admit = (root: Parameters<typeof groups>[0]): void => {
    for (const part of ['Application', 'Orderer']) groups(groupAt(root, part)).set('E', organizationGroup(fifth));
    setPolicy(groupAt(root, 'Application'), 'Endorsement', signaturePolicy(3, [...all, fifth].map(({ mspId }) => [mspId, 'peer'])));
    setConsenters(root, [...all, fifth].map((organization, at) => [at + 1, organization]));
  };
  const byThree = (): Change => ({ admins: signatories('admin', ...all.slice(0, 3)), orderers });

  it('takes transactions that enough have endorsed, and no others', () => {
    chain.block([send({ key: 'k', value: '1' }, all.slice(1)), send({ key: 'l', value: '1' }, all.slice(2))], orderers, [0, policyFailure]);
    expect(verdict()).to.equal(undefined);
    chain.block([send({ key: 'l', value: '1' }, all.slice(2))], orderers);
    refused('chain.validity', /^transaction/, /is not endorsed as the channel demands/);
  });

  describe('when an organization joins', () => {
    it('lets it endorse, order and speak from then on, by the first trust root', () => {
      chain.change(admit, byThree());
      const now: Change['orderers'] = [[2, all[1]], [3, all[2]], [4, all[3]], [5, fifth]];
      chain.block([send({ key: 'k', value: '1' }, [all[0], all[1], fifth], fifth)], now);
      expect(verdict(all[2], all[3], fifth)).to.equal(undefined);
    });

    it('does not let it do so before', () => {
      chain.block([send({ key: 'k', value: '1' }, [all[0], all[1], fifth])], orderers);
      chain.change(admit, byThree());
      refused('chain.validity', /^transaction/, /is not endorsed/);
    });

    it('wants more orderers for a larger quorum', () => {
      chain.change(admit, byThree());
      chain.block([send({ key: 'k', value: '1' }, all)], orderers);
      refused('chain.headers', 'block 3', /3 good signatures of orderers, 4 are needed/);
    });
  });

  describe('refuses a configuration', () => {
    const cases: Record<string, [(change: Change) => Change, RegExp]> = {
      'that half of the administrators signed': [(change) => ({ ...change, admins: signatories('admin', ...all.slice(0, 2)) }), /\/Channel\/Application.* was changed by too few: .*Admins is not met by the signatures of A \(admin\), B \(admin\)/],
      'that nobody signed': [(change) => ({ ...change, admins: [] }), /by the signatures of nobody/],
      'that one administrator signed three times': [(change) => ({ ...change, admins: signatories('admin', all[0], all[0], all[0]) }), /signatures of A \(admin\)$/],
      'that clients and peers signed': [(change) => ({ ...change, admins: [...signatories('client', ...all), ...signatories('peer', ...all)] }), /changed by too few/],
      'whose newcomer signed for itself': [(change) => ({ ...change, admins: signatories('admin', all[0], all[1], fifth) }), /signatures of A \(admin\), B \(admin\)$/],
      'of another number': [(change) => ({ ...change, sequence: 3 }), /its configuration has number 3, 1 is next/],
      'that holds more than the update': [(change) => ({ ...change, tamper: (root) => { setPolicy(groupAt(root, 'Application'), 'Endorsement', signaturePolicy(1, [['A', 'peer']])); } }), /Endorsement is not what the update makes of it/],
      'of another channel': [(change) => ({ ...change, channel: 'other' }), /the update is for channel other/],
      'with a group that the update does not have': [(change) => ({ ...change, tamper: (root) => groups(groupAt(root, 'Application', 'A')).set('Inner', groupAt(root, 'Nowhere')) }), /is not what the update makes of it/],
    };
    for (const [name, [how, message]] of Object.entries(cases)) {
      it(name, () => {
        chain.change(admit, how(byThree()));
        refused('trust.root', 'block 2', message);
      });
    }

    it('that orderers of the configuration before did not sign', () => {
      chain.change(admit, { ...byThree(), orderers: [[1, all[0]], [2, all[1]], [5, fifth]] });
      refused('chain.headers', 'block 2', /2 good signatures of orderers, 3 are needed/);
    });

    it('that shares its block', () => {
      chain.change(admit, { ...byThree(), beside: [send({ key: 'k', value: '1' }, all)] });
      refused('chain.validity', 'block 2', /not alone/);
    });

    it('that was made from an earlier one, even by enough', () => {
      const from = chain.config;
      chain.change(admit, byThree());
      chain.change((root) => { setPolicy(groupAt(root, 'Application'), 'Endorsement', 'Endorsement'); }, { ...byThree(), from, orderers: [...orderers, [5, fifth]] });
      refused('trust.root', 'block 3', /the update was made from another \/Channel\/Application/);
    });
  });

  it('counts a replaced orderer by its new certificate only', async () => {
    const renewed: Organization = { ...all[3], by: { ...all[3].by, orderer: (await forgeOrganization('D')).by.orderer } };
    const now: Change['orderers'] = [[1, all[0]], [2, all[1]], [4, renewed]];
    chain.change((root) => { setConsenters(root, [...all.slice(0, 3), renewed].map((organization, at) => [at + 1, organization])); }, byThree());
    chain.block([send({ key: 'k', value: '1' }, all)], now);
    expect(verdict()).to.equal(undefined);
    chain.block([send({ key: 'k', value: '2' }, all)], [[1, all[0]], [2, all[1]], [4, all[3]]]);
    refused('chain.headers', 'block 4', /2 good signatures/);
  });

  it('follows another endorsement policy, for transactions and for the head', () => {
    chain.change((root) => { setPolicy(groupAt(root, 'Application'), 'Endorsement', 'Endorsement'); }, byThree());
    chain.block([send({ key: 'k', value: '1' }, all.slice(0, 3))], orderers);
    expect(verdict(...all.slice(0, 3))).to.equal(undefined);
    refused('chain.validity', 'block 3', /^EVIDENCE_INCOMPLETE: peers of A, B signed/, ...all.slice(0, 2));
    chain.change((root) => { setPolicy(groupAt(root, 'Application'), 'Endorsement', signaturePolicy(4, all.map(({ mspId }) => [mspId, 'peer']))); }, byThree());
    chain.block([send({ key: 'k', value: '2' }, all.slice(0, 3))], orderers);
    refused('chain.validity', /^transaction/, /is not endorsed as the channel demands/);
  });

  it('drops an organization that is removed', () => {
    chain.change((root) => {
      groups(groupAt(root, 'Application')).del('D');
      groups(groupAt(root, 'Orderer')).del('D');
      setConsenters(root, all.slice(0, 3).map((organization, at) => [at + 1, organization]));
    }, byThree());
    chain.block([send({ key: 'k', value: '1' }, all.slice(0, 3))], orderers);
    expect(verdict(...all.slice(0, 3))).to.equal(undefined);
    chain.block([send({ key: 'k', value: '1' }, [all[0], all[1], all[3]])], orderers);
    refused('chain.validity', /^transaction/, /is not endorsed/, ...all.slice(0, 3));
  });

  describe('with a policy of a key', () => {
    /** B's peer and two others. */
    const owned = (): Uint8Array => signaturePolicy(3, [['B', 'peer'], ['A', 'peer'], ['C', 'peer']]).serializeBinary();

    it('wants it met by every later write of that key, and of no other', () => {
      chain.block([send({ key: 'k', value: '1', policy: owned() }, [all[0], all[2], all[3]])], orderers);
      chain.block([send({ key: 'k', value: '2' }, all.slice(0, 3)), send({ key: 'k', value: '3' }, [all[0], all[2], all[3]]), send({ key: 'l', value: '1' }, [all[0], all[2], all[3]])], orderers, [0, policyFailure, 0]);
      expect(verdict()).to.equal(undefined);
      chain.block([send({ key: 'k', value: '4' }, [all[0], all[2], all[3]])], orderers);
      refused('chain.validity', /^transaction/, /is not endorsed as the policy of key "k" demands/);
    });

    it('reads the policy that the contracts set: the owner and, with it, a majority', () => {
      chain.block([send({ key: 'k', value: '1', policy: ownedKeyPolicy('B', all.map(({ mspId }) => mspId)) }, all)], orderers);
      const by = (...at: number[]): Uint8Array => send({ key: 'k', value: at.join() }, at.map((index) => all[index] as Organization));
      chain.block([by(0, 1, 2), by(1, 2, 3), by(0, 2, 3), by(0, 1), by(1)], orderers, [0, 0, policyFailure, policyFailure, policyFailure]);
      expect(verdict()).to.equal(undefined);
      chain.block([by(0, 2, 3)], orderers);
      refused('chain.validity', /^transaction/, /policy of key "k"/);
    });

    it('wants it met by whoever changes the policy', () => {
      chain.block([send({ key: 'k', value: '1', policy: owned() }, all)], orderers);
      chain.block([send({ key: 'k', policy: signaturePolicy(1, [['A', 'peer']]).serializeBinary() }, [all[0], all[2], all[3]])], orderers);
      refused('chain.validity', /^transaction/, /policy of key "k"/);
    });

    it('lets nobody write the key in the block that changes the policy', () => {
      chain.block([send({ key: 'k', value: '1', policy: owned() }, all), send({ key: 'k', value: '2' }, all)], orderers, [0, policyFailure]);
      expect(verdict()).to.equal(undefined);
      chain.block([send({ key: 'm', value: '1', policy: owned() }, all), send({ key: 'm', value: '2' }, all)], orderers);
      refused('chain.validity', /^transaction/, /policy of key "m" was changed in the same block/);
    });
  });

  it('takes an organization\'s word for its own collection, and for no other\'s', () => {
    chain.block([send({ collection: '_implicit_org_B', key: 'k', value: 'secret' }, [all[1]])], orderers);
    expect(verdict()).to.equal(undefined);
    chain.block([send({ collection: '_implicit_org_B', key: 'k', value: 'other' }, [all[0]])], orderers);
    refused('chain.validity', /^transaction/, /is not endorsed as collection _implicit_org_B demands/);
  });
});
