/** One fault after another on one network: rounds before, during and after each, and the ledger's account at its end. */
import type { Network } from '@epione/network';
import { Account, profileFile } from './account.js';
import { end, mspIds, start } from './network-under-test.js';
import { Rounds } from './rounds.js';

/** What a scenario works with. */
export interface Scene {
  readonly network: Network;
  readonly rounds: Rounds;
  readonly account: Account;
}

let scene: Scene | undefined;

// Hooks outside any `describe` hold for all files of a run, so that they share one network.
before(async function () {
  this.timeout(120_000);
  const network = await start();
  scene = { network, rounds: await Rounds.open(mspIds.map(profileFile), 1000), account: new Account() };
});

after(async function () {
  this.timeout(60_000);
  scene?.rounds[Symbol.dispose]();
  await end();
});

/** Declares a test: a round on the whole network, the fault, a round on the mended network, and the account. */
export function scenario(title: string, fault: (scene: Scene) => Promise<void>): void {
  it(title, async function () {
    this.timeout(180_000);
    const { rounds, account } = scene!;
    await rounds.play();
    await fault(scene!);
    await rounds.play();
    await account.balance(rounds.committed, rounds.played);
  });
}
