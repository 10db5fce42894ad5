/** Block headers hash as Fabric hashes them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import fc from 'fast-check';
import { blockDigest, dataHashOf, headerBytesOf, readBlock } from './block.js';
import { readEvidence } from './evidence.js';
import { readTrustRoot } from './trust-root.js';

const recording = fileURLToPath(new URL('../../fixtures/played-study', import.meta.url));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('readBlock', () => {
  it('chains recorded blocks from the pinned first one on', async () => {
    const blocks = (await readEvidence(recording)).blocks.map(readBlock);
    const { genesis } = await readTrustRoot(join(recording, 'trust-root.json'));
    expect(blockDigest(blocks[0] as ReturnType<typeof readBlock>)).to.equal(genesis);
    blocks.forEach((block, number) => {
      expect(block.number).to.equal(number);
      expect(hex(block.dataHash)).to.equal(hex(dataHashOf(block.envelopes)));
      if (number > 0) expect(hex(block.previousHash)).to.equal(hex(blocks[number - 1]?.hash ?? new Uint8Array()));
      expect(block.validity).to.have.length(number === 0 ? block.validity.length : block.envelopes.length);
    });
  });
});

describe('headerBytesOf', () => {
  it('writes the DER that X.690 gives', () => {
    expect(hex(headerBytesOf(0, new Uint8Array(), Uint8Array.of(1)))).to.equal('3008020100040004 0101'.replace(' ', ''));
    expect(hex(headerBytesOf(127, new Uint8Array(), new Uint8Array())).slice(4, 10)).to.equal('02017f');
    expect(hex(headerBytesOf(128, new Uint8Array(), new Uint8Array())).slice(4, 12)).to.equal('02020080');
    expect(hex(headerBytesOf(65_536, new Uint8Array(), new Uint8Array())).slice(4, 14)).to.equal('0203010000');
  });

  it('uses the long form of lengths from 128 on', () => {
    expect(hex(headerBytesOf(1, new Uint8Array(100), new Uint8Array(100))).slice(0, 12)).to.equal(`3081cf020101`);
    expect(hex(headerBytesOf(1, new Uint8Array(200), new Uint8Array(200))).slice(0, 14)).to.equal(`30820199020101`);
  });

  it('gives different bytes for different headers', () => {
    const header = fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }));
    fc.assert(fc.property(header, header, (a, b) => {
      const equal = a[0] === b[0] && hex(a[1]) === hex(b[1]) && hex(a[2]) === hex(b[2]);
      expect(hex(headerBytesOf(...a)) === hex(headerBytesOf(...b))).to.equal(equal);
    }));
  });
});
