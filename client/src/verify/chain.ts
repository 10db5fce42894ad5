/** The chain: blocks from the pinned first one on, signed by orderers, each transaction endorsed, the state replayed from its writes. */
import { StatusCode } from '@hyperledger/fabric-gateway';
import { common, peer } from '@hyperledger/fabric-protos';
import { blockDigest, dataHashOf, readBlock, type Block } from '../evidence/block.js';
import { readChannelConfig } from '../evidence/channel-config.js';
import type { Evidence, SignedHead } from '../evidence/evidence.js';
import { ordererSignatures } from '../evidence/orderer-signatures.js';
import { Organizations, readParty } from '../evidence/organizations.js';
import type { NamespaceSet } from '../evidence/read-write-set.js';
import { isWellFormed, readTransaction, type EndorserTransaction, type Transaction } from '../evidence/transaction.js';
import type { TrustRoot } from '../evidence/trust-root.js';
import { BlockUpdates, WorldState } from '../evidence/world-state.js';
import type { Report } from './report.js';

/** A transaction that the channel's members accepted, at its place. */
export interface ValidTransaction extends EndorserTransaction {
  readonly block: number;
  /** DER of the SubjectPublicKeyInfo in the creator's certificate. */
  readonly creatorKey: Uint8Array;
}

/** What the chain says once its checks have passed. */
export interface Chain {
  readonly blocks: readonly Block[];
  readonly valid: readonly ValidTransaction[];
  /** All endorser transactions, the refused ones too: two signatures over one round are found here. */
  readonly all: readonly EndorserTransaction[];
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const blockName = (number: number): string => `block ${number}`;
const lifecycle = '_lifecycle';
const implicitCollection = '_implicit_org_';

/** Codes that this replay finds by itself; of others it has only the peers' word, which their commit hashes bind. */
const replayed: ReadonlySet<number> = new Set([
  StatusCode.BAD_CREATOR_SIGNATURE, StatusCode.BAD_PROPOSAL_TXID, StatusCode.DUPLICATE_TXID, StatusCode.ENDORSEMENT_POLICY_FAILURE,
  StatusCode.MVCC_READ_CONFLICT, StatusCode.PHANTOM_READ_CONFLICT,
]);

function readBlocks(evidence: Evidence, report: Report): Block[] {
  return evidence.blocks.map((bytes, number) => {
    try {
      return readBlock(bytes);
    } catch (cause) {
      return report.broken('chain.headers', blockName(number), `cannot be read: ${String(cause)}`);
    }
  });
}

/** The first block is the pinned one, and it names the pinned organizations and orderers. */
function checkTrustRoot(genesis: Block, evidence: Evidence, trustRoot: TrustRoot, report: Report): void {
  const fail = (object: string, message: string): never => report.broken('trust.root', object, message);
  if (evidence.channel !== trustRoot.channel) fail(evidence.channel, `the trust root is for channel ${trustRoot.channel}`);
  if (genesis.number !== 0 || blockDigest(genesis) !== trustRoot.genesis) fail(blockDigest(genesis), `the first block is not the pinned ${trustRoot.genesis}`);
  if (!same(dataHashOf(genesis.envelopes), genesis.dataHash)) fail(blockName(0), 'the data hash in the header is another');
  const [envelope] = genesis.envelopes;
  const transaction = envelope === undefined ? undefined : readTransaction(envelope);
  if (transaction?.kind !== 'config') return fail(blockName(0), 'holds no configuration');
  checkConfig(blockName(0), transaction.config, trustRoot, fail);
  report.pass('trust.root', `${trustRoot.organizations.length} organizations, ${trustRoot.orderers.length} orderers`);
}

function checkConfig(object: string, bytes: Uint8Array, trustRoot: TrustRoot, fail: (object: string, message: string) => never): void {
  const config = readChannelConfig(bytes);
  for (const [mspId, found] of config.authorities) {
    const pinned = trustRoot.organizations.find((entry) => entry.mspId === mspId)?.caCertificates ?? [];
    if (found.some((pem) => !pinned.some((other) => other.trim() === pem.trim()))) fail(mspId, `${object} names a certificate authority that is not pinned`);
  }
  const missing = trustRoot.organizations.find(({ mspId }) => !config.authorities.has(mspId));
  if (missing !== undefined) fail(missing.mspId, `is not an organization of ${object}`);
  if (trustRoot.consensus !== 'bft') return;
  const same = (entry: ChannelConsenter): boolean =>
    trustRoot.orderers.some((pinned) => pinned.consenterId === entry.consenterId && pinned.mspId === entry.mspId && pinned.certificate.trim() === entry.certificate.trim());
  const strange = config.consenters.find((entry) => !same(entry));
  if (strange !== undefined || config.consenters.length !== trustRoot.orderers.length) fail(strange?.mspId ?? object, `the orderers of ${object} are not the pinned ones`);
}
type ChannelConsenter = ReturnType<typeof readChannelConfig>['consenters'][number];

/** Each block follows the one before, holds the data it says, and is signed by a quorum of orderers. */
function checkHeaders(blocks: readonly Block[], trustRoot: TrustRoot, organizations: Organizations, report: Report): void {
  blocks.forEach((block, number) => {
    const before = blocks[number - 1];
    if (before === undefined) return;
    const fail = (message: string): never => report.broken('chain.headers', blockName(number), message);
    if (block.number !== number) fail(`calls itself block ${block.number}`);
    if (!same(block.previousHash, before.hash)) fail('does not follow the block before');
    if (!same(block.dataHash, dataHashOf(block.envelopes))) fail('its data are not those of its header');
    if (block.validity.length !== block.envelopes.length) fail(`has ${block.validity.length} validity codes for ${block.envelopes.length} transactions`);
    const { good, needed } = ordererSignatures(block, trustRoot, organizations);
    if (good < needed) fail(`${good} good signatures of orderers, ${needed} are needed`);
  });
  report.pass('chain.headers', `${blocks.length} blocks`);
}

/** Which organizations must have endorsed: a group of so many for public state; for an organization's own collection of the lifecycle, that one. */
function isEndorsed(transaction: EndorserTransaction, organizations: Organizations, { endorsement }: TrustRoot): boolean {
  const peers = new Set<string>();
  for (const { endorser, message, signature } of transaction.endorsements) {
    const member = organizations.signer(endorser, message, signature);
    if (member?.units.includes('peer') === true && endorsement.mspIds.includes(member.mspId)) peers.add(member.mspId);
  }
  const written = transaction.sets.filter(({ writes, metadataKeys }) => writes.length + metadataKeys.length > 0);
  const own = (set: NamespaceSet): boolean => set.namespace === lifecycle && set.collection.startsWith(implicitCollection);
  if (written.length > 0 && written.every(own)) return written.every(({ collection }) => peers.has(collection.slice(implicitCollection.length)));
  return peers.size >= endorsement.minimum;
}

/** Why a transaction is not valid, as far as it shows without the state. */
function formFault(transaction: EndorserTransaction, organizations: Organizations, trustRoot: TrustRoot, seen: ReadonlySet<string>): string | undefined {
  if (transaction.channel !== trustRoot.channel) return `is for channel ${transaction.channel}`;
  if (transaction.faults[0] !== undefined) return transaction.faults[0];
  if (organizations.signer(transaction.creator, transaction.payload, transaction.signature) === undefined) return `is not signed by a member of ${transaction.creator.mspId}`;
  if (seen.has(transaction.txId)) return 'its ID was used before';
  if (!isEndorsed(transaction, organizations, trustRoot)) return 'is not endorsed as the channel demands';
  return undefined;
}

function open(block: Block, bytes: Uint8Array, index: number, report: Report): Transaction {
  const object = `${blockName(block.number)}, transaction ${index}`;
  try {
    const transaction = readTransaction(bytes);
    if (transaction.kind === 'endorser' && !isWellFormed(bytes)) return report.broken('chain.validity', object, 'is not in its one encoding');
    return transaction;
  } catch (cause) {
    return report.broken('chain.validity', object, `cannot be read: ${String(cause)}`);
  }
}

/** Replays all blocks: validity codes as recorded must be those that follow, and so must the commit hashes. */
function replay(blocks: readonly Block[], trustRoot: TrustRoot, organizations: Organizations, report: Report): Omit<Chain, 'blocks'> & { commitHashes: Uint8Array[] } {
  const state = new WorldState();
  const [seen, valid, all, commitHashes] = [new Set<string>(), [] as ValidTransaction[], [] as EndorserTransaction[], [new Uint8Array()] as Uint8Array[]];
  for (const block of blocks.slice(1)) {
    const updates = new BlockUpdates();
    block.envelopes.forEach((bytes, index) => {
      const transaction = open(block, bytes, index, report);
      const code = block.validity[index];
      if (transaction.kind === 'config') {
        checkConfig(blockName(block.number), transaction.config, trustRoot, (object, message) => report.broken('trust.root', object, `${message}: pin a new trust root`));
        return;
      }
      all.push(transaction);
      const fault = formFault(transaction, organizations, trustRoot, seen) ?? state.conflict(transaction.sets, updates);
      seen.add(transaction.txId);
      const fail = (message: string): never => report.broken('chain.validity', `transaction ${transaction.txId}`, message);
      if (code === StatusCode.VALID && fault !== undefined) fail(`stands as valid, but ${fault}`);
      if (code !== StatusCode.VALID && fault === undefined && replayed.has(code ?? -1)) fail(`stands as refused with code ${String(code)}, but nothing is wrong with it`);
      if (code !== StatusCode.VALID) return;
      const creatorKey = organizations.member(transaction.creator)?.spki ?? new Uint8Array();
      valid.push({ ...transaction, block: block.number, creatorKey });
      state.apply(transaction.sets, { block: block.number, index }, updates);
    });
    const commitHash = state.commit(block.validity, updates);
    if (!same(commitHash, block.commitHash)) report.broken('chain.validity', blockName(block.number), 'its commit hash is not the one that follows from its transactions');
    commitHashes.push(commitHash);
  }
  return { valid, all, commitHashes };
}

/** The block inside a peer's endorsed answer, if it is the peer's own query chaincode that answered. */
function endorsedBlock(head: SignedHead): Block {
  const action = peer.ChaincodeAction.deserializeBinary(peer.ProposalResponsePayload.deserializeBinary(head.payload).getExtension_asU8());
  if (action.getChaincodeId()?.getName() !== 'qscc') throw new Error('is not an answer of the query chaincode');
  return readBlock(action.getResponse()?.getPayload_asU8() ?? new common.Block().serializeBinary());
}

/** Peers of enough organizations have signed the same head: the same block with the same chained commit hash. */
function checkHeads(heads: readonly SignedHead[], blocks: readonly Block[], commitHashes: readonly Uint8Array[], trustRoot: TrustRoot, organizations: Organizations, report: Report): void {
  const agreed = new Set<string>();
  for (const head of heads) {
    const fail = (message: string): never => report.broken('chain.validity', `head of ${head.mspId}`, message);
    const party = readParty(head.endorser);
    const member = organizations.signer(party, Buffer.concat([head.payload, head.endorser]), head.signature);
    if (member?.units.includes('peer') !== true || member.mspId !== head.mspId) return fail('is not signed by a peer of that organization');
    const block = endorsedBlock(head);
    const own = blocks[block.number];
    const commitHash = commitHashes[block.number];
    if (own === undefined || commitHash === undefined) return fail(`speaks of block ${block.number}, which is not in the evidence`);
    if (!same(own.hash, block.hash)) fail(`its block ${block.number} is another`);
    if (!same(commitHash, block.commitHash)) fail(`its commit hash of block ${block.number} is another`);
    if (block.number === blocks.length - 1) agreed.add(member.mspId);
  }
  const { minimum } = trustRoot.endorsement;
  if (agreed.size < minimum) report.broken('chain.validity', blockName(blocks.length - 1), `EVIDENCE_INCOMPLETE: peers of ${agreed.size} organizations signed this head, ${minimum} are needed`);
}

/** Checks `trust.root`, `chain.headers` and `chain.validity`. @throws Broken when one of them fails. */
export function verifyChain(evidence: Evidence, trustRoot: TrustRoot, report: Report): Chain {
  const organizations = new Organizations(trustRoot);
  const blocks = readBlocks(evidence, report);
  const [genesis] = blocks;
  if (genesis === undefined) return report.broken('trust.root', trustRoot.genesis, 'the evidence holds no block');
  checkTrustRoot(genesis, evidence, trustRoot, report);
  checkHeaders(blocks, trustRoot, organizations, report);
  const { valid, all, commitHashes } = replay(blocks, trustRoot, organizations, report);
  checkHeads(evidence.heads, blocks, commitHashes, trustRoot, organizations, report);
  report.pass('chain.validity', `${valid.length} valid of ${all.length} transactions`);
  return { blocks, valid, all };
}
