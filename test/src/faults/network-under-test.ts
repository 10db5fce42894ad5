/** The network that all tests of faults share: its processes can be killed, stopped, and brought back. */
import { rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clean, deploy, status, up, type Network } from '@epione/network';
import { repository } from '../study/command.js';

/** Everything of these tests lies here. */
export const root = join(repository, '.state', 'faults');
export const stateDir = join(root, 'network');
export const mspIds = ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'] as const;

/** Repeats a question until it is answered by true. @throws Error after the time, with the last error as its cause. */
export async function until(what: string, timeoutMs: number, ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  while (performance.now() < deadline) {
    try {
      if (await ask()) return;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await sleep(100);
  }
  throw new Error(`${what} did not come about within ${timeoutMs / 1000} s`, { cause });
}

/** A fresh network with the contracts of this repository. */
export async function start(): Promise<Network> {
  await clean({ stateDir, confirm: true }).catch(() => undefined);
  rmSync(root, { recursive: true, force: true });
  const { network } = await up({ stateDir });
  await deploy({ stateDir });
  return network;
}

/** Takes the network down and removes it. */
export async function end(): Promise<void> {
  await clean({ stateDir, confirm: true });
  rmSync(root, { recursive: true, force: true });
}

/** Pid of a process that runs. */
export async function pidOf(name: string): Promise<number> {
  const pid = (await status({ stateDir })).processes.find((entry) => entry.name === name)?.pid;
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
}

/** Sends a signal to a process of the network. */
export async function signal(name: string, kind: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  process.kill(await pidOf(name), kind);
}

/** A gauge of a node's metrics, undefined when the node does not answer or has none of that name. */
async function gauge(port: number, name: string): Promise<number | undefined> {
  const page = await new Promise<string>((done) => {
    const request = get({ host: '127.0.0.1', port, path: '/metrics', timeout: 2000, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk)).on('end', () => {
        done(body);
      });
    });
    request.on('timeout', () => request.destroy()).on('error', () => {
      done('');
    });
  });
  const value = new RegExp(`^${name}\\{.*\\} (\\d+)`, 'm').exec(page)?.[1];
  return value === undefined ? undefined : Number(value);
}

/** MSP ID of the orderer that leads, as the orderers that answer see it. */
export async function leader(network: Network, except?: string): Promise<string> {
  let found: string | undefined;
  await until('a leader', 30_000, async () => {
    for (const { mspId, ports } of network.organizations) {
      if (mspId !== except && (await gauge(ports.ordererOperations, 'consensus_BFT_is_leader')) === 1) found = mspId;
    }
    return found !== undefined;
  });
  return found!;
}

/** Starts what does not run, and waits until everything serves and every orderer votes. */
export async function repair(): Promise<void> {
  await up({ stateDir });
  await until('a healthy network', 60_000, async () => (await status({ stateDir })).healthy);
}
