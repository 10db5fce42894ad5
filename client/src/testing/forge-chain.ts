/** A chain of blocks for a test: really signed by orderers, clients, peers and administrators whose keys the test holds. */
import { createHash } from 'node:crypto';
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { dataHashOf, headerBytesOf, blockDigest, readBlock } from '../evidence/block.js';
import type { Evidence, SignedHead } from '../evidence/evidence.js';
import type { Role } from '../evidence/channel-config.js';
import { readTransaction } from '../evidence/transaction.js';
import type { TrustRoot } from '../evidence/trust-root.js';
import { BlockUpdates, WorldState } from '../evidence/world-state.js';
import { changed, firstConfig } from './forge-config.js';
import type { Organization, Signatory } from './forge-organization.js';

const defaultChannel = 'forged';

/** What a transaction does to a namespace, or a private collection of it. */
export interface Action {
  readonly namespace?: string;
  readonly collection?: string;
  readonly key: string;
  readonly value?: string | Uint8Array;
  /** Key-level policy that is set. */
  readonly policy?: Uint8Array;
}

/** How a configuration is changed. */
export interface Change {
  readonly admins: readonly Signatory[];
  /** Who orders the block, by consenter number. */
  readonly orderers: readonly (readonly [id: number, organization: Organization])[];
  readonly sequence?: number;
  /** What the block's configuration holds besides the update's own result. */
  readonly tamper?: (root: common.ConfigGroup) => void;
  /** The configuration that the update was made from; the one in force by default. */
  readonly from?: common.ConfigGroup;
  readonly channel?: string;
  /** Transactions in the same block. */
  readonly beside?: readonly Uint8Array[];
}

