/** Version checks as Fabric makes them. The commit hash is tested on recorded blocks, see verify.test.ts. */
import { expect } from 'chai';
import type { NamespaceSet, Version } from './read-write-set.js';
import { BlockUpdates, WorldState } from './world-state.js';

const set = (part: Partial<NamespaceSet>): NamespaceSet => ({ namespace: 'epione', collection: '', reads: [], ranges: [], writes: [], metadataWrites: [], ...part });
const bytes = (text: string): Uint8Array => Buffer.from(text);
const at = (block: number, index = 0): Version => ({ block, index });

/** Commits one block with one transaction of these parts. */
function commit(state: WorldState, version: Version, ...parts: Partial<NamespaceSet>[]): Uint8Array {
  const updates = new BlockUpdates();
  state.apply(parts.map(set), version, updates);
  return state.commit(Uint8Array.of(0), updates);
}

describe('WorldState', () => {
  let state: WorldState;
  const conflict = (part: Partial<NamespaceSet>, updates = new BlockUpdates()): string | undefined => state.conflict([set(part)], updates);

  beforeEach(() => {
    state = new WorldState();
    commit(state, at(1), { writes: [{ key: 'a', value: bytes('1') }, { key: 'b', value: bytes('2') }] });
  });

  it('takes reads of the committed version only', () => {
    expect(conflict({ reads: [{ key: 'a', version: at(1) }] })).to.equal(undefined);
    expect(conflict({ reads: [{ key: 'a', version: at(1, 1) }] })).to.equal('MVCC_READ_CONFLICT');
    expect(conflict({ reads: [{ key: 'a', version: undefined }] })).to.equal('MVCC_READ_CONFLICT');
  });

  it('takes absent reads of absent keys only', () => {
    expect(conflict({ reads: [{ key: 'z', version: undefined }] })).to.equal(undefined);
    expect(conflict({ reads: [{ key: 'z', version: at(1) }] })).to.equal('MVCC_READ_CONFLICT');
  });

  it('sees what an earlier transaction of the block wrote or deleted', () => {
    for (const value of [bytes('3'), undefined]) {
      const updates = new BlockUpdates();
      state.apply([set({ writes: [{ key: 'a', value }] })], at(2), updates);
      expect(conflict({ reads: [{ key: 'a', version: at(1) }] }, updates)).to.equal('MVCC_READ_CONFLICT');
      expect(conflict({ reads: [{ key: 'b', version: at(1) }] }, updates)).to.equal(undefined);
    }
  });

  it('tells a range in which a key appeared, changed or went away', () => {
    const range = { start: 'a', end: 'c', exhausted: true, found: [{ key: 'a', version: at(1) }, { key: 'b', version: at(1) }] };
    expect(conflict({ ranges: [range] })).to.equal(undefined);
    expect(conflict({ ranges: [{ ...range, end: 'b', exhausted: false }] })).to.equal(undefined);
    expect(conflict({ ranges: [{ ...range, end: 'b' }] })).to.equal('PHANTOM_READ_CONFLICT');
    for (const write of [{ key: 'aa', value: bytes('x') }, { key: 'b', value: bytes('x') }, { key: 'a', value: undefined }]) {
      const updates = new BlockUpdates();
      state.apply([set({ writes: [write] })], at(2), updates);
      expect(conflict({ ranges: [range] }, updates), write.key).to.equal('PHANTOM_READ_CONFLICT');
    }
  });

  it('gives a key a new version when its policy is written, if there is such a key', () => {
    commit(state, at(2), { metadataWrites: [{ key: 'a', others: 0 }, { key: 'nothing', others: 0 }] });
    expect(conflict({ reads: [{ key: 'a', version: at(2) }, { key: 'nothing', version: undefined }] })).to.equal(undefined);
    expect(Buffer.from(state.get('epione', 'a') ?? []).toString()).to.equal('1');
  });

  it('keeps the policy of a key until it is written or the key deleted', () => {
    const policy = (text: string): Partial<NamespaceSet> => ({ metadataWrites: [{ key: 'a', policy: bytes(text), others: 0 }] });
    const now = (): string | undefined => { const found = state.policy('epione', '', 'a'); return found === undefined ? undefined : Buffer.from(found).toString(); };
    commit(state, at(2), { ...policy('p'), writes: [{ key: 'a', value: bytes('2') }] });
    expect(now()).to.equal('p');
    commit(state, at(3), { writes: [{ key: 'a', value: bytes('3') }] });
    expect(now()).to.equal('p');
    commit(state, at(4), policy('q'));
    expect(now()).to.equal('q');
    commit(state, at(5), policy(''));
    expect(now()).to.equal(undefined);
    commit(state, at(6), policy('r'));
    commit(state, at(7), { writes: [{ key: 'a', value: undefined }] });
    commit(state, at(8), { writes: [{ key: 'a', value: bytes('4') }] });
    expect(now()).to.equal(undefined);
    expect(state.policy('epione', '', 'b')).to.equal(undefined);
  });

  it('keeps namespaces and collections apart', () => {
    commit(state, at(2), { collection: 'private', writes: [{ key: 'aa', value: bytes('9') }] });
    expect(state.get('epione', 'aa')).to.equal(undefined);
    expect(state.get('epione', 'aa', 'private')).to.deep.equal(bytes('9'));
    expect(state.get('other', 'a')).to.equal(undefined);
  });

  it('chains the hash over validity, writes, their versions and all before', () => {
    const hashes = new Set<string>();
    const run = (validity: number, value: string, version: Version, before: string): void => {
      const other = new WorldState();
      commit(other, at(1), { writes: [{ key: 'k', value: bytes(before) }] });
      const updates = new BlockUpdates();
      other.apply([set({ writes: [{ key: 'a', value: bytes(value) }] })], version, updates);
      hashes.add(Buffer.from(other.commit(Uint8Array.of(validity), updates)).toString('hex'));
    };
    run(0, 'x', at(2), '1');
    run(11, 'x', at(2), '1');
    run(0, 'y', at(2), '1');
    run(0, 'x', at(2, 1), '1');
    run(0, 'x', at(2), '2');
    expect(hashes.size).to.equal(5);
    run(0, 'x', at(2), '1');
    expect(hashes.size).to.equal(5);
  });
});
