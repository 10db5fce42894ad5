/** How long a network takes to serve: from nothing, from stopped, after kill -9 of everything and of the leading orderer. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, readProfile } from '@epione/client';
import { openState, vitals } from '@epione/network';
import { command } from '../study/command.js';
import { benchChaincode, pidsOf } from './bench-network.js';
import { against, type Figure } from './figure.js';

/** Submits until a submission is committed, each attempt through a connection of its own, as a client that starts now would. */
async function untilCommitted(stateDir: string, mspId: string): Promise<void> {
  const profile = await readProfile(join(stateDir, 'profiles', `${mspId}.json`));
  const deadline = performance.now() + 60_000;
  for (;;) {
    const ledger = await connect(profile, { identity: 'worker' });
    try {
      await ledger.transact('Bench:put', Buffer.from('answering'));
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(20);
    } finally {
      ledger[Symbol.dispose]();
    }
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

/** The process of the orderer that leads, as the orderers tell it. */
async function leaderPid(stateDir: string): Promise<number> {
  const nodes = await vitals(openState(stateDir));
  const leader = nodes.find(({ leader: followed }) => followed !== undefined)?.leader;
  const pid = nodes.find(({ kind, mspId }) => kind === 'orderer' && mspId === leader)?.pid;
  if (pid === undefined) throw new Error('no orderer tells who leads');
  return pid;
}

/** All figures of repetitions on networks under a folder. */
export async function recoveryFigures(root: string, runs: number): Promise<Figure[]> {
  const stateDir = join(root, 'recovery');
  const seconds: Record<'fresh' | 'stopped' | 'everything' | 'leader', number[]> = { fresh: [], stopped: [], everything: [], leader: [] };
  const up = async (): Promise<unknown> => command('fl-network', ['up', '--state', stateDir]);
  for (let run = 0; run < runs; run++) {
    await rm(stateDir, { recursive: true, force: true });
    try {
      seconds.fresh.push(await timed(async () => {
        await up();
        await command('fl-network', ['deploy', '--state', stateDir, '--path', benchChaincode]);
        await untilCommitted(stateDir, 'HospitalA');
      }));
      await command('fl-network', ['down', '--state', stateDir]);
      seconds.stopped.push(await timed(async () => {
        await up();
        await untilCommitted(stateDir, 'HospitalA');
      }));
      const pids = Object.values(await pidsOf(stateDir)).flat();
      seconds.everything.push(await timed(async () => {
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        await up();
        await untilCommitted(stateDir, 'HospitalA');
      }));
      const pid = await leaderPid(stateDir);
      seconds.leader.push(await timed(async () => {
        process.kill(pid, 'SIGKILL');
        await untilCommitted(stateDir, 'HospitalA');
      }));
    } finally {
      await command('fl-network', ['clean', '--confirm', '--state', stateDir]);
    }
  }
  return [
    against('network.up.fresh.seconds', 's', seconds.fresh, 4),
    against('network.up.seconds', 's', seconds.stopped, 4),
    against('network.recover.seconds', 's', seconds.everything, 3),
    against('network.recover.leader.seconds', 's', seconds.leader, 3),
  ];
}
