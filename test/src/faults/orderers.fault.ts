/** Orderers that die, stand still or are too few. */
import { expect } from 'chai';
import { leader, mspIds, repair, signal } from './network-under-test.js';
import { scenario } from './scenario.js';

describe('faults of orderers', () => {
  for (const mspId of mspIds) {
    scenario(`kill -9 of the orderer of ${mspId}`, async ({ rounds }) => {
      await signal(`orderer.${mspId}`, 'SIGKILL');
      await rounds.play();
      await repair();
    });
  }

  scenario('kill -9 of the leader', async ({ network, rounds }) => {
    const first = await leader(network);
    await signal(`orderer.${first}`, 'SIGKILL');
    await rounds.play();
    expect(await leader(network)).not.to.equal(first);
    await repair();
  });

  scenario('a leader that stands still, and comes back', async ({ network, rounds }) => {
    const first = await leader(network);
    await signal(`orderer.${first}`, 'SIGSTOP');
    try {
      await rounds.play();
      expect(await leader(network, first)).not.to.equal(first);
    } finally {
      await signal(`orderer.${first}`, 'SIGCONT');
    }
    await rounds.play();
  });

  scenario('a follower that stands still, and comes back', async ({ network, rounds }) => {
    const first = await leader(network);
    const follower = mspIds.find((mspId) => mspId !== first)!;
    await signal(`orderer.${follower}`, 'SIGSTOP');
    try {
      await rounds.play();
    } finally {
      await signal(`orderer.${follower}`, 'SIGCONT');
    }
    await rounds.play();
  });

  scenario('two orderers down: submissions wait, and then go through', async ({ network, rounds }) => {
    const first = await leader(network);
    const other = mspIds.find((mspId) => mspId !== first)!;
    for (const mspId of [first, other]) await signal(`orderer.${mspId}`, 'SIGKILL');
    const height = await rounds.members[0]!.ledger.height();
    const round = rounds.play();
    const waited = await Promise.race([round.then(() => false), new Promise<boolean>((done) => setTimeout(done, 6000, true))]);
    expect(waited, 'the round waits').to.equal(true);
    expect(await rounds.members[0]!.ledger.height()).to.equal(height);
    await repair();
    await round;
  });
});