const sha256 = (...parts: Uint8Array[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

function headerOf(channel: string, type: number, creator: Uint8Array, nonce: Uint8Array, extension: Uint8Array = new Uint8Array()): common.Header {
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(type);
  channelHeader.setChannelId(channel);
  channelHeader.setTxId(sha256(nonce, creator).toString('hex'));
  channelHeader.setExtension$(extension);
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(creator);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  return header;
}

function sealed(header: common.Header, data: Uint8Array, by: Signatory): Uint8Array {
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(data);
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(by.sign(payload.serializeBinary()));
  return envelope.serializeBinary();
}

/** The read-write set of one action: blind writes, private ones by their hashes. */
function resultsOf({ namespace = 'epione', collection, key, value, policy }: Action): Uint8Array {
  const bytes = value === undefined ? undefined : Buffer.from(value);
  const entry = new ledger.rwset.kvrwset.KVMetadataEntry();
  entry.setName('VALIDATION_PARAMETER');
  entry.setValue(policy ?? '');
  const part = new ledger.rwset.NsReadWriteSet();
  part.setNamespace(namespace);
  if (collection === undefined) {
    const set = new ledger.rwset.kvrwset.KVRWSet();
    if (bytes !== undefined) {
      const write = set.addWrites();
      write.setKey(key);
      write.setValue(bytes);
    }
    if (policy !== undefined) {
      const write = set.addMetadataWrites();
      write.setKey(key);
      write.addEntries(entry);
    }
    part.setRwset(set.serializeBinary());
  } else {
    const hashed = new ledger.rwset.kvrwset.HashedRWSet();
    const write = hashed.addHashedWrites();
    write.setKeyHash(sha256(Buffer.from(key)));
    write.setValueHash(sha256(bytes ?? new Uint8Array()));
    const own = part.addCollectionHashedRwset();
    own.setCollectionName(collection);
    own.setHashedRwset(hashed.serializeBinary());
  }
  const all = new ledger.rwset.TxReadWriteSet();
  all.addNsRwset(part);
  return all.serializeBinary();
}

function endorse(response: Uint8Array, by: readonly Signatory[]): peer.ChaincodeEndorsedAction {
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(response);
  for (const { identity, sign } of by) {
    const endorsement = endorsed.addEndorsements();
    endorsement.setEndorser(identity);
    endorsement.setSignature(sign(Buffer.concat([response, identity])));
  }
  return endorsed;
}

/** The members' signatories of a role. */
export const signatories = (role: Role, ...organizations: readonly Organization[]): Signatory[] => organizations.map(({ by }) => by[role]);

/** A chain that grows block by block. */
export class ForgedChain {
  readonly #organizations: readonly Organization[];
  readonly #minimum: number;
  readonly #channel: string;
  readonly #state = new WorldState();
  readonly #blocks: Uint8Array[] = [];
  #config: common.ConfigGroup;
  #sequence = 0;
  #nonce = 0;

  /**
   * @param minimum how many organizations' peers must endorse.
   * @param blocks of a chain that is gone on with.
   */
  constructor(organizations: readonly Organization[], minimum: number, blocks: readonly Uint8Array[] = [], channel = defaultChannel) {
    this.#organizations = organizations;
    this.#minimum = minimum;
    this.#channel = channel;
    this.#config = firstConfig(organizations, minimum);
    for (const bytes of blocks) {
      const { number, envelopes, validity } = readBlock(bytes);
      this.#commit(number, envelopes, validity);
      this.#blocks.push(bytes);
    }
    if (blocks.length === 0) this.#append([this.#configEnvelope(this.#config, 0)], [], []);
  }

  /** The same chain, its configuration never changed, up to a block, to go on otherwise: what whoever holds all keys can do. */
  before(number: number): ForgedChain {
    const other = new ForgedChain(this.#organizations, this.#minimum, this.#blocks.slice(0, number), this.#channel);
    other.#nonce = this.#nonce;
    return other;
  }

  get trustRoot(): TrustRoot {
    return {
      channel: this.#channel,
      genesis: blockDigest(readBlock(this.#blocks[0] as Uint8Array)),
      organizations: this.#organizations.map(({ mspId, caPem }) => ({ mspId, caCertificates: [caPem], tlsCaCertificates: [] })),
      orderers: this.#organizations.map(({ mspId, by }, at) => ({ mspId, certificate: by.orderer.pem, consenterId: at + 1 })),
      consensus: 'bft',
      endorsement: { minimum: this.#minimum, mspIds: this.#organizations.map(({ mspId }) => mspId) },
    };
  }

  #fresh(): Buffer {
    return Buffer.from(`nonce ${this.#nonce++}`);
  }

  #configEnvelope(root: common.ConfigGroup, sequence: number, update?: common.Envelope): Uint8Array {
    const config = new common.Config();
    config.setSequence(sequence);
    config.setChannelGroup(root);
    const envelope = new common.ConfigEnvelope();
    envelope.setConfig(config);
    if (update !== undefined) envelope.setLastUpdate(update);
    const by = (this.#organizations[0] as Organization).by.orderer;
    return sealed(headerOf(this.#channel, 1, by.identity, this.#fresh()), envelope.serializeBinary(), by);
  }

  /** Applies a block to the state. @returns its commit hash, empty for block 0. */
  #commit(number: number, envelopes: readonly Uint8Array[], validity: Uint8Array): Uint8Array {
    const updates = new BlockUpdates();
    envelopes.forEach((bytes, index) => {
      const transaction = readTransaction(bytes);
      if (validity[index] === 0 && transaction.kind === 'endorser') this.#state.apply(transaction.sets, { block: number, index }, updates);
    });
    return number === 0 ? new Uint8Array() : this.#state.commit(validity, updates);
  }

  #append(envelopes: readonly Uint8Array[], codes: readonly number[], orderers: Change['orderers']): void {
    const number = this.#blocks.length;
    const last = this.#blocks.at(-1);
    const previous = last === undefined ? new Uint8Array() : readBlock(last).hash;
    const header = new common.BlockHeader();
    header.setNumber(number);
    header.setPreviousHash(previous);
    header.setDataHash(dataHashOf(envelopes));
    const data = new common.BlockData();
    data.setDataList([...envelopes]);
    const signatures = new common.Metadata();
    for (const [id, { by }] of orderers) {
      const identifier = new common.IdentifierHeader();
      identifier.setIdentifier(id);
      const signature = signatures.addSignatures();
      signature.setIdentifierHeader(identifier.serializeBinary());
      signature.setSignature(by.orderer.sign(Buffer.concat([identifier.serializeBinary(), headerBytesOf(number, previous, dataHashOf(envelopes))])));
    }
    const validity = Uint8Array.from(envelopes, (_, at) => codes[at] ?? 0);
    const commitHash = new common.Metadata();
    commitHash.setValue(this.#commit(number, envelopes, validity));
    const metadata = new common.BlockMetadata();
    metadata.setMetadataList([signatures.serializeBinary(), new Uint8Array(), validity, new Uint8Array(), commitHash.serializeBinary()]);
    const block = new common.Block();
    block.setHeader(header);
    block.setData(data);
    block.setMetadata(metadata);
    this.#blocks.push(block.serializeBinary());
  }

  /** The configuration in force. */
  get config(): common.ConfigGroup {
    return this.#config;
  }

  /** A block that changes the configuration. */
  change(how: (root: common.ConfigGroup) => void, { admins, orderers, sequence, tamper, from = this.#config, channel: named = this.#channel, beside = [] }: Change): void {
    const { after, envelope } = changed(named, from, how, admins);
    this.#config = after;
    this.#sequence = sequence ?? this.#sequence + 1;
    const shown = common.ConfigGroup.deserializeBinary(after.serializeBinary());
    tamper?.(shown);
    this.#append([this.#configEnvelope(shown, this.#sequence, envelope), ...beside], [], orderers);
  }

  /** A transaction that somebody sends and peers of these have endorsed. */
  transaction(action: Action, client: Organization, endorsers: readonly Organization[]): Uint8Array {
    const chaincode = action.namespace ?? 'epione';
    const id = new peer.ChaincodeID();
    id.setName(chaincode);
    const extension = new peer.ChaincodeHeaderExtension();
    extension.setChaincodeId(id);
    const { identity } = client.by.client;
    const header = headerOf(this.#channel, 3, identity, this.#fresh(), extension.serializeBinary());
    const done = new peer.ChaincodeAction();
    done.setChaincodeId(id);
    done.setResults(resultsOf(action));
    const response = new peer.ProposalResponsePayload();
    response.setProposalHash(sha256(header.getChannelHeader_asU8(), header.getSignatureHeader_asU8()));
    response.setExtension$(done.serializeBinary());
    const payload = new peer.ChaincodeActionPayload();
    payload.setAction(endorse(response.serializeBinary(), signatories('peer', ...endorsers)));
    const transaction = new peer.Transaction();
    const only = transaction.addActions();
    only.setHeader(header.getSignatureHeader_asU8());
    only.setPayload(payload.serializeBinary());
    return sealed(header, transaction.serializeBinary(), client.by.client);
  }

  /** A block of transactions with the codes that peers recorded. */
  block(envelopes: readonly Uint8Array[], orderers: Change['orderers'], codes: readonly number[] = []): void {
    this.#append(envelopes, codes, orderers);
  }

  /** Evidence of the chain, with the word of these organizations' peers on its head. */
  evidence(...speakers: readonly Organization[]): Evidence {
    const last = this.#blocks.at(-1) as Uint8Array;
    const heads = speakers.map(({ mspId, by }): SignedHead => {
      const id = new peer.ChaincodeID();
      id.setName('qscc');
      const response = new peer.Response();
      response.setPayload(last);
      const done = new peer.ChaincodeAction();
      done.setChaincodeId(id);
      done.setResponse(response);
      const answer = new peer.ProposalResponsePayload();
      answer.setExtension$(done.serializeBinary());
      const payload = answer.serializeBinary();
      return { mspId, payload, endorser: by.peer.identity, signature: by.peer.sign(Buffer.concat([payload, by.peer.identity])) };
    });
    return { channel: this.#channel, blocks: [...this.#blocks], heads };
  }
}

/** The agreed definition of a chaincode that follows the channel's own endorsement policy. */
export function definitionOf(chaincode: string): Action {
  const policy = new peer.ApplicationPolicy();
  policy.setChannelConfigPolicyReference('/Channel/Application/Endorsement');
  const info = new peer.lifecycle.ChaincodeValidationInfo();
  info.setValidationParameter(policy.serializeBinary());
  const data = new peer.lifecycle.StateData();
  data.setBytes(info.serializeBinary());
  return { namespace: '_lifecycle', key: `namespaces/fields/${chaincode}/ValidationInfo`, value: data.serializeBinary() };
}
