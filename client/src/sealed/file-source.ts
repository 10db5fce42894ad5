/** A file's bytes, read where they are wanted and never all at once. */
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { CodedError, type ByteSource, type Digest, type HashName } from '@epione/protocol';

const pieceBytes = 256 * 1024;

/** An open file; disposing closes it. */
export class FileSource implements ByteSource, AsyncDisposable {
  readonly length: number;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, length: number) {
    this.#file = file;
    this.length = length;
  }

  /** Opens a file for reading; its length is what it is now. @throws Error ENOENT and others of the file system. */
  static async open(path: string): Promise<FileSource> {
    const file = await open(path, 'r');
    try {
      return new FileSource(file, (await file.stat()).size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Fills `into` with the bytes from `at` on. @throws CodedError UNOPENABLE when the file ends before; Error of the file system. */
  async read(at: number, into: Uint8Array): Promise<void> {
    for (let filled = 0; filled < into.length; ) {
      const { bytesRead } = await this.#file.read(into, filled, into.length - filled, at + filled);
      if (bytesRead === 0) throw new CodedError('UNOPENABLE', 'the file ends too early');
      filled += bytesRead;
    }
  }

  /** All bytes, in pieces of which each is overwritten by the next. */
  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const piece = new Uint8Array(Math.min(pieceBytes, this.length));
    for (let at = 0; at < this.length; at += piece.length) {
      const part = piece.subarray(0, this.length - at);
      await this.read(at, part);
      yield part;
    }
  }

  /** All bytes in memory, for what is known to be small enough. */
  async all(): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.length);
    await this.read(0, bytes);
    return bytes;
  }

  /** The digest of all bytes. */
  async digest(algorithm: HashName = 'sha256'): Promise<Digest> {
    const hash = createHash(algorithm);
    for await (const piece of this.pieces()) hash.update(piece);
    return `${algorithm}:${hash.digest('hex')}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
