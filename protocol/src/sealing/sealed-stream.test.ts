/** The sealed update in pieces: the frozen blob, read where it lies as strictly as in memory. */
import { expect } from 'chai';
import fc from 'fast-check';

import { inMemory } from './byte-source.js';
import { LIMITS } from '../encoding/canonical-json.js';
import { CHUNK, sealedLength } from './chunked-encryption.js';
import { concat, digestOf, u32, type Digest } from '../encoding/digest.js';
import { encapsulate, newKemKeys } from '../crypto/ml-kem.js';
import type { Sealing } from './sealed-header.js';
import { openStored, readStored, sealStream, type Payload } from './sealed-stream.js';
import { openPayload, readSealed, sealUpdate, unwrapFor } from './sealed-update.js';
import { codeOf, codeOfPromise } from '../testing/refusal.js';

const of = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => from + at);
const keysB = newKemKeys('mlkem768', bytes(1, 64));
const keysC = newKemKeys('mlkem768', bytes(2, 64));
const contentKey = bytes(0x40, 32);
const payload = bytes(0, 300_000);
const to = (name: string, record: Digest, encapsulationKey: Uint8Array): Sealing['recipients'][number] => {
  const { ciphertext, sharedSecret } = encapsulate('mlkem768', encapsulationKey, (length) => bytes(5, length));
  return { context: { suite: 'seal-mlkem768', to: name, toRecord: record, encapsulationKey, ciphertext }, sharedSecret };
};
const sealing: Sealing = {
  study: of('1'), epoch: 1, round: 7, purpose: 'update', from: 'HospitalA', fromRecord: of('2'), contentKey, salt: bytes(9, 24),
  recipients: [to('HospitalB', of('4'), keysB.encapsulationKey), to('HospitalC', of('5'), keysC.encapsulationKey)],
};
const blob = sealUpdate({ ...sealing, payload });
const inPieces = (size: number): Payload => ({ bytes: payload.length, pieces: Array.from({ length: Math.ceil(payload.length / size) }, (_, at) => payload.subarray(at * size, (at + 1) * size)) });
async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece.slice());
  return concat(...all);
}

describe('sealed update in pieces', () => {
  it('is the blob that memory gives, whatever the pieces', async () => {
    for (const size of [1000, 16_384, 262_144, 300_000]) expect(digestOf(await joined(sealStream(sealing, inPieces(size))))).to.equal(digestOf(blob));
    expect(digestOf(await joined(sealStream(sealing, { bytes: 0, pieces: [] })))).to.equal(digestOf(sealUpdate({ ...sealing, payload: new Uint8Array() })));
  });

  it('opens for each recipient where it lies, whole and in part', async () => {
    const stored = await readStored(inMemory(blob));
    expect(stored.header).to.deep.equal(readSealed(blob).header);
    for (const [name, keys] of [['HospitalB', keysB], ['HospitalC', keysC]] as const) {
      const reader = await openStored(stored, unwrapFor(stored, name, keys, undefined));
      expect(Buffer.compare(await reader.all(), payload)).to.equal(0);
      expect(Buffer.compare(await joined(reader.pieces(100_000, 100_010)), payload.subarray(100_000, 100_010))).to.equal(0);
    }
    expect(await codeOfPromise(openStored(stored, bytes(0x41, 32)))).to.equal('UNOPENABLE');
  });

  it('binds the header', async () => {
    const other = blob.slice();
    other[Buffer.from(blob).indexOf('"round":7') + 8]! ^= 1;
    const stored = await readStored(inMemory(other));
    expect(stored.header.round).to.equal(6);
    expect(await codeOfPromise(openStored(stored, contentKey))).to.equal('UNOPENABLE');
  });

  it('is read as strictly as in memory', async () => {
    const cases = [
      new Uint8Array(), blob.subarray(0, 19), concat(new TextEncoder().encode('EPIONE-SEALED-2\n'), blob.subarray(16)), blob.subarray(0, 20), blob.subarray(0, 200), blob.subarray(0, blob.length - 1),
      concat(blob, Uint8Array.of(0)), concat(blob.subarray(0, 16), u32(2 ** 32 - 1), blob.subarray(20)), concat(blob.subarray(0, 16), u32(3), new TextEncoder().encode('{ }')),
    ];
    const found = await Promise.all(cases.map((wrong) => codeOfPromise(readStored(inMemory(wrong)))));
    expect(found).to.deep.equal(cases.map((wrong) => codeOf(() => readSealed(wrong))));
    expect(found).to.deep.equal(['UNKNOWN_TYPE', 'UNKNOWN_TYPE', 'UNKNOWN_TYPE', 'NOT_CANONICAL', 'NOT_CANONICAL', 'BAD_FIELD', 'BAD_FIELD', 'TOO_LARGE', 'NOT_CANONICAL']);
  });

  it('opens or refuses as memory does, whatever bytes are changed, cut off or put in', async () => {
    const small = sealUpdate({ ...sealing, payload: payload.subarray(0, 20_000) });
    const change = fc.record({ at: fc.oneof(fc.nat(40), fc.nat(small.length)), put: fc.uint8Array({ maxLength: 20 }), gone: fc.option(fc.nat(20), { nil: undefined }) });
    const seen = new Set<string>();
    await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 2 }), async (changes) => {
      const wrong = changes.reduce((bytes, { at, put, gone = put.length }) => concat(bytes.subarray(0, at), put, bytes.subarray(at + gone)), small);
      const code = codeOf(() => openPayload(readSealed(wrong), contentKey));
      seen.add(code);
      expect(await codeOfPromise(readStored(inMemory(wrong)).then((stored) => openStored(stored, contentKey)).then((reader) => reader.all()))).to.equal(code);
    }), { numRuns: 300 });
    expect([...seen]).to.include.members(['none', 'UNKNOWN_TYPE', 'BAD_FIELD', 'UNOPENABLE']);
  });

  it('makes no blob of a payload that is not as long as said, nor of one beyond the limit', async () => {
    for (const wrong of [payload.length - 1, payload.length + 1]) expect(await codeOfPromise(joined(sealStream(sealing, { ...inPieces(9999), bytes: wrong })))).to.equal('BAD_FIELD');
    const nearest = Math.floor((LIMITS.blobBytes - 100) / CHUNK.sealedBytes * CHUNK.bytes);
    expect(sealedLength(nearest)).to.be.within(LIMITS.blobBytes - 200, LIMITS.blobBytes); // with the head it is too much
    for (const bytes of [LIMITS.blobBytes, nearest]) expect(codeOf(() => sealStream(sealing, { bytes, pieces: [] }))).to.equal('TOO_LARGE');
    expect(await codeOfPromise(readStored({ length: LIMITS.blobBytes + 1, read: (at, into) => inMemory(blob).read(at, into) }))).to.equal('TOO_LARGE');
  });
});
