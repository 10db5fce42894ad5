// A message about blocks: read back, and good for exactly what it says.
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { isGenuineBlockTag, readBlockTag, tagBlocks } from './block-tag.js';
import { CodedError } from '../error.js';

const hashes = ['00', '11', '22'].map((byte) => byte.repeat(32));
const key = { id: 'key-1', bytes: new Uint8Array(randomBytes(32)) };
const message = tagBlocks({ channel: 'epione', from: 'sae-a', to: 'sae-b', sequence: 4, first: 17, hashes }, key);

describe('block tags', () => {
  it('are read back and found genuine', () => {
    expect(isGenuineBlockTag(readBlockTag(JSON.parse(JSON.stringify(message))), key.bytes)).equal(true);
  });

  it('fit nothing else: channel, direction, place, block or key', () => {
    const changes = [{ channel: 'other' }, { from: 'sae-b', to: 'sae-a' }, { sequence: 5 }, { first: 18 }, { hashes: hashes.toReversed() }, { hashes: hashes.slice(1) }, { key: 'key-2' }];
    for (const change of changes) expect(isGenuineBlockTag({ ...message, ...change }, key.bytes)).equal(false);
    expect(isGenuineBlockTag(message, key.bytes.toReversed())).equal(false);
  });

  it('are refused where they are malformed', () => {
    for (const change of [{ hashes: [] }, { hashes: ['0'] }, { first: -1 }, { tag: 'AAAA' }, { more: 1 }]) {
      expect(() => readBlockTag({ ...message, ...change })).throw(CodedError).with.property('code', 'BAD_FIELD');
    }
  });
});
