/** Where each command is. A worker runs for weeks on one of them, so the files of the others are not loaded beside it. */
import type { Command } from 'commander';
import type { Print } from './member-command.js';

type Add = (program: Command, print: Print) => void;

/** Commands and the file that adds them, in the order of the help. */
const files: readonly (readonly [names: readonly string[], load: () => Promise<Add>])[] = [
  [['init', 'status'], async () => (await import('./site-commands.js')).addSiteCommands],
  [['run'], async () => (await import('./run-command.js')).addRunCommand],
  [['doctor'], async () => (await import('./doctor-command.js')).addDoctorCommand],
  [['revoke'], async () => (await import('./revoke-command.js')).addRevokeCommand],
  [['key'], async () => (await import('./key-commands.js')).addKeyCommands],
  [['metrics'], async () => (await import('./metrics-command.js')).addMetricsCommand],
  [['kit', 'service'], async () => (await import('./service-commands.js')).addServiceCommands],
  [['support-bundle'], async () => (await import('./support-command.js')).addSupportCommand],
  [['study'], async () => (await import('./study-commands.js')).addStudyCommands],
  [['consent'], async () => (await import('./consent-commands.js')).addConsentCommands],
  [['quantum'], async () => (await import('./quantum-commands.js')).addQuantumCommands],
  [['cosign'], async () => (await import('./cosign-command.js')).addCosignCommand],
  [['simulate'], async () => (await import('./simulate-command.js')).addSimulateCommand],
  [['contribution'], async () => (await import('./contribution-command.js')).addContributionCommand],
];

/** The names of each file's commands. */
export const commandNames = files.map(([names]) => names);

/** Adds what is asked for: one file's commands, or all of them for help and for a name that no command has. @param asked the first argument. */
export async function addCommands(program: Command, print: Print, asked: string | undefined): Promise<void> {
  const found = files.filter(([names]) => asked !== undefined && names.includes(asked));
  for (const [, load] of found.length > 0 ? found : files) (await load())(program, print);
}
