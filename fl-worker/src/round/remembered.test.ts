/** Answers that are remembered as long as nothing changes, and what the bell hears as a change. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Announcement } from '@epione/protocol';
import { expect } from 'chai';
import { Bell } from './bell.js';
import { Remembered } from './remembered.js';

const study = `sha256:${'0'.repeat(64)}` as const;
const submitted: Announcement = { event: 'submitted', study, round: 1, participant: 'HospitalA' };
const revoked: Announcement = { event: 'participantRevoked', mspId: 'HospitalA', record: study };

describe('remembered answers', () => {
  const asking = (): { asked: number; ask: () => Promise<number> } => {
    const counted = { asked: 0, ask: async () => Promise.resolve((counted.asked += 1)) };
    return counted;
  };

  it('hold while nothing changes, by name, for five seconds at most', async () => {
    let at = 0;
    const news: { roll: number | undefined } = { roll: 1 };
    const known = new Remembered<number>(news, () => at);
    const { ask } = asking();
    expect([await known.get('a', ask), await known.get('a', ask), await known.get('b', ask)]).to.deep.equal([1, 1, 2]);
    news.roll = 2;
    expect(await known.get('a', ask)).to.equal(3);
    at = 4999;
    expect(await known.get('a', ask)).to.equal(3);
    at = 5000;
    expect(await known.get('a', ask)).to.equal(4);
  });

  it('are not kept while nobody hears, nor when something changed during the question, nor when it failed', async () => {
    const news: { roll: number | undefined } = { roll: undefined };
    const known = new Remembered<number>(news, () => 0);
    const { ask } = asking();
    expect([await known.get('a', ask), await known.get('a', ask)]).to.deep.equal([1, 2]);
    news.roll = 1;
    const during = (): Promise<number> => { news.roll = 2; return ask(); };
    expect([await known.get('a', during), await known.get('a', ask)]).to.deep.equal([3, 4]);
    news.roll = 3;
    expect(await known.get('a', () => Promise.reject(new Error('lost'))).catch(() => 0)).to.equal(0);
    expect(await known.get('a', ask)).to.equal(5);
  });
});

describe('the bell', () => {
  it('rolls on for changes of members, studies and proposals, not for a round, and hears nothing after the stream is lost', async () => {
    const heard: (number | undefined)[] = [];
    const all: (readonly Announcement[])[] = [[submitted], [submitted], [revoked], [submitted], []];
    const tell = Promise.withResolvers<undefined>();
    async function* events(): AsyncGenerator<{ announcements: readonly Announcement[]; block: number; txId: string; position: { block: number } }> {
      for (const announcements of all) {
        await turn();
        yield { announcements, block: 1, txId: '', position: { block: 1 } };
        heard.push(bell.roll);
      }
      tell.resolve(undefined);
      throw new Error('lost');
    }
    using bell = new Bell({ events });
    expect(bell.roll).to.equal(undefined);
    await tell.promise;
    await turn();
    expect(heard).to.deep.equal([1, 1, 2, 2, 3]);
    expect(bell.roll).to.equal(undefined);
  });
});
