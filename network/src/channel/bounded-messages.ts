/**
 * Keeps the reader of Fabric's messages (google-protobuf) within its bytes: a message that claims to be longer than they are is otherwise
 * read on as zeros up to the claimed end, which may be 4 GiB away. Importing this file is enough.
 */
import { createRequire } from 'node:module';

/** What is needed of the library's reader, whose types are not installed. */
interface Reader {
  getCursor(): number;
  getBuffer(): Uint8Array;
  nextField: (this: Reader) => boolean;
}

// The very copy that the messages are read with.
const library = createRequire(import.meta.resolve('@hyperledger/fabric-protos'))('google-protobuf') as { readonly BinaryReader: { readonly prototype: Reader } };

const reader = library.BinaryReader.prototype;
const { nextField } = reader;
reader.nextField = function () {
  if (this.getCursor() > this.getBuffer().length) throw new RangeError('a message ends behind its bytes');
  return nextField.call(this);
};
