// A small share of `npm run fuzz`, and proof that the runner sees what it looks for.
import { expect } from 'chai';
import { Chance } from './chance.js';
import { fuzz, inputOf, shares } from './run.js';
import { findTargets, type FuzzTarget } from './target.js';

const cases = 20_000;
const utf8 = new TextEncoder();
const targets = await findTargets();

/** A target of this test alone: reads JSON `{"n": integer}`. */
const target = (changed: FuzzTarget['changed'], read: (text: string) => unknown): FuzzTarget => ({
  name: 'of this test', weight: 1, changed, samples: () => [utf8.encode('{"n":12,"list":[1,2]}')],
  read: (input) => read(Buffer.from(input).toString()), isRefusal: (error) => error instanceof SyntaxError,
});

describe('fuzzing', function () {
  this.timeout(600_000);
  const counts = shares(targets, cases);
  for (const [at, one] of targets.entries()) {
    it(`finds nothing in ${one.name}`, async () => {
      const { failures, refused, accepted } = await fuzz(one, counts[at] ?? 1, 'npm test', () => performance.now());
      expect(failures).to.deep.equal([]);
      expect(refused + accepted).to.equal(counts[at]);
    });
  }

  it('finds a crash, and an input that is accepted falsely', async () => {
    const crash = await fuzz(target('readable', (text) => (JSON.parse(text) as { list: number[] }).list.length), 500, 's', () => 0);
    expect(crash.failures.map(({ kind }) => kind)).to.include('crash');
    const lax = await fuzz(target('refused', (text) => JSON.parse(text) as unknown), 500, 's', () => 0);
    expect(lax.failures.map(({ kind }) => kind)).to.include('false accept');
    const another = await fuzz(target('canonical', (text) => utf8.encode(JSON.stringify(JSON.parse(text)))), 2000, 's', () => 0);
    expect(another.failures.map(({ kind }) => kind)).to.include('false accept');
    const good = await fuzz(target('readable', (text) => JSON.parse(text) as unknown), 500, 's', () => 0);
    expect(good).to.deep.include({ cases: 500, failures: [] });
    expect(good.accepted).to.be.greaterThan(0).and.lessThan(500);
  });

  it('refuses a target whose samples are not accepted', async () => {
    const failure = await fuzz({ ...target('readable', JSON.parse), samples: () => [utf8.encode('no JSON')] }, 1, 's', () => 0).then(() => undefined, String);
    expect(failure).to.match(/sample 0 of of this test is not accepted/);
  });

  it('gives the same case for the same seed, and another for another', () => {
    const one = target('readable', JSON.parse);
    const input = (seed: string, index: number): string => Buffer.from(inputOf(one, [utf8.encode('{"n":12,"list":[1,2]}')], seed, index)).toString('base64');
    const all = (seed: string): string[] => Array.from({ length: 50 }, (_, index) => input(seed, index));
    expect(all('a')).to.deep.equal(all('a'));
    expect(all('a')).to.not.deep.equal(all('b'));
    expect(new Set(all('a')).size).to.be.greaterThan(40);
    expect(new Chance('a', 'b', 1).bytes(8)).to.not.deep.equal(new Chance('a', 'b', 2).bytes(8));
  });
});
