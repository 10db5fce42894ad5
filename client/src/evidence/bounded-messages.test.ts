/** Messages that claim more bytes than there are. */
import { expect } from 'chai';
import { readBlock } from './block.js';

describe('a block', () => {
  it('that claims to be longer than its bytes is refused at once', () => {
    // The library would read 10 million zeros, and say `Assertion failed` or `Decoder hit an error`.
    expect(() => readBlock(Uint8Array.of(0x12, 0x80, 0xad, 0xe2, 0x04, 0, 0, 0))).to.throw(RangeError, 'behind its bytes');
  });
});
