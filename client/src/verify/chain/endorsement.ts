/** Whose endorsement a transaction needs: of each key it writes, or the collection's, or the chaincode's (Fabric, validation/statebased). */
import { peer } from '@hyperledger/fabric-protos';
import type { Member } from '../../evidence/organizations.js';
import { meetsPolicy, meetsSignaturePolicy } from '../../evidence/policy.js';
import { isWriting } from '../../evidence/read-write-set.js';
import type { EndorserTransaction } from '../../evidence/transaction.js';
import type { WorldState } from '../../evidence/world-state.js';
import type { Configuration } from './configuration.js';

const lifecycle = '_lifecycle';
const implicitCollection = '_implicit_org_';

/** A key as a name, for sets. */
export const keyName = (namespace: string, collection: string, key: string): string => `${namespace}\u0000\u0000${collection}\u0000\u0000${key}`;

/** What was agreed about a chaincode, from the state of the lifecycle's own chaincode; undefined where it is not committed. */
function definition(state: WorldState, chaincode: string, field: 'ValidationInfo' | 'Collections'): Uint8Array | undefined {
  const value = state.get(lifecycle, `namespaces/fields/${chaincode}/${field}`);
  return value === undefined ? undefined : peer.lifecycle.StateData.deserializeBinary(value).getBytes_asU8();
}

/** The endorsers of one transaction, and what policies say of them. */
class Endorsers {
  readonly #signers: readonly Member[];
  readonly #configuration: Configuration;
  readonly #state: WorldState;

  constructor(signers: readonly Member[], configuration: Configuration, state: WorldState) {
    this.#signers = signers;
    this.#configuration = configuration;
    this.#state = state;
  }

  #meetsReference(path: string): boolean {
    return meetsPolicy(this.#configuration.config.elements, path, this.#signers);
  }

  #meets(policy: peer.ApplicationPolicy): boolean {
    const own = policy.getSignaturePolicy();
    return own === undefined ? this.#meetsReference(policy.getChannelConfigPolicyReference()) : meetsSignaturePolicy(own.serializeBinary(), this.#signers);
  }

  meetsKey(policy: Uint8Array): boolean {
    return meetsSignaturePolicy(policy, this.#signers);
  }

  /** The chaincode's policy, and the number of organizations that was pinned. */
  meetsChaincode(chaincode: string): boolean {
    if (!this.#configuration.meetsPinned(this.#signers)) return false;
    if (chaincode === lifecycle) return this.#meetsReference('/Channel/Application/LifecycleEndorsement');
    const info = definition(this.#state, chaincode, 'ValidationInfo');
    if (info === undefined) return false;
    return this.#meets(peer.ApplicationPolicy.deserializeBinary(peer.lifecycle.ChaincodeValidationInfo.deserializeBinary(info).getValidationParameter_asU8()));
  }

  /** An organization's own collection has that organization's policy; others may have one, else the chaincode's holds. */
  meetsCollection(chaincode: string, collection: string): boolean {
    if (collection.startsWith(implicitCollection)) {
      const name = this.#configuration.config.applications.get(collection.slice(implicitCollection.length));
      return name !== undefined && this.#meetsReference(`/Channel/Application/${name}/Endorsement`);
    }
    const all = peer.CollectionConfigPackage.deserializeBinary(definition(this.#state, chaincode, 'Collections') ?? new Uint8Array()).getConfigList();
    const own = all.map((entry) => entry.getStaticCollectionConfig()).find((entry) => entry?.getName() === collection);
    if (own === undefined) return false;
    const policy = own.getEndorsementPolicy();
    return policy === undefined ? this.meetsChaincode(chaincode) : this.#meets(policy);
  }
}

/** The peers that endorsed, each once. */
function peersOf(transaction: EndorserTransaction, { organizations }: Configuration): Member[] {
  const signers = transaction.endorsements.map(({ endorser, message, signature }) => organizations.signer(endorser, message, signature));
  return [...new Set(signers.filter((signer) => signer !== undefined))];
}

/**
 * Why a transaction is not endorsed as it must be; undefined when it is.
 * @param state before the transaction's block.
 * @param changed keys whose policy an earlier transaction of the block wrote: nobody else may write them in this block.
 */
export function endorsementFault(transaction: EndorserTransaction, configuration: Configuration, state: WorldState, changed: ReadonlySet<string>): string | undefined {
  const endorsers = new Endorsers(peersOf(transaction, configuration), configuration, state);
  const writing = transaction.sets.filter(isWriting);
  for (const namespace of new Set([transaction.chaincode, ...writing.map((set) => set.namespace)])) {
    const sets = writing.filter((set) => set.namespace === namespace);
    for (const { collection, writes, metadataWrites } of sets) {
      let others = false;
      for (const key of new Set([...writes, ...metadataWrites].map((write) => write.key))) {
        const named = `key ${JSON.stringify(key)}${collection === '' ? '' : ` of collection ${collection}`}`;
        if (changed.has(keyName(namespace, collection, key))) return `the policy of ${named} was changed in the same block`;
        const policy = state.policy(namespace, collection, key);
        if (policy === undefined) others = true;
        else if (!endorsers.meetsKey(policy)) return `is not endorsed as the policy of ${named} demands`;
      }
      if (others && collection !== '' && !endorsers.meetsCollection(namespace, collection)) return `is not endorsed as collection ${collection} demands`;
      if (others && collection === '' && !endorsers.meetsChaincode(namespace)) return 'is not endorsed as the channel demands';
    }
    if (sets.length === 0 && !endorsers.meetsChaincode(namespace)) return 'is not endorsed as the channel demands';
  }
  return undefined;
}
