/** Whose cosignatures count, and what a note is worth by them. */
import {
  CodedError, cosignedAt, cosignerKey, cosignerName, fromHex, isOf, readCheckpoint, readNote, type Checkpoint, type CosignerKey, type ParticipantRecord,
} from '@epione/protocol';
import type { TrustRoot } from '../evidence/trust-root.js';
import type { Registry } from '../verify/replay/registry.js';

/** Organizations and their keys, and how many of them must have cosigned. */
export interface Cosigners {
  readonly keys: readonly (CosignerKey & { readonly mspId: string })[];
  readonly minimum: number;
  /** Whether the keys rest on what the auditor pinned; if not, only on the ledger itself. */
  readonly pinned: boolean;
}

/** A note that was read, and the organizations whose signatures on it are good. */
export interface JudgedNote {
  readonly checkpoint: Checkpoint;
  /** MSP IDs, sorted. */
  readonly signers: readonly string[];
}

type PinnedKey = NonNullable<TrustRoot['anchors']>['cosigners'][number];

/** Records whose key is the pinned one, or was signed for by it. What members let in without its signature must be pinned anew. */
function successors({ mspId, signingKey }: PinnedKey, ledger: Registry): ParticipantRecord[] {
  const trusted = new Set<string>();
  return [...ledger.recordBooks.values()].filter(({ record, statement, admission }) => {
    const follows = statement.previous !== undefined && trusted.has(statement.previous) && admission === undefined;
    const counts = statement.mspId === mspId && (statement.signingKey === signingKey || follows);
    if (counts) trusted.add(record);
    return counts;
  }).map(({ statement }) => statement);
}

/** One more than may lie: with so many, an honest one is among them. */
export const leastHonest = (organizations: number): number => Math.floor((organizations - 1) / 3) + 1;

/** @param ledger by which pinned keys are followed, and from which all are taken where none is pinned. */
export function cosignersOf({ channel, anchors, organizations }: TrustRoot, ledger?: Registry): Cosigners {
  const named = (mspId: string, key: Omit<CosignerKey, 'name'>): Cosigners['keys'][number] => ({ ...key, mspId, name: cosignerName(channel, mspId) });
  const ofRecord = (record: Parameters<typeof cosignerKey>[0]): Cosigners['keys'][number] => named(record.mspId, cosignerKey(record));
  if (anchors === undefined) return { keys: [...(ledger?.recordBooks.values() ?? [])].map(({ statement }) => ofRecord(statement)), minimum: leastHonest(organizations.length), pinned: false };
  const keys = anchors.cosigners.flatMap((pinned) => [
    ofRecord({ ...pinned, channel }),
    ...(ledger === undefined ? [] : successors(pinned, ledger).map(ofRecord)),
    ...(pinned.archive === undefined ? [] : [named(pinned.mspId, { algorithm: pinned.archive.suite, publicKey: fromHex(pinned.archive.publicKey) })]),
  ]);
  return { keys, minimum: anchors.minimum, pinned: true };
}

/**
 * Reads a note and counts whose signatures are good. Lines of keys that nobody trusts are left aside, as C2SP demands.
 * @throws CodedError NOT_CANONICAL, TOO_LARGE; BAD_SIGNATURE for a bad line of a trusted key.
 */
export function judgeNote(note: string, { keys }: Cosigners): JudgedNote {
  const { text, signatures } = readNote(note);
  const checkpoint = readCheckpoint(text);
  const signers = new Set<string>();
  for (const line of signatures) {
    const key = keys.find((one) => isOf(line, one));
    if (key === undefined) continue;
    if (cosignedAt(line, key, checkpoint) === undefined) throw new CodedError('BAD_SIGNATURE', `a line of the note is not signed by ${key.mspId}`);
    signers.add(key.mspId);
  }
  return { checkpoint, signers: [...signers].sort() };
}
