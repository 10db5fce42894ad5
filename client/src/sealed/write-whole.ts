/** Files that are there whole or not at all: written under a temporary name, brought to the disk, then renamed. */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest, HashName, Pieces } from '@epione/protocol';

/** What was written. */
export interface Written {
  readonly digest: Digest;
  readonly bytes: number;
}

const draftForm = /^draft-([0-9]+)-[0-9]+$/;
let serial = 0;

/** The process that writes a file under this temporary name; undefined for other files. */
export const draftOwner = (file: string): number | undefined => {
  const [, pid] = draftForm.exec(file) ?? [];
  return pid === undefined ? undefined : Number(pid);
};

async function writeDraft(path: string, pieces: Pieces, algorithm: HashName, durable: boolean): Promise<Written> {
  const file = await open(path, 'wx', 0o600);
  try {
    const hash = createHash(algorithm);
    let bytes = 0;
    for await (const piece of pieces) {
      // Written before it is hashed, so that the disk works meanwhile; whoever gives the piece waits for both.
      const written = writeFully(file, piece);
      hash.update(piece);
      await written;
      bytes += piece.length;
    }
    if (durable) await file.sync();
    return { digest: `${algorithm}:${hash.digest('hex')}`, bytes };
  } finally {
    await file.close();
  }
}

/** One call may write less than it was given. */
async function writeFully(file: Awaited<ReturnType<typeof open>>, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten;
}

/**
 * Writes a file readable by its owner only. It is on the disk under its name when this returns; when anything fails, it is not there.
 * @param folder where it goes, and where its temporary name stands meanwhile.
 * @param pieces its bytes; what they throw ends the writing.
 * @param nameOf its name in the folder, once its digest is known; may throw.
 * @param algorithm of the digest.
 * @param durable false for what can be had again: a power cut may leave other bytes, or none, under the name.
 */
export async function writeWhole(folder: string, pieces: Pieces, nameOf: (written: Written) => string, algorithm: HashName = 'sha256', durable = true): Promise<Written> {
  const draft = join(folder, `draft-${process.pid}-${serial++}`);
  try {
    const written = await writeDraft(draft, pieces, algorithm, durable);
    await rename(draft, join(folder, nameOf(written)));
    if (durable) {
      const entries = await open(folder, 'r');
      await entries.sync().finally(() => entries.close());
    }
    return written;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
