/** The sealed update where it is larger than memory should be: the same bytes as `sealUpdate` gives, written and read in pieces (PROTOCOL section 6). */
import { allOf, partOf, type ByteSource } from './byte-source.js';
import { ChunkReader, sealPieces, type Pieces } from './chunk-stream.js';
import { ChunkSealer } from './chunked-encryption.js';
import { CodedError } from '../error.js';
import { lengthsOf, type FurtherSection } from './sealed-update.js';
import { chunkContext, preambleBytes, readHeader, readPreamble, writeHead, type SealedHeader, type Sealing } from './sealed-header.js';

/** A payload that comes in pieces of any length, and how many bytes they are together: the header says so before the first. */
export interface Payload {
  readonly bytes: number;
  readonly pieces: Pieces;
}

/** A blob that was read where it lies: nothing of its payload is in memory. */
export interface StoredUpdate {
  readonly header: SealedHeader;
  readonly headerBytes: Uint8Array;
  readonly payload: ByteSource;
  /** The sections behind the payload, in the header's order. */
  readonly further: readonly ByteSource[];
}

/**
 * Seals a payload in pieces.
 * @param further sections behind it, as in `sealUpdate`.
 * @returns the blob's pieces, each overwritten by the next.
 * @throws CodedError as `sealUpdate`, all before the first piece; BAD_FIELD in the end when the payload was not as long as said: then the pieces are no blob.
 */
export function sealStream(sealing: Sealing, payload: Payload, further: readonly FurtherSection[] = []): AsyncGenerator<Uint8Array, void, undefined> {
  const { head, headerBytes } = writeHead(sealing, payload.bytes, lengthsOf(further));
  const sealer = new ChunkSealer(sealing.contentKey, chunkContext(headerBytes), sealing.salt);
  return (async function* () {
    yield head;
    yield* sealPieces(sealer, ofLength(payload));
    for (const { bytes } of further) yield bytes;
  })();
}

async function* ofLength({ bytes, pieces }: Payload): AsyncGenerator<Uint8Array, void, undefined> {
  let given = 0;
  for await (const piece of pieces) {
    given += piece.length;
    if (given > bytes) break;
    yield piece;
  }
  if (given !== bytes) throw new CodedError('BAD_FIELD', `the payload was to have ${bytes} bytes, and has ${given > bytes ? 'more' : given}`);
}

/** Reads a blob's head as strictly as `readSealed`, and nothing else. @throws CodedError as `readSealed`; UNOPENABLE and others of the source. */
export async function readStored(blob: ByteSource): Promise<StoredUpdate> {
  const preamble = new Uint8Array(Math.min(preambleBytes, blob.length));
  await blob.read(0, preamble);
  // A header that reaches beyond the blob is read as far as it goes, and then is not canonical.
  const headerBytes = new Uint8Array(Math.min(readPreamble(preamble, blob.length), blob.length - preambleBytes));
  await blob.read(preambleBytes, headerBytes);
  const header = readHeader(headerBytes, blob.length);
  let start = preambleBytes + headerBytes.length;
  const [payload, ...further] = header.sections.map(({ bytes }) => partOf(blob, (start += bytes) - bytes, bytes));
  if (payload === undefined) throw new CodedError('BAD_FIELD', 'the sealed update has no payload');
  return { header, headerBytes, payload, further };
}

/** The commitments of a masked update, which stand in the clear behind its payload; empty of a visible one. */
export const commitmentsIn = ({ further: [section] }: Pick<StoredUpdate, 'further'>): Promise<Uint8Array> => (section === undefined ? Promise.resolve(new Uint8Array()) : allOf(section));

/** Opens the payload for reading, whole or in parts. @param contentKey from `unwrapFor` or a rescue. @throws CodedError UNOPENABLE. */
export const openStored = ({ headerBytes, payload }: StoredUpdate, contentKey: Uint8Array): Promise<ChunkReader> => ChunkReader.open(payload, contentKey, chunkContext(headerBytes));
