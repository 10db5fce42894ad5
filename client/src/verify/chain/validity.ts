/** Every transaction is judged anew, the state replayed from its writes: recorded validity and commit hashes must be those that follow. */
import { peer } from '@hyperledger/fabric-protos';
import type { Block } from '../../evidence/block.js';
import { sameBytes } from '../../evidence/bytes.js';
import type { Version } from '../../evidence/read-write-set.js';
import { isWellFormed, readTransaction, type EndorserTransaction, type Transaction } from '../../evidence/transaction.js';
import { BlockUpdates, WorldState } from '../../evidence/world-state.js';
import type { Report } from '../report.js';
import type { Configuration } from './configuration.js';
import { endorsementFault, keyName } from './endorsement.js';

/** A transaction at its place in the chain. */
export interface PlacedTransaction extends EndorserTransaction {
  readonly block: number;
  /** Fabric's validation code (peer.TxValidationCode); 0 is valid. */
  readonly code: number;
}

/** A transaction that the channel's members accepted. */
export interface ValidTransaction extends PlacedTransaction {
  /** DER of the SubjectPublicKeyInfo in the creator's certificate. */
  readonly creatorKey: Uint8Array;
}

/** What a replay finds. */
export interface Replayed {
  readonly valid: readonly ValidTransaction[];
  /** All endorser transactions, the refused ones too: two signatures over one round are found here. */
  readonly all: readonly PlacedTransaction[];
  /** The commit hash of each block; empty for block 0. */
  readonly commitHashes: readonly Uint8Array[];
}

const codes = peer.TxValidationCode;

/** Codes that this replay finds by itself; of others it has only the peers' word, which their commit hashes bind. */
const replayed: ReadonlySet<number> = new Set([
  codes.BAD_CREATOR_SIGNATURE, codes.BAD_PROPOSAL_TXID, codes.DUPLICATE_TXID, codes.ENDORSEMENT_POLICY_FAILURE,
  codes.MVCC_READ_CONFLICT, codes.PHANTOM_READ_CONFLICT,
]);

/** What holds for all transactions of a block. */
interface Setting {
  readonly channel: string;
  readonly configuration: Configuration;
  /** Before the block. */
  readonly state: WorldState;
  /** Keys whose policy was written earlier in the block. */
  readonly changed: Set<string>;
}

/** Why a transaction is not valid, as far as it shows without versions. */
function formFault(transaction: EndorserTransaction, { channel, configuration, state, changed }: Setting): string | undefined {
  if (transaction.channel !== channel) return `is for channel ${transaction.channel}`;
  if (transaction.faults[0] !== undefined) return transaction.faults[0];
  if (configuration.organizations.signer(transaction.creator, transaction.payload, transaction.signature) === undefined) return `is not signed by a member of ${transaction.creator.mspId}`;
  return endorsementFault(transaction, configuration, state, changed);
}

/** Adds the keys whose policy a transaction writes. */
function note({ sets }: EndorserTransaction, changed: Set<string>): void {
  for (const { namespace, collection, metadataWrites } of sets) for (const { key } of metadataWrites) changed.add(keyName(namespace, collection, key));
}

/** The transaction in an envelope; undefined when it cannot be read, which only a refused one may be. */
function open(bytes: Uint8Array): Transaction | undefined {
  try {
    return readTransaction(bytes);
  } catch {
    return undefined;
  }
}

/** The channel's state while its blocks are replayed. */
class Replay {
  readonly valid: ValidTransaction[] = [];
  readonly all: PlacedTransaction[] = [];
  readonly commitHashes: Uint8Array[] = [new Uint8Array()];
  readonly #state = new WorldState();
  readonly #seen = new Set<string>();
  readonly #channel: string;
  readonly #report: Report;

  constructor(channel: string, report: Report) {
    this.#channel = channel;
    this.#report = report;
  }

  #fail(object: string, message: string): never {
    return this.#report.broken('chain.validity', object, message);
  }

  /** Judges one transaction; a valid one joins the block's updates. @returns its ID, unless its form is at fault. */
  #judge(transaction: EndorserTransaction, code: number, place: Version, updates: BlockUpdates, inBlock: ReadonlySet<string>, setting: Setting): string | undefined {
    const placed: PlacedTransaction = { ...transaction, block: place.block, code };
    this.all.push(placed);
    const seen = this.#seen.has(transaction.txId) || inBlock.has(transaction.txId);
    const form = seen ? 'its ID was used before' : formFault(transaction, setting);
    // Whether versions hold or not: Fabric checks endorsements of the whole block first.
    if (form === undefined) note(transaction, setting.changed);
    const fault = form ?? this.#state.conflict(transaction.sets, updates);
    const object = `transaction ${transaction.txId}`;
    if (code !== codes.VALID) {
      const summarized = transaction.sets.some(({ ranges }) => ranges.some(({ found }) => found === undefined));
      if (fault === undefined && replayed.has(code) && !summarized) this.#fail(object, `stands as refused with code ${code}, but nothing is wrong with it`);
    } else if (fault !== undefined) {
      this.#fail(object, `stands as valid, but: ${fault}`);
    } else {
      const creatorKey = setting.configuration.organizations.member(transaction.creator)?.spki ?? new Uint8Array();
      this.valid.push({ ...placed, creatorKey });
      this.#state.apply(transaction.sets, place, updates);
    }
    return form === undefined ? transaction.txId : undefined;
  }

  block(block: Block, configuration: Configuration): void {
    const object = `block ${block.number}`;
    const updates = new BlockUpdates();
    const setting: Setting = { channel: this.#channel, configuration, state: this.#state, changed: new Set() };
    const [inBlock, ids] = [new Set<string>(), new Set<string>()];
    block.envelopes.forEach((bytes, index) => {
      const code = block.validity[index] ?? codes.NOT_VALIDATED;
      const transaction = open(bytes);
      if (transaction?.kind === 'config') {
        // Its content was judged with the headers, where a configuration is alone in its block.
        if (block.envelopes.length > 1 || code !== codes.VALID) this.#fail(object, 'holds a configuration that is not alone, or not in force');
        return;
      }
      if (!isWellFormed(bytes)) this.#fail(object, `transaction ${index} is not in its one encoding`);
      if (transaction === undefined) {
        if (code === codes.VALID) this.#fail(object, `transaction ${index} stands as valid and cannot be read`);
        return;
      }
      const id = this.#judge(transaction, code, { block: block.number, index }, updates, inBlock, setting);
      if (id !== undefined) inBlock.add(id);
      ids.add(transaction.txId);
    });
    for (const id of ids) this.#seen.add(id);
    const commitHash = this.#state.commit(block.validity, updates);
    if (!sameBytes(commitHash, block.commitHash)) this.#fail(object, 'its commit hash is not the one that follows from its transactions');
    this.commitHashes.push(commitHash);
  }
}

/** First part of check `chain.validity`. @param inForce the configuration before each block. @throws Broken. */
export function replay(blocks: readonly Block[], inForce: readonly Configuration[], channel: string, report: Report): Replayed {
  const replaying = new Replay(channel, report);
  for (const block of blocks.slice(1)) replaying.block(block, inForce[block.number] as Configuration);
  return replaying;
}
