/** Peers that die, stand still, lose their ledger or have no room to write. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { NetworkError, readSnapshot, resetPeer, status, takeSnapshot } from '@epione/network';
import { expect } from 'chai';
import { ledgerAt } from './account.js';
import { mspIds, pidOf, repair, root, signal, stateDir, until } from './network-under-test.js';
import { scenario } from './scenario.js';

describe('faults of peers', () => {
  for (const mspId of mspIds) {
    scenario(`kill -9 of the peer of ${mspId}`, async ({ rounds }) => {
      await signal(`peer.${mspId}`, 'SIGKILL');
      await rounds.play();
      await repair();
    });
  }

  scenario('a peer that stands still, and comes back', async ({ rounds }) => {
    await signal('peer.HospitalB', 'SIGSTOP');
    try {
      await rounds.play();
    } finally {
      await signal('peer.HospitalB', 'SIGCONT');
    }
    await rounds.play();
  });

  scenario('a peer that is wiped and joins anew from the first block', async ({ rounds, account }) => {
    const unconfirmed = await resetPeer({ stateDir, mspId: 'HospitalB', confirm: false }).catch((error: unknown) => error);
    expect(unconfirmed).to.be.instanceOf(NetworkError).with.property('code', 'NOT_CONFIRMED');
    // Rounds go on meanwhile.
    const [{ height }] = await Promise.all([resetPeer({ stateDir, mspId: 'HospitalB', confirm: true }), rounds.play()]);
    account.restart();
    using ledger = await ledgerAt('HospitalB');
    expect(await ledger.height()).to.be.at.least(height);
  });

  scenario('a peer whose disk is full, and then has room', async ({ rounds }) => {
    // From now on the kernel refuses this process every write past 4096 bytes of a file: to its blocks, its databases and its log.
    execFileSync('prlimit', ['--pid', String(await pidOf('peer.HospitalC')), '--fsize=4096:']);
    await rounds.play();
    await until('the end of the peer that cannot write', 30_000, async () => {
      const { processes } = await status({ stateDir });
      return processes.find(({ name }) => name === 'peer.HospitalC')?.health === 'stopped';
    });
    await rounds.play();
    // A new process is bound by no limit: there is room again.
    await repair();
  });

  // The last, because this peer has no blocks from before afterwards.
  scenario('a peer that is wiped and joins anew by another\'s snapshot', async ({ rounds, account }) => {
    const out = join(root, 'snapshot');
    const { block, hash } = await takeSnapshot({ stateDir, mspId: 'HospitalA', out });
    expect(readSnapshot(out)).to.include({ block, hash });
    await rounds.play();
    await resetPeer({ stateDir, mspId: 'HospitalC', snapshot: out, confirm: true });
    account.firstBlocks.set('HospitalC', block + 1);
    using ledger = await ledgerAt('HospitalC');
    const early = await ledger.blocks(block).next().catch((error: unknown) => error);
    expect(early, 'blocks before the snapshot are not there').to.be.instanceOf(Error);
  });
});
