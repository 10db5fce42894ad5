/** Sealed updates from file to file, of any size in bounded memory: what comes out stands under its name only once it is whole and verified. */
import { basename, dirname } from 'node:path';
import { openStored, readStored, sealStream, type Sealing } from '@epione/protocol';
import { FileSource } from './file-source.js';
import { writeWhole, type Written } from './write-whole.js';

/** Seals a file's bytes for its recipients. @throws CodedError as `sealStream`; Error of the file system. */
export async function sealFile(sealing: Sealing, from: string, to: string): Promise<Written> {
  await using payload = await FileSource.open(from);
  return await writeWhole(dirname(to), sealStream(sealing, { bytes: payload.length, pieces: payload.pieces() }), () => basename(to));
}

/**
 * Opens a sealed update's payload into a file.
 * @param contentKey from `unwrapFor` or a rescue, 32 bytes.
 * @throws CodedError as `readStored`; UNOPENABLE, when no file `to` has come to be; Error of the file system.
 */
export async function openSealedFile(from: string, contentKey: Uint8Array, to: string): Promise<Written> {
  await using blob = await FileSource.open(from);
  const payload = await openStored(await readStored(blob), contentKey);
  return await writeWhole(dirname(to), payload.pieces(), () => basename(to));
}
