/** The checkpoints that stand on the ledger, put together from the cosignatures of its members. */
import { checkpointOf, checkpointText, writeNote, type Cosignature } from '@epione/protocol';

/** One size and root, with everybody who cosigned it. */
export interface CheckpointShown {
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly root: string;
  /** MSP IDs, sorted. */
  readonly cosigners: readonly string[];
  /** The note with all lines. */
  readonly note: string;
}

/** By size; two roots of one size are two checkpoints. */
export function checkpointsIn(cosignatures: readonly Cosignature[]): CheckpointShown[] {
  const groups = Map.groupBy(cosignatures, ({ size, root }) => `${String(size).padStart(16, '0')} ${root}`);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, group]) => {
    const sorted = group.toSorted((a, b) => (a.mspId < b.mspId ? -1 : 1));
    const [first] = sorted;
    if (first === undefined) return [];
    return [{ size: first.size, root: first.root, cosigners: sorted.map(({ mspId }) => mspId), note: writeNote(checkpointText(checkpointOf(first)), sorted.flatMap(({ lines }) => lines)) }];
  });
}
