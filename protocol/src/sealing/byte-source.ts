/** A known number of bytes that are read where they are wanted: in memory, or wherever a caller keeps them. */
import { CodedError } from '../error.js';

/** Bytes that can be read at any place; they do not change while they are read. */
export interface ByteSource {
  readonly length: number;
  /** Fills `into` with the bytes from `at` on. @throws CodedError UNOPENABLE when there are not so many; errors of the medium. */
  read(at: number, into: Uint8Array): Promise<void>;
}

const within = (at: number, into: Uint8Array, length: number): boolean => at >= 0 && at + into.length <= length;
const tooShort = (): Promise<never> => Promise.reject(new CodedError('UNOPENABLE', 'the bytes end too early'));

/** Bytes in memory as a source. */
export const inMemory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read: async (at, into) => {
    if (!within(at, into, bytes.length)) return tooShort();
    into.set(bytes.subarray(at, at + into.length));
  },
});

/** All bytes of a source in memory. @throws as its `read`. */
export async function allOf(source: ByteSource): Promise<Uint8Array> {
  const bytes = new Uint8Array(source.length);
  await source.read(0, bytes);
  return bytes;
}

/** A part of a source as a source. */
export const partOf = (source: ByteSource, start: number, length: number): ByteSource => ({
  length,
  read: (at, into) => (within(at, into, length) ? source.read(start + at, into) : tooShort()),
});
