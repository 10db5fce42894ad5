/** Kills processes of a running consortium at seeded random moments, as crashes would. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@epione/network';
import { organizations, type Consortium } from './consortium.js';

/** What can be killed: a site's worker or key server, or one of Fabric's processes. */
export const targets = ['worker', 'kme', 'peer', 'orderer', 'chaincode'] as const;
export type Target = (typeof targets)[number];

export class Saboteur {
  readonly #consortium: Consortium;
  readonly #seed: string;
  #draws = 0;
  /** How many of each were killed. */
  readonly kills: Record<Target, number> = { worker: 0, kme: 0, peer: 0, orderer: 0, chaincode: 0 };

  constructor(consortium: Consortium, seed: string) {
    this.#consortium = consortium;
    this.#seed = seed;
  }

  /** A uniform number below `bound`. */
  #draw(bound: number): number {
    this.#draws += 1;
    return createHash('sha256').update(`${this.#seed} ${this.#draws}`).digest().readUInt32BE() % bound;
  }

  get total(): number {
    return Object.values(this.kills).reduce((sum, count) => sum + count, 0);
  }

  async #kill(target: Target): Promise<boolean> {
    const organization = organizations[this.#draw(organizations.length)] ?? organizations[0];
    if (target === 'worker' || target === 'kme') return this.#consortium.kill(target, organization);
    const { processes } = await status({ stateDir: this.#consortium.places.network });
    const pid = processes.find(({ name }) => name === `${target}.${organization}`)?.pid;
    if (pid === undefined) return false;
    process.kill(pid, 'SIGKILL');
    return true;
  }

  /** Kills `count` processes, each kind in turn, at random distances of at most `gapMs`; what is down already is passed over. */
  async strike(count: number, gapMs: number): Promise<void> {
    for (let done = 0, turn = this.total; done < count; turn++) {
      await sleep(this.#draw(gapMs));
      const target = targets[turn % targets.length] ?? 'worker';
      if (!(await this.#kill(target).catch(() => false))) continue;
      this.kills[target] += 1;
      done += 1;
    }
  }
}
