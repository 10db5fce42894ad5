/** Checkpoints against each other and against a chain: which stand, which do not, and who signed two histories. */
import { sameBytes } from '../evidence/bytes.js';
import type { Checkpoint, MerkleLog } from '@epione/protocol';
import type { JudgedNote } from './cosigners.js';

/** Whether a checkpoint is of this log. `beyond`: it is of more blocks than there are. */
export function standingOf({ size, root }: Pick<Checkpoint, 'size' | 'root'>, log: MerkleLog): 'stands' | 'differs' | 'beyond' {
  if (size > log.size) return 'beyond';
  return size > 0 && sameBytes(log.root(size), root) ? 'stands' : 'differs';
}

/** Two checkpoints of which one organization may have cosigned one at most, and those that cosigned both. */
export interface SplitView {
  readonly views: readonly [Checkpoint, Checkpoint];
  /** MSP IDs, sorted; their two signatures are the evidence. */
  readonly equivocators: readonly string[];
}

/**
 * Pairs of checkpoints that are no states of one growing log: of one size with two roots, or, where a log is given, one of it and one not of it.
 * @param log tells about checkpoints of different sizes.
 */
export function splitViews(notes: readonly JudgedNote[], log?: MerkleLog): SplitView[] {
  const placed = notes.map((note) => ({ ...note, standing: log && standingOf(note.checkpoint, log) }));
  // What stands in one log agrees: only pairs with another one are looked at.
  const odd = placed.filter(({ standing }) => standing !== 'stands');
  return odd.flatMap((one, at) => placed.filter((other) => other.standing === 'stands' || odd.indexOf(other) > at).flatMap((other): SplitView[] => {
    const [a, b] = [other.checkpoint, one.checkpoint];
    const contradict = a.size === b.size ? !sameBytes(a.root, b.root) : other.standing === 'stands' && one.standing === 'differs';
    return a.origin === b.origin && contradict ? [{ views: [a, b], equivocators: one.signers.filter((mspId) => other.signers.includes(mspId)) }] : [];
  }));
}

/** The organizations that cosigned two histories. */
export const equivocatorsIn = (splits: readonly SplitView[]): string[] => [...new Set(splits.flatMap(({ equivocators }) => equivocators))].sort();
