/** Secrets of masked mode on the disk: the ratchet goes on and not back, and what was revealed over a base is remembered. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { nextPairKey, toHex, type Digest, type Setup, type Signed } from '@epione/protocol';
import { openState } from './database.js';
import { MaskSecrets } from './mask-secrets.js';

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const setup = (epoch: number, from: number): Signed<Setup> => ({ signature: '', statement: { study: digest('1'), epoch, from, participant: 'A', record: digest('2'), pairs: [] } });
const key = (fill: number): Uint8Array => new Uint8Array(64).fill(fill);

describe('mask secrets', () => {
  let folder: string;
  let database: DatabaseSync;
  let masks: MaskSecrets;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'epione-masks-'));
    database = openState(folder, digest('1'));
    masks = new MaskSecrets(database);
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });
  const keysOf = (epoch: number, round: number): Record<string, string> => Object.fromEntries([...masks.pairKeys(epoch, round)].map(([member, bytes]) => [member, toHex(bytes)]));

  it('give the key of any round to come, and none of a round that has ended', () => {
    masks.keepSetup(setup(1, 3), new Map([['B', key(1)]]));
    masks.keepPair(1, 3, 'C', key(2));
    const fourth = nextPairKey(key(1), 3);
    expect(keysOf(1, 3)).to.deep.equal({ B: toHex(key(1)), C: toHex(key(2)) });
    expect(keysOf(1, 5)['B']).to.equal(toHex(nextPairKey(fourth, 4)));
    masks.keepOwn(3, new Uint8Array(32));
    masks.advance(3, 1);
    expect(keysOf(1, 3)).to.deep.equal({});
    expect(keysOf(1, 4)['B']).to.equal(toHex(fourth));
    expect(masks.own(3)).to.equal(undefined);
    masks.keepSetup(setup(2, 5), new Map([['B', key(3)]]));
    masks.advance(4, 2);
    expect(keysOf(1, 9), 'of an epoch that is over').to.deep.equal({});
    expect(keysOf(2, 5)).to.deep.equal({ B: toHex(key(3)) });
  });

  it('of a set-up that is written anew replace the earlier ones', () => {
    masks.keepSetup(setup(1, 1), new Map([['B', key(1)]]));
    masks.keepSetup(setup(1, 2), new Map([['C', key(2)]]));
    expect(keysOf(1, 2)).to.deep.equal({ C: toHex(key(2)) });
    expect(masks.setup(1)?.statement.from).to.equal(2);
  });

  it('remember for whom something was revealed over a base', () => {
    masks.acknowledge(1, 'zeros', ['A', 'B', 'C'], digest('3'), '{}');
    expect(masks.revealedForOthers('zeros', ['A', 'B', 'D']), 'nothing has left yet').to.equal(false);
    masks.keepReveal(1, new Uint8Array(1));
    expect(masks.revealedForOthers('zeros', ['A', 'B', 'D'])).to.equal(true);
    expect(masks.revealedForOthers('zeros', ['A', 'B', 'C']), 'another round of the same participants').to.equal(false);
    expect(masks.revealedForOthers(digest('4'), ['A', 'B', 'D']), 'another base').to.equal(false);
    expect(masks.revealed(1)).to.deep.include({ set: digest('3') });
    expect(() => { masks.acknowledge(1, 'zeros', ['A', 'B', 'C'], digest('5'), '{}'); }, 'one set a round').to.throw('UNIQUE');
  });
});
