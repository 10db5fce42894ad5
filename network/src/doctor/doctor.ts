/** Looks for what keeps a network from working: one line a finding, with its remedy. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { NetworkOptions } from '../options.js';
import { openState, type Network } from '../state.js';
import { status } from '../status.js';
import { builder } from './builder.js';
import { certificates } from './certificates.js';
import { chaincode } from './chaincode.js';
import { clock } from './clock.js';
import { disk, ledgerDisks } from './disk.js';
import { run, thrown, type Check, type Examined, type Finding } from './finding.js';
import { heights } from './heights.js';
import { keyExchange } from './key-exchange.js';
import { membership } from './membership.js';
import { ports } from './ports.js';
import { privateData } from './private-data.js';
import { processes } from './processes.js';
import { node, programs } from './programs.js';
import { quorum } from './quorum.js';
import { snapshots } from './snapshots.js';

export type { Finding } from './finding.js';

/** Of the machine, with the state folder to be. */
const machineChecks: readonly Check<string>[] = [programs, node, disk];

/** Of a network, causes before what they cause. */
const networkChecks: readonly Check<Examined>[] = [ledgerDisks, ports, certificates, membership, builder, privateData, processes, quorum, heights, snapshots, chaincode, clock, keyExchange];

/** Examines a network, or what there is to examine before the first `up`. */
export async function doctor(options: NetworkOptions): Promise<Finding[]> {
  const dir = resolve(options.stateDir);
  const machine: Finding[] = [];
  for (const check of machineChecks) machine.push(...(await run(check, dir)));
  if (!existsSync(join(dir, 'network.json'))) return [...machine, { check: 'state', level: 'ok', sentence: `${dir} holds no network yet` }];
  let network: Network;
  try {
    network = openState(dir, options.topology);
  } catch (error) {
    return [...machine, { check: 'state', ...thrown(error) }];
  }
  const examined = { network, status: await status(options), now: new Date() };
  const findings: Finding[] = [...machine, { check: 'state', level: 'ok', sentence: network.dir }];
  for (const check of networkChecks) findings.push(...(await run(check, examined)));
  return findings;
}
