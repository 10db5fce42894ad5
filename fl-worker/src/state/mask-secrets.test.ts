/** Secrets of masked mode on the disk: the ratchet goes on and not back, and what was revealed over a base is remembered. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { nextPairKey, toHex, type Digest, type Setup, type Signed } from '@epione/protocol';
import { openState } from './database.js';
import { MaskSecrets, type Drawn } from './mask-secrets.js';

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

  it('hold a pad as one piece a round, until the round has ended, used or not', () => {
    const pieces = [1, 2, 3].map((fill) => new Uint8Array(8).fill(fill));
    masks.keepSetup(setup(1, 3), new Map([['B', key(1)]]), new Map([['B', pieces]]));
    masks.keepPair(1, 3, 'C', key(2), pieces);
    expect([...masks.pads(1, 4)]).to.deep.equal([['B', pieces[1]], ['C', pieces[1]]]);
    masks.advance(4, 1);
    expect([3, 4, 5, 6].map((round) => masks.pads(1, round).size)).to.deep.equal([0, 0, 2, 0]);
    masks.keepSetup(setup(1, 3), new Map(), new Map([['B', pieces.slice(0, 1)]]));
    expect(masks.pads(1, 5).size, 'of a set-up that is written anew').to.equal(0);
    masks.advance(6, 2);
    expect(masks.pads(1, 3).size, 'of an epoch that is over').to.equal(0);
  });

  it('mask one update a round under pads, as often as the site is killed', () => {
    let drawn = 0;
    const draw = (): Drawn => ({ own: new Uint8Array(32).fill(drawn += 1), coefficients: new Uint8Array(64).fill(drawn) });
    const first = masks.drawOnce(3, digest('6'), draw);
    expect(masks.drawOnce(3, digest('6'), draw), 'after a kill').to.deep.equal(first);
    expect(() => masks.drawOnce(3, digest('7'), draw), 'another update').to.throw('have masked another update').with.property('code', 'PAD_LOST');
    expect(toHex(masks.own(3)!)).to.equal(toHex(first.own));
    expect(toHex(masks.drawOnce(4, digest('7'), draw).own)).not.to.equal(toHex(first.own));
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
