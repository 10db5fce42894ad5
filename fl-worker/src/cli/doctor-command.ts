/** The command `fl-worker doctor`. */
import type { Command } from 'commander';
import { readConfig } from '../config.js';
import { examine, findingsTable } from '../doctor/doctor.js';
import { memberCommand, type Print, type SiteOptions } from './member-command.js';

/** Adds `doctor`. */
export function addDoctorCommand(program: Command, print: Print): void {
  memberCommand(program, 'doctor', 'name what keeps the worker from working: firewall, proxy, DNS, clock, certificates, key server, disk, memory, engine, data; exit code 1 on a fault')
    .action(async ({ config, json }: SiteOptions) => {
      const findings = await examine(await readConfig(config), { now: Date.now, elapsed: () => performance.now(), proxyEnv: process.env });
      print(json, findings, findingsTable(findings));
      if (findings.some(({ level }) => level === 'fault')) process.exitCode = 1;
    });
}
