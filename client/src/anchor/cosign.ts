/** An organization cosigns the channel's log: after the chain was checked, and the log began with all that it cosigned before. */
import {
  checkpointOf, CodedError, cosign, cosignerName, fromBase64Url, fromHex, logOrigin, sign, toBase64Url, toHex, type Cosignature, type Digest, type MerkleLog, type NoteKey, type ParticipantRecord, type Signer,
} from '@epione/protocol';
import { sameBytes } from '../evidence/bytes.js';
import type { TrustRoot } from '../evidence/trust-root.js';
import type { Committed } from '../ledger/calls.js';
import type { AnchorCalls } from '../ledger/contracts/anchor.js';
import type { Ledger } from '../ledger/ledger.js';
import { UsageError } from '../ledger/faults.js';
import { checkedHistory, type CheckedHistory } from '../verify/checked-history.js';
import type { Registry } from '../verify/replay/registry.js';
import { logOf } from './block-log.js';
import { checkpointsIn } from './checkpoints.js';
import { readMemory, writeMemory, type Remembered } from './memory.js';
import { standingOf } from './views.js';

/** An organization's keys for cosignatures. */
export interface CosigningKeys {
  /** That of its current record. */
  readonly signer: Signer;
  /** ML-DSA-44, for those who know C2SP only. */
  readonly witness?: NoteKey;
}

/** What the organization cosigned, by its own memory and by the ledger's: the log must begin with both. */
function assertGrown(log: MerkleLog, mspId: string, known: readonly { readonly size: number; readonly root: string }[]): number {
  for (const { size, root } of known) {
    const standing = standingOf({ size, root: fromHex(root) }, log);
    if (standing === 'beyond') throw new CodedError('EVIDENCE_INCOMPLETE', `${mspId} cosigned ${size} blocks already, the evidence holds ${log.size}`);
    if (standing === 'differs') throw new CodedError('EQUIVOCATION', `the first ${size} blocks are not those that ${mspId} cosigned: keep the evidence, and ask the others for theirs`);
  }
  return Math.max(0, ...known.map(({ size }) => size));
}

function currentRecord({ participants, records }: Registry, mspId: string, signer: Signer): { digest: Digest; record: ParticipantRecord } {
  const state = participants.get(mspId);
  const record = state?.status === 'current' ? records.get(state.record)?.statement : undefined;
  if (state === undefined || record === undefined) throw new UsageError(`${mspId} has no current record`);
  if (!sameBytes(fromBase64Url(record.signingKey), signer.publicKey)) throw new UsageError(`the key is not the one of the current record of ${mspId}`);
  return { digest: state.record as Digest, record };
}

/**
 * The next cosignature of an organization: of the latest checkpoint that others cosigned and that is true, or else of all blocks.
 * @param remembered what it signed last, by its own memory.
 * @param time seconds since 1970 UTC.
 * @returns undefined where nothing has grown.
 * @throws CodedError EQUIVOCATION where the chain is another than it cosigned before; EVIDENCE_INCOMPLETE where it ends before; UsageError for a key that is not the record's, or a memory of another log.
 */
export function nextCosignature({ chain, ledger }: CheckedHistory, { channel, genesis }: TrustRoot, mspId: string, { signer, witness }: CosigningKeys, remembered: Remembered | undefined, time: number): Cosignature | undefined {
  const log = logOf(chain.blocks);
  const origin = logOrigin(channel, genesis as Digest);
  if (remembered !== undefined && remembered.origin !== origin) throw new UsageError(`the memory is of the log ${remembered.origin}, not of ${origin}`);
  const before = ledger.anchors.get(mspId);
  const last = assertGrown(log, mspId, [remembered, before].filter((one) => one !== undefined));
  const latest = checkpointsIn(ledger.cosignatures).findLast(({ size, root }) => size > last && standingOf({ size, root: fromHex(root) }, log) === 'stands');
  const size = latest?.size ?? log.size;
  if (size <= last) return undefined;
  const { digest, record } = currentRecord(ledger, mspId, signer);
  const bare = { channel, genesis: genesis as Digest, mspId, record: digest, size, root: toHex(log.root(size)) };
  const name = cosignerName(channel, mspId);
  const own = { name, algorithm: record.signatureSuite, publicKey: signer.publicKey, sign: (message: Uint8Array) => signer.sign(message) };
  const checkpoint = checkpointOf(bare);
  return {
    ...bare,
    ...(before === undefined ? {} : { previous: { size: before.size, root: before.root } }),
    consistency: before === undefined ? [] : log.consistency(before.size, size).map(toHex),
    lines: [cosign(own, checkpoint, time), ...(witness === undefined ? [] : [cosign({ ...witness, name, algorithm: 'mldsa44' }, checkpoint, time)])],
    ...(witness === undefined ? {} : { witnessKey: toBase64Url(witness.publicKey) }),
  };
}

/** Sends a cosignature, once it is remembered: a crash between the two costs a cosignature, never a contradiction. */
export async function sendCosignature(ledger: Pick<AnchorCalls, 'cosign'>, statement: Cosignature, signer: Signer, remember: (last: Remembered) => Promise<void>): Promise<Committed> {
  const { size, root } = statement;
  await remember({ origin: checkpointOf(statement).origin, size, root });
  return ledger.cosign(sign('cosignature', statement, signer));
}

/** With what an organization cosigns. */
export interface CosignOptions extends CosigningKeys {
  readonly trustRoot: TrustRoot;
  /** Name of the chaincode that holds the cosignatures. */
  readonly chaincode: string;
  /** File that remembers what was cosigned last; made the first time. */
  readonly memory: string;
  /** Seconds since 1970 UTC. */
  readonly time: number;
}

/**
 * Takes the channel's evidence, checks it whole, and puts the caller's next cosignature on the ledger.
 * @returns what was cosigned; undefined where nothing has grown.
 * @throws as `nextCosignature`, and CodedError as the ledger's calls.
 */
export async function cosignLedger(ledger: Pick<Ledger, 'mspId' | 'evidence' | 'cosign'>, { trustRoot, chaincode, memory, time, ...keys }: CosignOptions): Promise<(Committed & { readonly size: number }) | undefined> {
  const remembered = await readMemory(memory);
  const history = checkedHistory(await ledger.evidence(), trustRoot, chaincode);
  const statement = nextCosignature(history, trustRoot, ledger.mspId, keys, remembered, time);
  if (statement === undefined) return undefined;
  const committed = await sendCosignature(ledger, statement, keys.signer, async (last) => writeMemory(memory, last));
  return { ...committed, size: statement.size };
}
