/** One link alone, from the command's function. */
import { expect } from 'chai';
import { type BlockRow, runLink } from './link.js';

describe('qkd-sim link', function () {
  this.timeout(120_000);

  const rows = async (options: Omit<Parameters<typeof runLink>[0], 'profile'> & { profile?: string }): Promise<BlockRow[]> => {
    const made: BlockRow[] = [];
    await runLink({ profile: 'metro-10dB-short', ...options }, (row) => made.push(row));
    return made;
  };

  it('makes blocks of key', async () => {
    const made = await rows({ blocks: 2 });
    expect(made.map(({ block }) => block)).deep.equal([0, 1]);
    for (const { siftedBits, keyBits, qber, efficiency, failure } of made) {
      expect(siftedBits).equal(320_000);
      expect(keyBits).within(1, 160_000);
      expect(qber).within(0.02, 0.03);
      expect(efficiency).within(1, 1.2);
      expect(failure).equal(undefined);
    }
  });

  it('makes blocks of key from entangled photons, and shows how entangled they are', async () => {
    const [row] = await rows({ profile: 'entangled-metro', blocks: 1 });
    // S has a deviation of 0.015; a block of 320,000 bits at a QBER of 2.7 %.
    expect(row!.chsh).within(2.58, 2.78);
    expect(row!.qber).within(0.024, 0.03);
    expect(row!.keyBits).within(120_000, 180_000);
  });

  it('repeats a run from its seed', async () => {
    const seed = '07'.repeat(32);
    const [one, same, other] = [await rows({ blocks: 1, seed }), await rows({ blocks: 1, seed }), await rows({ blocks: 1, seed: '08'.repeat(32) })].map((made) => made.map((row) => ({ ...row, wallMs: 0 })));
    expect(one).deep.equal(same);
    expect(one).not.deep.equal(other);
  });

  it('shows what an eavesdropper does', async () => {
    const [row] = await rows({ blocks: 1, interceptResend: 1 });
    expect(row?.keyBits).equal(undefined);
    expect(row?.qber).within(0.2, 0.3);
    expect(row?.failure).match(/above/);
  });
});
