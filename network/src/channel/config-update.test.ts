/** Updates of a configuration: what Fabric would make of them is what was wanted, and they rely on no more than they must. */
import { expect } from 'chai';
import fc from 'fast-check';
import { copyTree, decodeTree, encodeTree, setContent, type ConfigElement, type ConfigTree } from './config-tree.js';
import { computeUpdate } from './config-update.js';

const element = (text: string, version = 0, modPolicy = 'Admins'): ConfigElement => ({ version, modPolicy, content: Buffer.from(text) });
const policy = (n: number, version = 0): ConfigElement => ({ version, modPolicy: 'Admins', content: Uint8Array.of(8, n) });
const tree = (parts: Partial<ConfigTree> = {}): ConfigTree => ({ version: 0, modPolicy: 'Admins', values: new Map(), policies: new Map(), groups: new Map(), ...parts });

/** What Fabric makes of a write set (common/configtx, as documented): a higher version replaces, an equal one keeps, a group's higher version takes its members as listed. */
function applied(current: ConfigTree | undefined, write: ConfigTree): ConfigTree {
  if (current && write.version === current.version && write.values.size + write.policies.size + write.groups.size === 0) return current;
  const replaced = current === undefined || write.version > current.version;
  const elements = (old: ReadonlyMap<string, ConfigElement> = new Map<string, ConfigElement>(), now: ReadonlyMap<string, ConfigElement>): Map<string, ConfigElement> => {
    const result = new Map(replaced ? [] : old);
    for (const [name, entry] of now) {
      const known = old.get(name);
      if (known && entry.version !== known.version && entry.version !== known.version + 1) throw new Error(`version ${entry.version} of ${name} after ${known.version}`);
      result.set(name, known && entry.version === known.version ? known : entry);
    }
    return result;
  };
  const groups = new Map(replaced ? [] : current.groups);
  for (const [name, inner] of write.groups) groups.set(name, applied(current?.groups.get(name), inner));
  return {
    version: write.version,
    modPolicy: replaced ? write.modPolicy : current.modPolicy,
    values: elements(current?.values, write.values),
    policies: elements(current?.policies, write.policies),
    groups,
  };
}

/** A tree without its versions, in one order. */
function plain({ modPolicy, values, policies, groups }: ConfigTree): unknown {
  const sorted = <T, R>(map: ReadonlyMap<string, T>, each: (value: T) => R): [string, R][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, each(value)]);
  const text = (entry: ConfigElement): string => `${entry.modPolicy} ${Buffer.from(entry.content ?? []).toString('hex')}`;
  return { modPolicy, values: sorted(values, text), policies: sorted(policies, text), groups: sorted(groups, plain) };
}

/** Every version that a read set names is the current one. */
function relies(read: ConfigTree, current: ConfigTree | undefined): boolean {
  const same = (reads: ReadonlyMap<string, ConfigElement>, now: ReadonlyMap<string, ConfigElement> | undefined): boolean => [...reads].every(([name, { version }]) => now?.get(name)?.version === version);
  return read.version === current?.version && same(read.values, current.values) && same(read.policies, current.policies) && [...read.groups].every(([name, inner]) => relies(inner, current.groups.get(name)));
}

const names = fc.constantFrom('a', 'b', 'c');
const modPolicies = fc.constantFrom('Admins', '/Channel/Admins');
const elements = fc.dictionary(names, fc.record({ version: fc.nat(5), modPolicy: modPolicies, content: fc.uint8Array({ minLength: 1, maxLength: 2 }) })).map((record) => new Map(Object.entries(record)));
// Policies are messages, so that only bytes that are one may stand there: field 1, a number.
const policies = fc.dictionary(names, fc.record({ version: fc.nat(5), modPolicy: modPolicies, content: fc.integer({ min: 1, max: 9 }).map((n) => Uint8Array.of(8, n)) })).map((record) => new Map(Object.entries(record)));
const treeOf = (inner: fc.Arbitrary<Map<string, ConfigTree>>): fc.Arbitrary<ConfigTree> => fc.record({ version: fc.nat(5), modPolicy: modPolicies, values: elements, policies, groups: inner });
const groupsOf = (inner: fc.Arbitrary<ConfigTree>): fc.Arbitrary<Map<string, ConfigTree>> => fc.dictionary(names, inner, { maxKeys: 2 }).map((record) => new Map(Object.entries(record)));
const leaves = treeOf(fc.constant(new Map<string, ConfigTree>()));
const trees = treeOf(groupsOf(treeOf(groupsOf(leaves))));

describe('configuration update', () => {
  it('makes what was wanted of what there is, and reads what there is', () => {
    fc.assert(
      fc.property(trees, trees, (before, after) => {
        const sets = computeUpdate(before, after);
        const result = sets ? applied(before, sets.write) : before;
        expect(plain(result)).to.deep.equal(plain(after));
        if (sets) expect(relies(sets.read, before)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is none when nothing differs, whatever the versions say', () => {
    fc.assert(
      fc.property(trees, (before) => {
        expect(computeUpdate(before, copyTree(before))).to.equal(undefined);
      }),
    );
  });

  it('counts up the version of a changed value, and leaves its group and neighbours alone', () => {
    const before = tree({ version: 3, values: new Map([['x', element('old', 7)], ['y', element('same', 2)]]) });
    const after = copyTree(before);
    setContent(after.values, 'x', Buffer.from('new'));
    const { read, write } = computeUpdate(before, after) ?? { read: tree(), write: tree() };
    expect(write).to.deep.include({ version: 3, modPolicy: '' });
    expect([...write.values]).to.deep.equal([['x', element('new', 8)]]);
    expect(read.values.size).to.equal(0);
  });

  it('counts up a group whose members change, and lists those that stay by version only', () => {
    const before = tree({ version: 4, policies: new Map([['p', policy(1, 6)]]), groups: new Map([['A', tree({ version: 2 })], ['B', tree()]]) });
    const after = copyTree(before);
    after.groups.delete('B');
    after.groups.set('C', tree({ version: 9, values: new Map([['x', element('v', 5)]]) }));
    const { read, write } = computeUpdate(before, after) ?? { read: tree(), write: tree() };
    expect(write).to.deep.include({ version: 5, modPolicy: 'Admins' });
    expect([...write.groups.keys()]).to.have.members(['A', 'C']);
    expect(write.groups.get('A')).to.deep.equal(tree({ version: 2, modPolicy: '' }));
    expect(write.groups.get('C')?.values.get('x')?.version).to.equal(0);
    expect(write.policies.get('p')).to.deep.equal({ version: 6, modPolicy: '' });
    expect([...read.groups.keys()]).to.deep.equal(['A']);
  });

  it('comes through Fabric\'s messages unchanged', () => {
    fc.assert(
      fc.property(trees, (before) => {
        const after = decodeTree(encodeTree(before));
        expect(plain(after)).to.deep.equal(plain(before));
        expect(computeUpdate(before, after)).to.equal(undefined);
      }),
    );
  });
});
