/** Chunked encryption on the published C2SP vectors, and properties at the chunk boundaries. */
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';

import { inMemory } from './byte-source.js';
import { ChunkReader } from './chunk-stream.js';
import { openChunks, sealChunks, sealedLength } from './chunked-encryption.js';
import { concat, fromHex, sha512, toHex } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { codeOfPromise } from '../testing/refusal.js';

interface Vectors {
  readonly testGroups: readonly { readonly tests: readonly { readonly tcId: number; readonly comment: string; readonly key: string; readonly ctx: string; readonly ct: string; readonly msgLength?: number; readonly msgSha512?: string; readonly result: string }[] }[];
}
const vectors = JSON.parse(readFileSync(new URL('../../vectors/c2sp_chunked_encryption_aes_256_gcm.json', import.meta.url), 'utf8')) as Vectors;

const key = Uint8Array.from({ length: 32 }, (_, at) => at);
const salt = Uint8Array.from({ length: 24 }, (_, at) => 200 + at);
const context = new TextEncoder().encode('epione');
const chunk = 16 * 1024;
const unopenable = (act: () => unknown, what = ''): void => {
  expect(act, what).to.throw(CodedError).with.property('code', 'UNOPENABLE');
};
const message = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 255);

describe('chunked encryption', () => {
  it('agrees with the published vectors, must-fail ones too, at once and in pieces', async () => {
    const tests = vectors.testGroups.flatMap((group) => group.tests);
    expect(tests).to.have.length(35);
    for (const { tcId, comment, key: inputKey, ctx, ct, msgLength, msgSha512, result } of tests) {
      const sealed = new Uint8Array(inflateSync(fromHex(ct)));
      const open = (): Uint8Array => openChunks(fromHex(inputKey), fromHex(ctx), sealed);
      const inPieces = ChunkReader.open(inMemory(sealed), fromHex(inputKey), fromHex(ctx)).then((reader) => reader.all());
      if (result !== 'valid') {
        unopenable(open, `${tcId} ${comment}`);
        expect(await codeOfPromise(inPieces), `${tcId} ${comment}`).to.equal('UNOPENABLE');
        continue;
      }
      const opened = open();
      expect([opened.length, toHex(sha512(opened))], `${tcId} ${comment}`).to.deep.equal([msgLength, msgSha512]);
      expect(Buffer.compare(await inPieces, opened), `${tcId} ${comment}`).to.equal(0);
      expect(Buffer.compare(sealChunks(fromHex(inputKey), fromHex(ctx), opened, sealed.subarray(0, 24)), sealed), `${tcId} ${comment}`).to.equal(0);
    }
  });

  it('opens what it sealed, with the one length that belongs to it', () => {
    for (const length of [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 5]) {
      const sealed = sealChunks(key, context, message(length), salt);
      expect(sealed.length).to.equal(sealedLength(length)).and.to.equal(56 + length + 16 * (Math.floor(length / chunk) + 1));
      expect(openChunks(key, context, sealed)).to.deep.equal(message(length));
    }
  });

  it('releases nothing when any one bit is another', () => {
    const sealed = sealChunks(key, context, message(chunk + 40), salt);
    fc.assert(fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
      unopenable(() => openChunks(key, context, sealed.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))));
    }), { numRuns: 200 });
    fc.assert(fc.property(fc.nat(255), (bit) => {
      unopenable(() => openChunks(key.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)), context, sealed));
    }));
  });

  it('releases nothing when truncated, extended, reordered or taken out of its context', () => {
    const sealed = sealChunks(key, context, message(2 * chunk + 3), salt);
    const [first, second, last] = [sealed.subarray(56, 16456), sealed.subarray(16456, 32856), sealed.subarray(32856)];
    const head = sealed.subarray(0, 56);
    for (let cut = 0; cut < sealed.length; cut += cut < 80 || cut > 32840 ? 1 : 997) unopenable(() => openChunks(key, context, sealed.subarray(0, cut)), `cut at ${cut}`);
    for (const wrong of [concat(sealed, Uint8Array.of(0)), concat(sealed, last), concat(head, second, first, last), concat(head, first, last), concat(head, first, first, second, last), new Uint8Array()]) unopenable(() => openChunks(key, context, wrong));
    unopenable(() => openChunks(key, new Uint8Array(), sealed));
    unopenable(() => openChunks(key.subarray(1), context, sealed));
  });

  it('refuses keys and salts of other lengths', () => {
    expect(() => sealChunks(key.subarray(1), context, message(1), salt)).to.throw(CodedError).with.property('code', 'BAD_KEY');
    expect(() => sealChunks(key, context, message(1), salt.subarray(1))).to.throw(CodedError).with.property('code', 'BAD_FIELD');
  });
});
